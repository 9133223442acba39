"""Features are computed once, from the waveforms that are stored, whatever happens to the run."""

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pipelines.convert import feature_set_row
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.extract import ExtractResult, cut_batches, extract
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.errors import ConfigurationError
from ser.features.cepstral import Mfcc
from ser.features.registry import rebuild_features
from ser.features.spectral import LogMel
from tests.pipelines.places import borrow
from warehouse import queries, write_shard
from warehouse.testing import make_rows

SILENT = SilentProgress()
LENGTHS = (1, 800, 4000, 3000, 2000)


def waveform(length: int, seed: int) -> np.ndarray:
    """Return noise as it is stored."""
    return np.random.default_rng(seed).integers(-3000, 3000, length).astype("<i2")


WAVEFORMS = {f"calls/{n}": waveform(length, n) for n, length in enumerate(LENGTHS)}


def bring(settings: Settings, sounds: dict[str, np.ndarray], revision: int = 1) -> None:
    """Put clips and their waveforms into the warehouse, without features."""
    count = len(sounds)
    clips = {"clip_id": list(sounds), "revision": [revision] * count}
    rows = make_rows("clips", **clips, corpus=[name.split("/")[0] for name in sounds])
    stored = make_rows(
        "waveforms",
        **clips,
        sample_rate=[16000] * count,
        samples=[len(sound) for sound in sounds.values()],
        pcm16=[sound.tobytes() for sound in sounds.values()],
    )
    with open_store(settings) as store:
        shard = write_shard(store.data_path, "waveforms", stored)
        corpora = make_rows("corpora", corpus=sorted(set(rows["corpus"].to_pylist())))
        store.commit({"clips": rows, "corpora": corpora}, shards=[shard], message="clips")


@pytest.fixture(scope="module")
def place_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Bring five clips without features; for borrowing only."""
    settings = Settings(home=tmp_path_factory.mktemp("place"))
    bring(settings, WAVEFORMS)
    return settings


@pytest.fixture
def place(place_once: Settings, tmp_path: Path) -> Settings:
    """Return a warehouse with five clips that have no features, in batches of two."""
    return with_compute(borrow(place_once, tmp_path / "place"), batch_clips=2)


@pytest.fixture(scope="module")
def computed(place_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Compute log-mel in one batch, and return settings and result; for reading and borrowing."""
    settings = borrow(place_once, tmp_path_factory.mktemp("computed"))
    return settings, run(settings)


def with_compute(settings: Settings, **compute: int) -> Settings:
    """Return settings with another use of the machine."""
    return settings.model_copy(update={"compute": settings.compute.model_copy(update=compute)})


def run(settings: Settings, **parameters) -> ExtractResult:
    """Compute features."""
    return extract(settings, SILENT, **parameters)


def read(settings: Settings, feature_set: str) -> dict[str, list[float]]:
    """Return the values of each clip."""
    with open_store(settings) as store:
        rows = queries.select_features(store, feature_set).to_pylist()
    return {row["clip_id"]: row["values"] for row in rows}


def test_stored_features_are_those_of_the_stored_waveforms(computed) -> None:
    """They are read back bit for bit."""
    settings, result = computed
    assert (result.feature_set, result.clips, result.added) == (LogMel().feature_set, 5, 5)
    blocks = LogMel().compute(list(WAVEFORMS.values()))
    expected = dict(zip(WAVEFORMS, (block.ravel().tolist() for block in blocks), strict=True))
    assert read(settings, result.feature_set) == expected


def test_other_kinds_stand_beside_log_mel(place: Settings) -> None:
    """What a feature set is, is in the warehouse, not only the hash of it."""
    result = run(place, kind="mfcc", parameters={"coefficients": 13, "hop": 160})
    mfcc = Mfcc(coefficients=13, hop=160)
    assert {len(values) % mfcc.bands for values in read(place, mfcc.feature_set).values()} == {0}
    assert result.feature_set == mfcc.feature_set
    (row,) = feature_set_row(mfcc).to_pylist()
    assert row["kind"] == "mfcc"
    assert rebuild_features(json.loads(row["parameters"])) == mfcc


