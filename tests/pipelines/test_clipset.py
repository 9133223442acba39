"""Clips are parted by speaker, their labels come from one named place, and leaks are refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotation.taxonomies import TaxonomyMap
from pipelines.clipset import (
    default_test_speakers,
    read_features,
    read_waveforms,
    select_clip_set,
)
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.errors import LeakageError
from ser.features.spectral import LogMel
from warehouse import Warehouse, open_warehouse, queries
from warehouse.testing import make_rows

SPEAKERS = ["ann", "ann", "ben", "ben", "cleo", "cleo"]
LABELS = ["joy", "calm", "joy", None, "calm", "joy"]


def fill(store: Warehouse, corpus: str, speakers, sessions=None) -> None:
    """Commit a corpus of described clips without any sound."""
    count = len(speakers)
    clips = make_rows(
        "clips",
        clip_id=[f"{corpus}/{number}" for number in range(count)],
        corpus=[corpus] * count,
        speaker=speakers,
        session=sessions or [None] * count,
        intended=LABELS[:count],
    )
    header = make_rows("corpora", corpus=[corpus], taxonomy=["demo-2"], classes=[["calm", "joy"]])
    store.commit({"corpora": header, "clips": clips}, message=corpus)


def link(store: Warehouse, *pairs: tuple[str, str]) -> None:
    """Commit pairs of clips that hold the same audio."""
    one, other = zip(*pairs, strict=True)
    rows = make_rows("duplicates", clip_id=one, other_id=other, kind=["near"] * len(pairs))
    store.commit({"duplicates": rows}, message="links")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Open a warehouse with corpora that say more or less about who speaks."""
    root: Path = tmp_path_factory.mktemp("clips")
    with open_warehouse(str(root / "catalog.sqlite"), str(root / "data")) as store:
        fill(store, "demo", SPEAKERS)
        fill(store, "talks", SPEAKERS, ["s1", "s1", "s1", "s1", "s2", "s2"])
        fill(store, "mixed", SPEAKERS[:3], ["s1", None, None])
        fill(store, "calls", [None, "ann", "ann"])
        fill(store, "solo", ["ann", "ann"])
        fill(store, "twins", SPEAKERS)
        fill(store, "echo", ["ann", "ben"])
        links = [("twins/1", "twins/2"), ("demo/0", "echo/0"), ("echo/0", "echo/1")]
        link(store, *links)
        rows = make_rows(
            "consensus",
            run_id=["run", "run", "other"],
            clip_id=["demo/5", "demo/0", "talks/0"],
            posterior=[[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]],
            votes=[4, 2, 1],
        )
        runs = make_rows(
            "consensus_runs",
            run_id=["run", "other"],
            taxonomy=["demo-2"] * 2,
            classes=[["calm", "joy"]] * 2,
        )
        store.commit({"consensus_runs": runs, "consensus": rows}, message="consensus")
        yield store


def test_parts_share_no_speaker(store: Warehouse) -> None:
    """Every clip of a held-out speaker is in the part it is held out for."""
    clips = select_clip_set(
        store, corpus="demo", labels="intended", test_speakers=["ben"], dev_speakers=["cleo"]
    )
    assert clips.ids(clips.train) == ["demo/0", "demo/1"]
    assert clips.ids(clips.dev) == ["demo/4", "demo/5"]
    assert clips.ids(clips.test) == ["demo/2"]


def test_intended_labels_are_certain_and_rest_on_no_vote(store: Warehouse) -> None:
    """A clip without an intended label is left out, the others get all of the mass."""
    clips = select_clip_set(store, corpus="demo", labels="intended", test_speakers=["ben"])
    assert clips.clip_ids == ("demo/0", "demo/1", "demo/2", "demo/4", "demo/5")
    assert clips.targets.argmax(axis=1).tolist() == [1, 0, 1, 0, 1]
    assert (clips.targets.sum(axis=1) == 1).all()
    assert clips.votes.sum() == 0


def test_consensus_gives_posteriors_to_the_clips_it_knows(store: Warehouse) -> None:
    """Only clips with a consensus are selected, each with its own posterior and votes."""
    clips = select_clip_set(store, corpus="demo", labels="run", test_speakers=["cleo"])
    assert clips.clip_ids == ("demo/0", "demo/5")
    assert clips.targets.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    assert clips.votes.tolist() == [2, 4]


