"""Streams of votes that come in any order, are corrected and taken back, against full refits."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from annotation.aggregation import Consensus, DawidSkene, StreamingDawidSkene
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("0", "1", "2", "3")
Batch = tuple[pa.Table, pa.Table]


def read_crowd(root: Path, name: str) -> pa.Table:
    """Return the votes of one of the crowd-vote sets as rows of the ledger."""
    text = dict.fromkeys(("question", "worker", "answer"), pa.string())
    options = pa_csv.ConvertOptions(column_types=text)
    answers = pa_csv.read_csv(root / "crowd-votes" / name / "answer.csv", convert_options=options)
    columns = {"clip_id": "question", "annotator": "worker", "label": "answer"}
    rows = {new: answers[old].to_pylist() for new, old in columns.items()}
    return fill_votes(rows | {"vote_id": [f"v{row}" for row in range(answers.num_rows)]})


def draw(clips: int, annotators: int, accuracy: float, seed: int) -> pa.Table:
    """Return votes of annotators of unequal accuracy, five a clip."""
    skill = np.random.default_rng(seed).normal(accuracy, 0.12, annotators)
    people = {"annotators": annotators, "accuracy": np.clip(skill, 0.3, 0.97).tolist()}
    return make_votes(CLASSES, clips=clips, votes_per_clip=5, seed=seed, **people).table


def live_through(votes: pa.Table, seed: int, batches: int = 8) -> Iterator[Batch]:
    """Yield batches in random order and size; each also corrects and retracts earlier votes."""
    rng = np.random.default_rng(seed)
    shuffled = votes.take(rng.permutation(votes.num_rows))
    edges = np.sort(rng.integers(votes.num_rows // 2, votes.num_rows, batches - 1))
    standing = votes.slice(0, 0)
    for start, stop in zip([0, *edges], [*edges, votes.num_rows], strict=True):
        gone = standing.take(rng.permutation(standing.num_rows)[: standing.num_rows // 100])
        corrected = correct(gone.slice(0, gone.num_rows // 2))
        came = pa.concat_tables([shuffled.slice(start, stop - start), corrected])
        yield came, gone
        kept = ~np.isin(standing["vote_id"].to_numpy(), gone["vote_id"].to_numpy())
        standing = pa.concat_tables([standing.filter(pa.array(kept)), came])


def correct(votes: pa.Table) -> pa.Table:
    """Return other votes of the same people on the same clips."""
    following = dict(zip(CLASSES, (*CLASSES[1:], CLASSES[0]), strict=True))
    rows = votes.to_pylist()
    changed = [
        row | {"vote_id": row["vote_id"] + "'", "label": following[row["label"]]} for row in rows
    ]
    return pa.Table.from_pylist(changed, schema=votes.schema)


def follow(votes: pa.Table, seed: int, **options: int) -> tuple[Consensus, Consensus]:
    """Return where a stream ends, and where a refit of the votes that stand ends."""
    stream = StreamingDawidSkene(CLASSES, **options)
    standing: dict[str, dict[str, object]] = {}
    for came, gone in live_through(votes, seed):
        assert stream.update(came, retracted=gone).converged
        for name in gone["vote_id"].to_pylist():
            del standing[name]
        standing |= {row["vote_id"]: row for row in came.to_pylist()}
    rows = pa.Table.from_pylist(list(standing.values()), schema=votes.schema)
    model = DawidSkene(smoothing=1.0, tolerance=1e-8, max_iterations=20_000)
    assert stream.vote_ids() == sorted(standing)
    return stream.consensus(), model.aggregate(build_vote_matrix(rows, CLASSES))


def assert_equal(reached: Consensus, expected: Consensus) -> None:
    """Compare everything that a run stores."""
    assert (reached.items, reached.annotators) == (expected.items, expected.annotators)
    np.testing.assert_allclose(reached.posterior, expected.posterior, atol=1e-3)
    np.testing.assert_allclose(reached.skill, expected.skill, atol=1e-3)
    np.testing.assert_array_equal(reached.votes, expected.votes)
    np.testing.assert_array_equal(reached.annotator_votes, expected.annotator_votes)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("annotators", "accuracy"), [(8, 0.75), (40, 0.6)], ids=["many votes each", "few votes each"]
)
def test_any_history_ends_where_a_refit_ends(annotators: int, accuracy: float, seed: int) -> None:
    """Order, corrections and retractions leave no trace, even where EM takes hundreds of steps."""
    assert_equal(*follow(draw(400, annotators, accuracy, seed), seed))


@pytest.mark.parametrize("seed", range(3))
def test_a_long_warm_stream_does_too(seed: int) -> None:
    """Without ever starting again, where annotators have some hundred votes."""
    assert_equal(*follow(draw(1500, 20, 0.75, seed), seed, refit_below=0))


@pytest.mark.parametrize("name", ["dog", "face_sentiment"])
@pytest.mark.parametrize("seed", range(3))
def test_real_crowds_do_too(serloop_data: Path, name: str, seed: int) -> None:
    """Published votes, of which face_sentiment has several fixed points (2.4e-4 when measured)."""
    assert_equal(*follow(read_crowd(serloop_data, name), seed))


def test_where_several_fixed_points_exist_labels_hardly_differ(serloop_data: Path) -> None:
    """Kept warm, face_sentiment may end elsewhere, as the class says; few labels are others."""
    votes, differing = read_crowd(serloop_data, "face_sentiment"), []
    for seed in range(4):
        reached, expected = follow(votes, seed, refit_below=0)
        differing.append(float(np.mean(reached.labels != expected.labels)))
    assert max(differing) < 0.06


def test_flips_are_the_labels_that_changed() -> None:
    """A new clip flips nothing; more votes, a tie and the loss of all votes do, each once."""
    base = draw(60, 6, 0.9, 0)
    stream = StreamingDawidSkene(CLASSES)

    def vote(who: Sequence[int], label: str) -> pa.Table:
        rows = {"clip_id": ["x"] * len(who), "label": [label] * len(who)}
        rows["annotator"] = [f"annotator-{number:03d}" for number in who]
        return fill_votes(rows | {"vote_id": [f"{number}-{label}" for number in who]})

    stream.update(pa.concat_tables([base, vote([0], "1")]))
    assert stream.flips() == []
    stream.update(vote([1, 2, 3], "2"))
    assert [tuple(flip) for flip in stream.flips() if flip.clip_id == "x"] == [("x", "1", "2")]
    assert stream.flips() == []
    gone = pa.concat_tables([vote([0], "1"), vote([1, 2, 3], "2")])
    assert stream.update(base.slice(0, 0), retracted=gone).retracted == 4
    assert [tuple(flip) for flip in stream.flips() if flip.clip_id == "x"] == [("x", "2", None)]