def test_a_second_run_writes_nothing(computed, tmp_path: Path) -> None:
    """No snapshot, no file, every clip unchanged."""
    settings = borrow(computed[0], tmp_path / "again")
    before = set(Path(settings.data_path).rglob("*"))
    again = run(settings)
    assert (again.added, again.snapshot) == (0, computed[1].snapshot)
    assert set(Path(settings.data_path).rglob("*")) == before
    assert again.rows()[0]["unchanged"] == 5


def test_batches_and_processes_are_no_part_of_the_result(place: Settings, computed) -> None:
    """One batch or three, one process or two, the rows are the same."""
    run(with_compute(place, processes=2))
    assert read(place, LogMel().feature_set) == read(computed[0], LogMel().feature_set)


class Interrupted(SilentProgress):
    """Progress that ends the run after the first batch."""

    @contextmanager
    def track(self, label, total, unit):
        """Give a function that does not return."""
        del label, total, unit

        def stop(units: int = 1, note: str = "") -> None:
            raise KeyboardInterrupt(units, note)

        yield stop


def test_an_interrupted_run_is_finished_by_the_next(place: Settings, computed) -> None:
    """What was committed stays, the rest is added, and the rows are those of one run."""
    with pytest.raises(KeyboardInterrupt):
        extract(place, Interrupted())
    assert run(place).added == 3
    assert read(place, LogMel().feature_set) == read(computed[0], LogMel().feature_set)


def test_only_new_and_changed_clips_are_computed(computed, tmp_path: Path) -> None:
    """A new revision needs features of its own; the others keep theirs."""
    place = borrow(computed[0], tmp_path / "changed")
    bring(place, {"calls/0": waveform(512, 9)}, revision=2)
    bring(place, {"other/0": waveform(512, 10)})
    assert run(place, corpus="calls").added == 1
    assert run(place).added == 1
    values = read(place, LogMel().feature_set)
    assert values["calls/0"] == LogMel().compute([waveform(512, 9)]).values.ravel().tolist()


def test_another_hop_needs_no_other_home(computed, tmp_path: Path) -> None:
    """When the settings change after an ingest, the features they ask for can be computed."""
    place = borrow(computed[0], tmp_path / "hop")
    changed = place.model_copy(update={"features": place.features.model_copy(update={"hop": 160})})
    result = run(changed)
    assert (result.feature_set, result.added) == (LogMel(hop=160).feature_set, 5)


def test_a_batch_is_bounded_in_clips_and_bytes() -> None:
    """Many short clips or few long ones, order kept."""
    clips = [(str(n), 1, 10 << 20) for n in range(7)] + [("huge", 1, 99 << 20)]
    batches = cut_batches(clips, 100)
    assert [len(batch) for batch in batches] == [3, 3, 1, 1]
    assert [clip for batch in batches for clip in batch] == clips
    assert [len(batch) for batch in cut_batches(clips[:5], 2)] == [2, 2, 1]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"corpus": "x"}, NothingToDoError, "corpus `x` has no clips"),
        ({"kind": "x"}, ConfigurationError, "`kind` must be one of"),
        ({"parameters": {"x": 1}}, ConfigurationError, "`log_mel` has no parameter `x`"),
        (
            {"parameters": {"sample_rate": 22050}},
            PipelineError,
            r"is 22050 Hz, but the waveforms have \[16000\] Hz",
        ),
    ],
    ids=["corpus", "kind", "parameter", "rate"],
)
def test_what_cannot_be_computed_is_said(place_once, parameters, error, message) -> None:
    """The message names what does not fit, and nothing is written."""
    with pytest.raises(error, match=message):
        run(place_once, **parameters)
