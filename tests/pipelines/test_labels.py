"""Labels of a design or of people, in the classes that are wanted, decided or not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotation.taxonomies import Split, TaxonomyError, TaxonomyMap
from pipelines.clipset import corpus_clips
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.labels import agree, decide, intend
from warehouse import Warehouse, open_warehouse
from warehouse.testing import make_rows

CLASSES = ("calm", "joy", "rage")
RULES = {"calm": "low", "joy": "high", "rage": None}
MOOD = TaxonomyMap.of("demo-3", "mood-2", ["low", "high"], RULES)
BY_GENDER = TaxonomyMap.of(
    "demo-3",
    "mood-2",
    ["low", "high"],
    RULES | {"rage": Split.of("gender", {"female": "high", "male": None})},
)
# clip, intended, gender, posterior of a run
CLIPS = [
    ("demo/0", "calm", "female", [0.6, 0.3, 0.1]),
    ("demo/1", "rage", "female", [0.3, 0.2, 0.5]),
    ("demo/2", "rage", "male", [0.4, 0.4, 0.2]),
    ("demo/3", None, "male", None),
    ("demo/4", "joy", "male", [0.0, 0.0, 1.0]),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Open a warehouse with a run in the corpus's classes and one that was mapped."""
    root: Path = tmp_path_factory.mktemp("labels")
    ids, intended, genders, posteriors = (list(column) for column in zip(*CLIPS, strict=True))
    voted = [at for at, posterior in enumerate(posteriors) if posterior]
    names = ["own"] * len(voted) + ["mapped"]
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["demo"], taxonomy=["demo-3"], classes=[list(CLASSES)]
        ),
        "clips": make_rows(
            "clips", clip_id=ids, corpus=["demo"] * 5, intended=intended, gender=genders
        ),
        "consensus_runs": make_rows(
            "consensus_runs",
            run_id=["own", "mapped"],
            taxonomy=["demo-3", "mood-2"],
            classes=[list(CLASSES), ["high", "low"]],
            mapping=[None, f"other-2.mood-2.v1.0, {MOOD.name}"],
        ),
        "consensus": make_rows(
            "consensus",
            run_id=names,
            clip_id=[*(ids[at] for at in voted), "demo/0"],
            posterior=[*(posteriors[at] for at in voted), [0.2, 0.8]],
            votes=[5] * len(names),
        ),
    }
    with open_warehouse(str(root / "catalog.sqlite"), str(root / "data")) as store:
        store.commit(rows, message="labels")
        yield store


@pytest.fixture(scope="module")
def clips(store: Warehouse) -> pa.Table:
    """Return the clips."""
    return corpus_clips(store, "demo")


def test_intended_labels_are_mapped_and_losses_noted(clips: pa.Table) -> None:
    """A dropped label is no label, and is told apart from a clip that had none."""
    labels = intend(clips, "demo-3", CLASSES, MOOD)
    assert labels.posterior.tolist() == [[1, 0], [0, 0], [0, 0], [0, 0], [0, 1]]
    assert labels.is_dropped.tolist() == [False, True, True, False, False]
    assert (labels.taxonomy, labels.mapping, labels.rules) == ("mood-2", MOOD.name, MOOD)


def test_a_clips_own_column_splits_its_label(store: Warehouse, clips: pa.Table) -> None:
    """Rage of a woman is high, of a man it is dropped; in posteriors alike."""
    labels = intend(clips, "demo-3", CLASSES, BY_GENDER)
    assert labels.posterior[1].tolist() == [0, 1]
    assert labels.is_dropped.tolist() == [False, False, True, False, False]
    voted = agree(store, clips, "own", BY_GENDER)
    assert voted.posterior[1] == pytest.approx([0.3, 0.7])


def test_a_split_by_no_column_of_clips_is_refused(clips: pa.Table) -> None:
    """The message lists the columns there are."""
    rules = RULES | {"rage": Split.of("loudness", {"loud": "high", "soft": "low"})}
    mapping = TaxonomyMap.of("demo-3", "mood-2", ["low", "high"], rules)
    with pytest.raises(PipelineError, match=r"by `loudness`, which is no column.*`gender`"):
        intend(clips, "demo-3", CLASSES, mapping)


def test_posteriors_are_mapped_and_led_astray_by_no_minority(
    store: Warehouse, clips: pa.Table
) -> None:
    """A clip whose leading class is dropped is left out, also where others were voted for."""
    labels = agree(store, clips, "own", MOOD)
    assert labels.is_dropped.tolist() == [False, True, False, False, True]
    assert labels.posterior[0] == pytest.approx([2 / 3, 1 / 3])
    assert labels.posterior[2] == pytest.approx([0.5, 0.5])
    assert labels.votes.tolist() == [5, 5, 5, 0, 5]


def test_posteriors_in_their_own_taxonomy_keep_every_bit(store: Warehouse, clips: pa.Table) -> None:
    """What a model learned from before mappings is what it learns from now."""
    labels = agree(store, clips, "own")
    assert labels.posterior[2].tolist() == [0.4, 0.4, 0.2]
    assert (labels.taxonomy, labels.mapping, labels.classes) == ("demo-3", None, CLASSES)


@pytest.mark.parametrize("wanted", [None, "mood-2", MOOD], ids=["none", "name", "mapping"])
def test_a_run_in_the_wanted_taxonomy_is_taken_as_it_is(
    store: Warehouse, clips: pa.Table, wanted: str | TaxonomyMap | None
) -> None:
    """Its classes and the mapping that led there are its own."""
    labels = agree(store, clips, "mapped", wanted)
    column = labels.classes.index("high")
    assert (labels.taxonomy, labels.posterior[0, column]) == ("mood-2", 0.2)
    assert MOOD.name in labels.mapping
    assert labels.rules == (wanted if isinstance(wanted, TaxonomyMap) else None)


def test_a_run_that_was_mapped_by_other_rules_is_refused(store: Warehouse, clips: pa.Table) -> None:
    """Two versions of a mapping share a target's name and no labels."""
    with pytest.raises(PipelineError, match=r"`mapped` was mapped to `mood-2` by .*aggregate with"):
        agree(store, clips, "mapped", BY_GENDER)


def test_no_way_and_no_run_are_said(store: Warehouse, clips: pa.Table) -> None:
    """The message says what there is."""
    with pytest.raises(TaxonomyError, match=r"from `mood-2` to `emotion-4`"):
        agree(store, clips, "mapped", "emotion-4")
    with pytest.raises(NothingToDoError, match=r"`intended` or the id of a consensus run.*`none`"):
        agree(store, clips, "none")


def test_deciding_takes_the_leader_and_leaves_ties_out(store: Warehouse, clips: pa.Table) -> None:
    """A clip without a leading class has no label, and is noted."""
    labels = decide(agree(store, clips, "own"))
    assert labels.posterior[[0, 1, 4]].argmax(axis=1).tolist() == [0, 2, 2]
    assert labels.is_tied.tolist() == [False, False, True, False, False]
    assert set(np.unique(labels.posterior)) == {0.0, 1.0}
    assert labels.has_label.tolist() == [True, True, False, False, True]
