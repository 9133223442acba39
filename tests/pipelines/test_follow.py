"""A consensus that follows the ledger while people vote, correct and retract."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotation.aggregation import DawidSkene
from annotation.errors import VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix
from pipelines.convert import read_posterior
from pipelines.errors import NothingToDoError
from pipelines.follow import METHOD, Batch, Follower, follow
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["anger", "calm", "joy"]


def cast(store: Warehouse, votes: pa.Table) -> None:
    """Append rows to the ledger."""
    store.commit({"votes": votes}, message="votes")


def vote(clip: str, annotator: str, label: str | None, **given: object) -> pa.Table:
    """Return one row of the ledger, called after who judged what."""
    row = {"vote_id": f"{clip}-{annotator}-{label}", "taxonomy": "demo-3"}
    row |= {"clip_id": clip, "annotator": annotator, "label": label, **given}
    return fill_votes({name: [value] for name, value in row.items()})


def draw_votes(seed: int, clips: int = 60) -> pa.Table:
    """Return rows of eight annotators of unequal accuracy on the clips of `testing`."""
    skill = np.linspace(0.5, 0.95, 8).tolist()
    drawn = make_votes(
        CLASSES, clips=clips, annotators=8, votes_per_clip=5, accuracy=skill, seed=seed
    )
    at = drawn.table.schema.get_field_index("taxonomy")
    return drawn.table.set_column(at, "taxonomy", pa.array(["demo-3"] * drawn.table.num_rows))


def open_ledger(settings: Settings, votes: pa.Table | None = None) -> Warehouse:
    """Open a warehouse that knows the taxonomy and, if there are any, the votes."""
    store = open_store(settings)
    corpora = make_rows("corpora", corpus=["demo"], taxonomy=["demo-3"], classes=[CLASSES])
    store.commit({"corpora": corpora}, message="corpus")
    if votes is not None:
        cast(store, votes)
    return store


def follow_all(settings: Settings, polls: int = 1, **options: object) -> list[Batch]:
    """Follow for some polls and return the batches."""
    left, told = iter(range(polls - 1)), list[Batch]()
    wait = lambda: next(left, None) is not None  # noqa: E731 - two lines for a counter
    follow(settings, SILENT, wait=wait, tell=told.append, **options)
    return told


def read_run(store: Warehouse, run_id: str) -> tuple[list[str], np.ndarray]:
    """Return the clips of a run, and the posterior of each."""
    stored = queries.select_consensus(store, run_id)
    return stored["clip_id"].to_pylist(), read_posterior(stored["posterior"])


def refit(votes: pa.Table) -> np.ndarray:
    """Return the posterior of a fit of these votes alone, (N, C)."""
    model = DawidSkene(smoothing=1.0, tolerance=1e-9, max_iterations=5000)
    return model.aggregate(build_vote_matrix(votes, CLASSES)).posterior


def test_each_poll_takes_in_what_is_new(settings: Settings) -> None:
    """Votes, a correction and a retraction come one by one, and end where a refit ends."""
    drawn = draw_votes(1)
    with open_ledger(settings, drawn.slice(0, 290)) as store:
        follower = Follower(store)
        (first,) = follower.poll()
        assert (first.votes, first.retracted, first.taxonomy) == (290, 0, "demo-3")
        assert follower.poll() == []
        cast(store, drawn.slice(290))
        old = drawn.slice(7, 1).to_pylist()[0]
        other = next(label for label in CLASSES if label != old["label"])
        given = {"supersedes": old["vote_id"]}
        cast(store, vote(old["clip_id"], old["annotator"], other, **given))
        withdrawn = drawn["vote_id"][8].as_py()
        row = vote("any", "any", None, supersedes=withdrawn, is_retraction=True)
        cast(store, row)
        (second,) = follower.poll()
        assert (second.votes, second.retracted, second.converged) == (11, 2, True)
        (end,) = follower.conclude(store_runs=True)
        clips, posterior = read_run(store, end.run_id)
        expected = queries.select_effective_votes(store)
        assert end.votes == expected.num_rows == 299
        assert clips == sorted(set(expected["clip_id"].to_pylist()))
        np.testing.assert_allclose(posterior, refit(expected), atol=1e-3)


def test_what_came_and_went_between_two_polls_never_counts(settings: Settings) -> None:
    """A vote that was replaced before anyone looked is neither taken in nor taken back."""
    with open_ledger(settings, draw_votes(2)) as store:
        follower = Follower(store)
        follower.poll()
        cast(store, vote("demo/x", "ann", "joy"))
        cast(store, vote("demo/x", "ann", "calm", supersedes="demo/x-ann-joy"))
        (batch,) = follower.poll()
        assert (batch.votes, batch.retracted) == (1, 0)


def test_a_commit_without_votes_is_no_batch(settings: Settings) -> None:
    """Other tables change, and the consensus does not."""
    with open_ledger(settings, draw_votes(3)) as store:
        follower = Follower(store)
        follower.poll()
        store.commit({"clips": make_rows("clips", clip_id=["demo/1"])}, message="clips")
        assert follower.poll() == []


def test_the_labels_that_flipped_are_named(settings: Settings) -> None:
    """Three good annotators against one turn a clip over, and nothing else."""
    people = [f"annotator-{number:03d}" for number in (5, 6, 7)]
    with open_ledger(settings, draw_votes(4)) as store:
        cast(store, vote("demo/x", "annotator-003", "joy"))
        follower = Follower(store)
        assert follower.poll()[0].flips == ()
        cast(store, pa.concat_tables([vote("demo/x", name, "calm") for name in people]))
        (batch,) = follower.poll()
        assert ("demo/x", "joy", "calm") in batch.flips
        assert len(batch.flips) <= 3


def test_kinds_of_judgement_are_kept_apart(settings: Settings) -> None:
    """Each modality has a stream of its own; a correction may move a vote from one to another."""
    rows = [
        vote("demo/a", "ann", "joy"),
        vote("demo/a", "ben", "joy", modality="video"),
        vote("demo/a", "cleo", "calm", modality="video"),
    ]
    with open_ledger(settings, pa.concat_tables(rows)) as store:
        follower = Follower(store)
        counts = [(batch.modality, batch.votes) for batch in follower.poll()]
        assert counts == [("audio", 1), ("video", 2)]
        row = vote("demo/a", "cleo", "joy", supersedes="demo/a-cleo-calm")
        cast(store, row)
        found = [(batch.modality, batch.votes, batch.retracted) for batch in follower.poll()]
        assert found == [("audio", 1, 0), ("video", 0, 1)]


def test_a_corpus_and_a_modality_can_be_chosen(settings: Settings) -> None:
    """Votes on other clips, or of people who saw, are left alone, now and later."""
    rows = [vote(f"{name}/a", "ann", "joy") for name in ("demo", "talks")]
    seen = vote("demo/a", "ben", "joy", modality="video")
    with open_ledger(settings, pa.concat_tables([*rows, seen])) as store:
        follower = Follower(store, corpus="demo", modality="audio")
        assert [batch.votes for batch in follower.poll()] == [1]
        cast(store, vote("talks/b", "ann", "joy"))
        cast(store, vote("demo/b", "ben", "joy", modality="video"))
        assert follower.poll() == []


def test_a_run_is_named_by_its_votes(settings: Settings) -> None:
    """Storing the same votes again, read in another way, finds the run that is there."""
    drawn = draw_votes(5)
    with open_ledger(settings, drawn.slice(0, 250)) as store:
        follower = Follower(store)
        follower.poll()
        cast(store, drawn.slice(250))
        follower.poll()
        follower.conclude(store_runs=True)
        snapshot = store.snapshot
    again = follow(settings, SILENT, once=True, write=True)
    with open_store(settings) as store:
        assert store.snapshot == snapshot
        (run,) = queries.select_consensus_runs(store).to_pylist()
    assert (run["run_id"], run["aggregator"]) == (again.groups[0].run_id, METHOD)
    assert json.loads(run["parameters"])["smoothing"] == 1.0


@pytest.mark.parametrize(("options", "runs"), [({}, 0), ({"write": True}, 1)])
def test_runs_are_stored_only_when_asked(
    settings: Settings, options: dict[str, bool], runs: int
) -> None:
    """Following alone leaves the warehouse as it is."""
    open_ledger(settings, draw_votes(6)).close()
    follow_all(settings, polls=2, **options)
    with open_store(settings) as store:
        assert queries.select_consensus_runs(store).num_rows == runs


def test_every_batch_can_be_stored(settings: Settings) -> None:
    """Each state becomes a run, and the follower's own commits are no news to it."""
    drawn = draw_votes(7)
    open_ledger(settings, drawn.slice(0, 290)).close()
    polls = iter([lambda: cast(store, drawn.slice(290)), lambda: None])
    told: list[Batch] = []

    def wait() -> bool:
        action = next(polls, None)
        if action:
            action()
        return action is not None

    with open_store(settings) as store:
        follow(settings, SILENT, write_each=True, wait=wait, tell=told.append)
        assert queries.select_consensus_runs(store).num_rows == 2
    assert [batch.votes for batch in told] == [290, 10]