def test_what_is_left_out_is_counted_by_part(store: Warehouse) -> None:
    """Dropped labels and ties are counted where their clips would have been."""
    rules = {"calm": None, "joy": "joy"}
    only_joy = TaxonomyMap.of("demo-2", "joy-1", ["joy"], rules)
    parts = {"test_speakers": ["ben"], "dev_speakers": ["cleo"]}
    clips = select_clip_set(store, corpus="demo", labels="intended", taxonomy=only_joy, **parts)
    assert clips.clip_ids == ("demo/0", "demo/2", "demo/5")
    assert clips.dropped == {"train": 1, "dev": 1, "test": 0}
    assert (clips.taxonomy, clips.mapping, clips.tied["train"]) == ("joy-1", only_joy.name, 0)
    # Nothing ties with the one class there is.
    assert clips.decided(clips.train).tolist() == clips.train.tolist()
    decided = select_clip_set(store, corpus="demo", labels="run", kind="hard", **parts)
    assert (decided.clip_ids, decided.targets.tolist()) == (("demo/5",), [[0.0, 1.0]])
    assert decided.tied == {"train": 1, "dev": 0, "test": 0}


def test_losing_every_label_is_explained(store: Warehouse) -> None:
    """A mapping that leaves nothing is told from labels that were never there."""
    only_calm = TaxonomyMap.of("demo-2", "calm-1", ["calm"], {"calm": "calm", "joy": None})
    message = r"keeps its label from `run`: 2 labels are dropped on the way to `calm-1`, 0 are ties"
    with pytest.raises(NothingToDoError, match=message):
        select_clip_set(
            store, corpus="demo", labels="run", taxonomy=only_calm, test_speakers=["ben"]
        )


def test_a_shared_session_is_refused_with_the_offenders(store: Warehouse) -> None:
    """Two speakers of one recorded meeting cannot be on both sides."""
    with pytest.raises(LeakageError, match=r"session `s1` \(train, test\)"):
        select_clip_set(store, corpus="talks", labels="intended", test_speakers=["ann"])


def test_unknown_sessions_on_both_sides_are_refused(store: Warehouse) -> None:
    """Where some sessions are known, the unknown ones might be one and the same."""
    with pytest.raises(LeakageError, match=r"session `\(unknown\)` \(train, test\)"):
        select_clip_set(store, corpus="mixed", labels="intended", test_speakers=["ben"])


def test_a_speaker_in_two_parts_is_refused(store: Warehouse) -> None:
    """Nobody chooses the epoch on the speakers the result is reported on."""
    with pytest.raises(LeakageError, match=r"\['ben'\]"):
        select_clip_set(
            store, corpus="demo", labels="intended", test_speakers=["ben"], dev_speakers=["ben"]
        )


def test_a_misspelt_speaker_is_refused(store: Warehouse) -> None:
    """A held-out speaker without a clip is a typo, and would leave the real one in train."""
    with pytest.raises(PipelineError, match=r"`benn`.*ann, ben, cleo"):
        select_clip_set(store, corpus="demo", labels="intended", test_speakers=["benn"])


def test_held_out_speakers_without_a_label_stay_held_out(store: Warehouse) -> None:
    """Whoever is held out is recorded, labelled or not, so that scoring leaves them out."""
    clips = select_clip_set(store, corpus="demo", labels="run", test_speakers=["ben", "cleo"])
    assert clips.test_speakers == ("ben", "cleo")
    assert clips.ids(clips.test) == ["demo/5"]


UNANSWERABLE = {
    "corpus": (
        {"corpus": "dem", "labels": "intended"},
        "`dem` has no clips.*calls, demo, echo, mixed.*ingest",
    ),
    "run": ({"corpus": "demo", "labels": "runn"}, "`intended` or the id of a consensus run.*runn"),
    "other-corpus": ({"corpus": "demo", "labels": "other"}, "no clip of corpus `demo`.*`other`"),
}


@pytest.mark.parametrize(("question", "message"), UNANSWERABLE.values(), ids=UNANSWERABLE)
def test_labels_that_are_not_there_are_named(store: Warehouse, question, message: str) -> None:
    """The message says what is missing and which verb brings it."""
    with pytest.raises(NothingToDoError, match=message):
        select_clip_set(store, test_speakers=["ann"], **question)


def test_default_test_speakers_are_a_fifth_and_always_the_same() -> None:
    """Two models are comparable without naming anybody."""
    clips = make_rows("clips", speaker=[f"sp{number:02d}" for number in range(10)] * 2)
    clips = clips.append_column("audio", pa.array([f"clip-{number}" for number in range(20)]))
    first, again = (default_test_speakers(clips) for _ in range(2))
    assert first == again == tuple(sorted(first))
    assert len(first) == 2


