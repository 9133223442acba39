"""One machine, a team's database, a team's bucket: ingest does the same in all of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.ingest import IngestResult, ingest
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from tests.end_to_end.runs import Place, fingerprint, on_postgres, on_s3, on_sqlite
from warehouse import maintenance, queries

BATCHED = {"COMPUTE__BATCH_CLIPS": 3, "COMPUTE__PROCESSES": 1, "COMPUTE__COMMIT_S": 0}
FILES = 6


# The first is where every other test of ingest runs, too.
PLACES = [
    pytest.param("sqlite, folder", marks=pytest.mark.slow),
    pytest.param("postgres, folder", marks=pytest.mark.slow),
    "postgres, s3",
]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return a place where nothing is yet, of each kind."""
    home = tmp_path / "home"
    if request.param == "sqlite, folder":
        return on_sqlite(home, **BATCHED)
    catalog = request.getfixturevalue("postgres_catalog")
    if request.param == "postgres, folder":
        return on_postgres(home, catalog, **BATCHED)
    return on_s3(home, catalog, request.getfixturevalue("s3"), **BATCHED)


@pytest.fixture
def calls(synthetic: Path, tmp_path: Path) -> Path:
    """Return a folder with six recordings."""
    folder = tmp_path / "calls"
    folder.mkdir()
    for path in sorted(synthetic.rglob("*.wav"))[:FILES]:
        shutil.copy2(path, folder)
    return folder


@pytest.fixture
def bring(place: Place, calls: Path) -> Callable[[], IngestResult]:
    """Return what ingests the folder as it is."""
    return lambda: ingest(
        place.settings, SilentProgress(), corpus="folder", root=calls, name="calls"
    )


def assert_sound(place: Place, bring: Callable[[], IngestResult]) -> None:
    """See that every check passes, no file is astray, and another run does nothing."""
    with open_store(place.settings) as store:
        before = store.snapshot
        assert store.check() == []
        assert maintenance.sweep_files(store, grace_s=0, dry_run=True).removed == ()
    again = bring()
    assert (again.added, again.snapshot) == (0, before)


def test_a_changing_folder(
    place: Place, calls: Path, bring: Callable[[], IngestResult], synthetic: Path
) -> None:
    """A changed file is a revision, a vanished one is marked, a broken one is filed, once each."""
    assert bring().added == FILES
    assert_sound(place, bring)
    changed, gone, *_ = sorted(calls.glob("*.wav"))
    changed.write_bytes(sorted(synthetic.rglob("*.wav"))[-1].read_bytes())
    gone.unlink()
    (calls / "broken.wav").write_bytes(b"RIFF")
    second = bring()
    assert (second.added, second.vanished, sum(second.rejected.values())) == (1, 1, 1)
    assert_sound(place, bring)
    with open_store(place.settings) as store:
        clips = queries.select_clips(store)
        states = queries.select_sources(store, corpus="calls").column("state").to_pylist()
        counts = queries.count_rows(store)
    assert clips.num_rows == FILES
    assert sorted(clips.column("revision").to_pylist()) == [1] * (FILES - 1) + [2]
    assert (counts["clips"], counts["waveforms"], counts["rejects"]) == (7, 7, 1)
    assert states.count("vanished") == 1


@pytest.mark.slow
def test_killed_once(
    place: Place, calls: Path, bring: Callable[[], IngestResult], tmp_path: Path
) -> None:
    """Killed after its first commit of clips, the next run ends with the rows of one machine."""
    run = place.start("ingest", "folder", calls, "--name", "calls")
    run.kill_when(lambda: has_clips(place))
    bring()
    assert_sound(place, bring)
    alone = on_sqlite(tmp_path / "alone", **BATCHED).settings
    ingest(alone, SilentProgress(), corpus="folder", root=calls, name="calls")
    assert fingerprint(place.settings) == fingerprint(alone)


def has_clips(place: Place) -> bool:
    """Return whether clips can be seen, without making a warehouse that is not there yet."""
    catalog = place.settings.catalog
    if "://" not in catalog and not Path(catalog).exists():
        return False
    with open_store(place.settings) as store:
        return queries.count_rows(store)["clips"] > 0