def test_once_refuses_to_find_nothing_and_waiting_does_not(settings: Settings) -> None:
    """Who asks for what is there is told that nothing is; who follows waits for the first vote."""
    open_ledger(settings).close()
    assert follow_all(settings, polls=2) == []
    with pytest.raises(NothingToDoError, match="no labelled votes to follow"):
        follow(settings, SILENT, once=True)


def test_a_label_outside_the_taxonomy_is_refused(settings: Settings) -> None:
    """The error names the label and the clip."""
    open_ledger(settings, vote("demo/a", "ann", "glee")).close()
    with pytest.raises(VoteError, match="`glee` of clip `demo/a`"):
        follow(settings, SILENT, once=True)


def start(settings: Settings, *options: str) -> subprocess.Popen[str]:
    """Run the verb in a process of its own."""
    run = "from pipelines.cli import main; main()"
    command = [sys.executable, "-c", run, "follow", "--home", str(settings.home)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root
    )


def read_events(process: subprocess.Popen[str], count: int) -> Sequence[dict[str, object]]:
    """Return the next events that a process prints."""
    return [json.loads(process.stdout.readline()) for _ in range(count)]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_it_follows_another_process_and_ends_cleanly(settings: Settings, kind: int) -> None:
    """Votes cast meanwhile are shown; told to stop, it stores the last state and exits with 0."""
    drawn = draw_votes(8)
    with open_ledger(settings, drawn.slice(0, 290)) as store:
        process = start(settings, "--every", "0.1", "--write", "--json")
        try:
            (first,) = read_events(process, 1)
            cast(store, drawn.slice(290))
            (second,) = read_events(process, 1)
            process.send_signal(kind)
            (end,) = read_events(process, 1)
            assert process.wait(timeout=120) == 0, process.stderr.read()
        finally:
            process.kill()
            process.communicate()
        assert (first["votes"], second["votes"], end["votes"]) == (290, 10, 300)
        clips, posterior = read_run(store, str(end["run_id"]))
        assert len(clips) == 60
        np.testing.assert_allclose(posterior, refit(drawn), atol=1e-3)