def test_default_test_speakers_are_whole_sessions(store: Warehouse) -> None:
    """Where sessions are known, everybody in a session is held out together."""
    clips = select_clip_set(store, corpus="talks", labels="intended")
    assert clips.test_speakers in {("ann", "ben"), ("cleo",)}


def test_named_speakers_who_part_a_duplicate_are_refused(store: Warehouse) -> None:
    """The pair, its speakers and the remedy are in the message."""
    message = (
        r"in clip `twins/1` of speaker `ann` \(train\) and clip `twins/2` of speaker `ben` "
        r"\(test\); hold the speakers who share audio out together"
    )
    with pytest.raises(LeakageError, match=message):
        select_clip_set(store, corpus="twins", labels="intended", test_speakers=["ben"])


@pytest.mark.parametrize("test_speakers", [["ann", "ben"], ["cleo"]])
def test_speakers_who_share_audio_may_stay_together(store: Warehouse, test_speakers) -> None:
    """Both held out, or neither, leaks nothing."""
    clips = select_clip_set(store, corpus="twins", labels="intended", test_speakers=test_speakers)
    assert clips.test_speakers == tuple(test_speakers)


def test_a_duplicate_between_test_and_dev_is_refused(store: Warehouse) -> None:
    """The epoch must not be chosen on audio the result is reported on."""
    with pytest.raises(LeakageError, match=r"`twins/1`.*\(dev\) and clip `twins/2`.*\(test\)"):
        select_clip_set(
            store, corpus="twins", labels="intended", test_speakers=["ben"], dev_speakers=["ann"]
        )


def test_default_test_speakers_keep_duplicates_together(store: Warehouse) -> None:
    """Speakers who share audio are drawn as one."""
    clips = select_clip_set(store, corpus="twins", labels="intended")
    assert clips.test_speakers in {("ann", "ben"), ("cleo",)}


def test_audio_shared_with_another_corpus_parts_nothing(store: Warehouse) -> None:
    """A copy that is neither learned from nor tested leaks nothing."""
    assert select_clip_set(store, corpus="demo", labels="intended", test_speakers=["ann"])


def test_two_speakers_of_one_recording_leave_nobody_to_hold_out(store: Warehouse) -> None:
    """All clips are one group, so there is no default split, and the message says so."""
    with pytest.raises(PipelineError, match=r"1 groups that share no audio"):
        select_clip_set(store, corpus="echo", labels="intended")


@pytest.mark.parametrize("corpus", ["calls", "solo"], ids=["unknown-speaker", "one-speaker"])
def test_no_default_test_speakers_without_speakers(store: Warehouse, corpus: str) -> None:
    """Where nobody can be told apart, the split has to be named."""
    with pytest.raises(PipelineError, match=r"name speakers with --test-speakers"):
        select_clip_set(store, corpus=corpus, labels="intended")


def test_features_and_audio_come_in_the_order_asked(ingested_once: Settings) -> None:
    """Row i belongs to id i, and frames and samples fit each other."""
    log_mel = LogMel()
    with open_store(ingested_once) as store:
        ids = queries.select_clips(store)["clip_id"].to_pylist()[3:6]
        features = read_features(store, log_mel.feature_set, ids)
        waveforms = read_waveforms(store, ids)
    again = log_mel.compute(waveforms)
    assert features.lengths.tolist() == again.lengths.tolist()
    np.testing.assert_array_equal(features.values, again.values)


@pytest.mark.parametrize("what", ["feature set", "waveform"])
def test_what_was_not_ingested_is_named(ingested_once: Settings, what: str) -> None:
    """Features under other settings, or a clip without sound, do not become an empty result."""
    with open_store(ingested_once) as store:
        ids = queries.select_clips(store)["clip_id"].to_pylist()[:2]
        if what == "feature set":
            with pytest.raises(NothingToDoError, match=r"2 clips such as .* no features `other`"):
                read_features(store, "other", ids)
        else:
            with pytest.raises(NothingToDoError, match=r"`synthetic/z` have no waveform"):
                read_waveforms(store, [*ids, "synthetic/z"])


def test_a_tie_is_judged_by_none(store: Warehouse) -> None:
    """The first of two even classes would be a made-up truth."""
    clips = select_clip_set(store, corpus="demo", labels="intended")
    targets = clips.targets.copy()
    targets[0] = 0.0
    targets[0, :2] = 0.5
    tied = replace(clips, targets=targets)
    assert tied.decided(np.arange(2)).tolist() == [1]
