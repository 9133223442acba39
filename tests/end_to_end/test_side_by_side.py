"""Four ingests at once into one warehouse: nothing lost, nothing twice, no error shown."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from tests.end_to_end.runs import Place, fingerprint, on_postgres, on_sqlite

BATCHED = {"COMPUTE__BATCH_CLIPS": 5, "COMPUTE__PROCESSES": 1, "COMPUTE__COMMIT_S": 0}
CLIPS = 24


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return a place where nothing is yet, on either catalog."""
    if request.param == "sqlite":
        return on_sqlite(tmp_path / "together", **BATCHED)
    catalog = request.getfixturevalue("postgres_catalog")
    return on_postgres(tmp_path / "together", catalog, **BATCHED)


def start_together(
    place: Place, arguments: Sequence[Mapping[str, object]], **variables: Sequence[object]
) -> list[dict[str, object]]:
    """Run several ingests at once; return what each has printed, after a look at its sums.

    Args:
        place: Where the warehouse is.
        arguments: What each run ingests.
        variables: One value of a setting for each run.
    """
    runs = [
        place.start(
            "ingest",
            given["corpus"],
            given["root"],
            *(["--name", given["name"]] if "name" in given else []),
            "--json",
            **{name: values[run] for name, values in variables.items()},
        )
        for run, given in enumerate(arguments)
    ]
    rows = [json.loads(run.finish())[0] for run in runs]
    for row in rows:
        assert row["files"] == row["added"] + row["unchanged"] + row["rejected"]
    return rows


def assert_equal(place: Place, other: Place) -> None:
    """Compare two warehouses row for row, and run the checks of the first."""
    assert fingerprint(place.settings) == fingerprint(other.settings)
    with open_store(place.settings) as store:
        assert store.check() == []


@pytest.fixture
def whole(synthetic: Path) -> dict[str, object]:
    """Return what ingests the synthetic corpus."""
    return {"corpus": "synthetic", "root": synthetic}


@pytest.fixture
def alone(tmp_path: Path) -> Callable[..., Place]:
    """Run ingests one after the other."""

    def run(*arguments: Mapping[str, object]) -> Place:
        place = on_sqlite(tmp_path / "alone", **BATCHED)
        for given in arguments:
            ingest(place.settings, SilentProgress(), **given)
        return place

    return run


def test_one_corpus_four_times_in_batches_of_any_size(
    place: Place, whole: dict[str, object], alone: Callable[..., Place]
) -> None:
    """Each file is taken in by one of four runs, two of which cut the corpus differently."""
    rows = start_together(place, [whole] * 4, COMPUTE__BATCH_CLIPS=(5, 5, 7, 24))
    assert sum(row["added"] for row in rows) == CLIPS
    assert_equal(place, alone(whole))
    assert place.sweep() == []


@pytest.mark.slow
def test_one_corpus_four_times(
    place: Place, whole: dict[str, object], alone: Callable[..., Place]
) -> None:
    """Four equal runs add each file once."""
    rows = start_together(place, [whole] * 4)
    assert sum(row["added"] for row in rows) == CLIPS
    assert_equal(place, alone(whole))


@pytest.mark.slow
def test_four_corpora_of_the_same_audio(
    place: Place, whole: dict[str, object], alone: Callable[..., Place]
) -> None:
    """Four names for one folder: all clips of each, and all pairs of duplicates among them."""
    arguments = [whole | {"corpus": "folder", "name": name} for name in ("ann", "bob", "cy", "dee")]
    rows = start_together(place, arguments)
    assert [row["added"] for row in rows] == [CLIPS] * 4
    assert_equal(place, alone(*arguments))


@pytest.mark.slow
def test_ingest_beside_maintenance(
    place: Place, whole: dict[str, object], alone: Callable[..., Place]
) -> None:
    """Sweeps and merges that run all the while take nothing away from an ingest."""
    run = place.start("ingest", *whole.values(), COMPUTE__BATCH_CLIPS=1)
    sweeps = 0
    while run.process.poll() is None:
        place.start("maintain", "--merge", "--grace", "2m").finish()
        sweeps += 1
    run.finish()
    assert sweeps > 1
    assert_equal(place, alone(whole))
    assert place.sweep() == []
