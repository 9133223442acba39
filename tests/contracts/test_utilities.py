"""What every utility owes."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from annotation.confusion import confusion_for
from annotation.errors import SamplingError
from annotation.sampling import UTILITIES, Known, Utility, max_utility
from pipelines.choices import UtilityName

CLASSES = ("anger", "calm", "fear", "sadness")
PARTS = ("posterior", "members", "disagreement", "ambiguity", "confusion")
each_utility = pytest.mark.parametrize("utility", UTILITIES.values(), ids=UTILITIES)


def make_known(clips: int = 60, classes: int = 4, seed: int = 0) -> Known:
    """Return all that can be known of a random pool."""
    rng = np.random.default_rng(seed)
    members = rng.dirichlet(np.full(classes, 0.5), (5, clips)).reshape(5, clips, classes)
    return Known(
        posterior=members.mean(axis=0),
        members=members,
        disagreement=rng.random(clips),
        ambiguity=rng.uniform(0, 0.2 * np.log(classes) if classes > 1 else 0, clips),
        confusion=confusion_for([*CLASSES, *map(str, range(9))][:classes]),
    )


def take(known: Known, rows: object) -> Known:
    """Return what is known of some clips."""
    return replace(
        known,
        posterior=known.posterior[rows],
        members=None if known.members is None else known.members[:, rows],
        disagreement=None if known.disagreement is None else known.disagreement[rows],
        ambiguity=known.ambiguity[rows],
    )


def variants(known: Known) -> list[Known]:
    """Return the same with and without what a utility can do without."""
    return [known, replace(known, members=None), replace(known, confusion=None)]


@each_utility
def test_each_clip_gets_a_finite_number_of_at_least_zero(utility: Utility) -> None:
    """In float64, and clips differ."""
    for known in variants(make_known()):
        found = utility(known)
        assert (found.shape, found.dtype) == ((60,), np.float64)
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        assert len(np.unique(found)) > 50


@each_utility
def test_the_same_gives_the_same(utility: Utility) -> None:
    """To the last digit."""
    assert utility(make_known()).tobytes() == utility(make_known()).tobytes()


@each_utility
def test_the_order_and_the_rest_of_the_pool_are_irrelevant(utility: Utility) -> None:
    """To the last digit too: else equal clips would be told apart by where they stand."""
    order = np.random.default_rng(3).permutation(5000)[:4321]
    for known in variants(make_known(5000)):
        np.testing.assert_array_equal(utility(take(known, order)), utility(known)[order])


@each_utility
def test_equal_clips_are_worth_the_same(utility: Utility) -> None:
    """So that the generator decides between them, wherever they stand."""
    known = take(make_known(), np.full(3000, 17))
    assert len(np.unique(utility(known))) == 1


@each_utility
def test_the_order_of_classes_is_irrelevant(utility: Utility) -> None:
    """Classes have names, not places."""
    known = make_known()
    mirrored = replace(
        known,
        posterior=known.posterior[:, ::-1],
        members=known.members[:, :, ::-1],
        confusion=known.confusion[::-1, ::-1],
    )
    np.testing.assert_allclose(utility(mirrored), utility(known), atol=1e-12)


@each_utility
def test_inputs_stay_as_they_are(utility: Utility) -> None:
    """What is known is shared between utilities."""
    known, before = make_known(), make_known()
    utility(known)
    for name in PARTS:
        np.testing.assert_array_equal(getattr(known, name), getattr(before, name))


@each_utility
@pytest.mark.parametrize("layout", ["frozen", "reversed", "columns"])
def test_any_layout_will_do(utility: Utility, layout: str) -> None:
    """Arrow's buffers are read-only, and views may run any way through memory."""
    known, expected = make_known(), utility(make_known())
    if layout == "columns":
        known = replace(known, posterior=np.asfortranarray(known.posterior))
    elif layout == "reversed":
        known, expected = take(known, slice(None, None, -1)), expected[::-1]
    else:
        for name in PARTS:
            getattr(known, name).setflags(write=False)
    np.testing.assert_array_equal(utility(known), expected)


@each_utility
def test_an_empty_pool_has_no_utility(utility: Utility) -> None:
    """And is no error."""
    for known in variants(make_known(0)):
        assert utility(known).shape == (0,)


@each_utility
def test_one_class_leaves_nothing_to_ask(utility: Utility) -> None:
    """A model of one class is sure of everything."""
    known = replace(make_known(5, classes=1), disagreement=np.zeros(5))
    for variant in variants(known):
        assert utility(variant).tolist() == [0.0] * 5


@each_utility
def test_a_certain_clip_comes_last(utility: Utility) -> None:
    """With utility 0, below every clip in doubt that people would agree on."""
    known = make_known()
    for array in (known.posterior[7:8], *known.members[:, 7:8]):
        array[:] = [0.0, 0.0, 1.0, 0.0]
    known.disagreement[7] = 0.0
    for variant in variants(replace(known, ambiguity=np.zeros(60))):
        found = utility(variant)
        assert found[7] == 0
        assert (np.delete(found, 7) > 0).all()


@pytest.mark.parametrize("name", sorted(set(UTILITIES) - {"bald"}))
def test_flatter_is_worth_more(name: str) -> None:
    """Mixing a row with the even distribution raises its utility, up to the maximum."""
    even = np.array([[1.0 - mix, 0.0, 0.0] for mix in (0, 0.3, 0.6, 0.9, 1.0)])
    even += (1 - even.sum(axis=1, keepdims=True)) / 3
    found = UTILITIES[name](Known(even, ambiguity=np.zeros(5)))
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(max_utility(name, 3))


@each_utility
def test_float32_is_accepted(utility: Utility) -> None:
    """What networks say scores like the float64 it stands for."""
    known = make_known()
    single = replace(
        known,
        **{name: getattr(known, name).astype(np.float32) for name in PARTS},
    )
    np.testing.assert_allclose(utility(single), utility(known), atol=1e-5)


@each_utility
@pytest.mark.parametrize("wrong", [np.nan, -0.5, np.inf])
def test_a_wrong_row_is_named(utility: Utility, wrong: float) -> None:
    """Whichever part of what is known a utility reads."""
    known = make_known()
    known.posterior[31, 0] = known.members[2, 31, 0] = wrong
    known.disagreement[31] = known.ambiguity[31] = wrong
    for variant in variants(known):
        with pytest.raises(SamplingError, match=r"^row 31 of `"):
            utility(variant)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bald", "`bald` needs `disagreement`, .* dropout, judge the pool, and pass .* `members`"),
        ("reducible", "`reducible` needs `ambiguity`, .* learn it from people's votes"),
    ],
)
def test_what_is_missing_is_said(name: str, message: str) -> None:
    """With how to get it."""
    with pytest.raises(SamplingError, match=message):
        UTILITIES[name](Known(np.full((2, 2), 0.5)))


@pytest.mark.parametrize("name", ["entropy", "margin", "least_confidence", "expected_change"])
def test_a_posterior_is_enough(name: str) -> None:
    """For those that read nothing else, or know what to assume."""
    assert UTILITIES[name](Known(np.full((2, 2), 0.5))).shape == (2,)


def test_every_utility_can_be_set() -> None:
    """Names of settings are those of the package, which help need not load."""
    assert set(get_args(UtilityName)) == set(UTILITIES)
