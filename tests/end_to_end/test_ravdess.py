"""Real input: RAVDESS brought in twice, and CREMA-D's votes counted both ways."""

import random
from pathlib import Path

import pytest

from pipelines.aggregate import aggregate
from pipelines.import_votes import import_votes
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.status import read_status
from pipelines.workspace import open_store
from tests.end_to_end.runs import Run, count_snapshots, fingerprint
from warehouse import queries

SILENT = SilentProgress()
CLIPS_PER_ACTOR = 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a new place."""
    return Settings(home=tmp_path / ".serloop", compute={"processes": 1})


@pytest.fixture(scope="module")
def ravdess(serloop_data: Path) -> Path:
    """Return the folder of all 1,440 clips."""
    return serloop_data / "ravdess" / "flac16k"


@pytest.fixture
def one_actor(ravdess: Path, tmp_path: Path) -> Path:
    """Return a tree with the clips of actor 1 only."""
    root = tmp_path / "ravdess"
    root.mkdir()
    for path in sorted(ravdess.rglob("*-01.flac")):
        (root / path.name).symlink_to(path)
    return root


def files(settings: Settings) -> dict[Path, int]:
    """Return every file below the data path with its time."""
    return {path: path.stat().st_mtime_ns for path in Path(settings.data_path).rglob("*")}


def bring_twice(settings: Settings, root: Path, clips: int) -> None:
    """Ingest a folder twice, and see that the second time writes nothing."""
    first = ingest(settings, SILENT, corpus="ravdess", root=root)
    assert (first.found, first.added, first.rejected) == (clips, clips, {})
    before = files(settings)
    again = ingest(settings, SILENT, corpus="ravdess", root=root)
    assert (again.added, again.unchanged, again.snapshot) == (0, clips, first.snapshot)
    assert files(settings) == before


def test_an_actor_is_brought_in_once(settings: Settings, one_actor: Path) -> None:
    """The second run finds every clip known, makes no snapshot and writes no file."""
    bring_twice(settings, one_actor, CLIPS_PER_ACTOR)
    with open_store(settings) as store:
        clips = queries.select_clips(store)
    assert set(clips["speaker"].to_pylist()) == {clips["speaker"][0].as_py()}
    assert len(set(clips["intended"].to_pylist())) == 8


@pytest.mark.slow
def test_all_of_ravdess_is_brought_in_once(settings: Settings, ravdess: Path) -> None:
    """All 1,440 clips of 24 actors: none rejected, none twice, every check passed."""
    bring_twice(settings, ravdess, 1440)
    status = read_status(settings)
    (row,) = status.corpora
    assert (row["clips"], row["speakers"], row["rejects"]) == (1440, 24, 0)
    assert row["hours"] == pytest.approx(1.48, abs=0.01)
    assert status.failed_checks == ()


@pytest.mark.slow
def test_all_of_ravdess_killed_on_the_way(
    settings: Settings, ravdess: Path, tmp_path: Path
) -> None:
    """Killed twice and run again, the warehouse equals that of an undisturbed run."""
    other, chance = tmp_path / "other", random.Random(0)
    other.mkdir()
    ingest(settings, SILENT, corpus="ravdess", root=ravdess)
    for snapshot in (3, 8):
        # Many commits, so that there is much to be killed between.
        often = {"COMPUTE__COMMIT_S": 0, "COMPUTE__BATCH_CLIPS": 64}
        run = Run(other, "ingest", "ravdess", ravdess, "--json", **often)
        home = other / ".serloop"
        assert run.kill_when(
            lambda home=home, snapshot=snapshot: count_snapshots(home) >= snapshot,
            delay_s=chance.uniform(0, 0.3),
        )
    Run(other, "ingest", "ravdess", ravdess, "--json").finish()
    assert fingerprint(Settings(home=other / ".serloop")) == fingerprint(settings)


def test_votes_of_crema_d_are_counted_both_ways(settings: Settings, serloop_data: Path) -> None:
    """212,000 votes on voice, face and both; majority ties where the data's README says."""
    root = serloop_data / "crema-d-votes"
    imported = import_votes(settings, SILENT, source="crema-d", path=root)
    assert (imported.votes, imported.clips) == (212_000, 7442)
    again = import_votes(settings, SILENT, source="crema-d", path=root)
    assert (again.added, again.snapshot) == (0, imported.snapshot)
    majority = aggregate(settings, SILENT, method="majority", corpus="crema-d")
    assert {run.modality: run.ties for run in majority.runs} == {
        "audio": 644,
        "video": 470,
        "audiovisual": 420,
    }
    estimated = aggregate(settings, SILENT, method="dawid_skene", corpus="crema-d")
    assert sum(run.votes for run in estimated.runs) == 212_000
    assert all(run.converged for run in estimated.runs)
