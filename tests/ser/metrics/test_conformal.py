"""Sets of classes hold the right one as often as promised, for speakers never met."""

import json
import math

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.conformal import (
    ConformalThresholds,
    class_scores,
    fewest_speakers,
    fit_conformal,
    leave_speakers_out,
)

CLASSES = 4


def draw_speakers(generator: np.random.Generator, speakers: int, *, clips=(6, 30), spread=0.8):
    """Draw clips of speakers of whom each is as easy as his or her own level says."""
    count = generator.integers(*clips, size=speakers)
    speaker = np.repeat(np.arange(speakers), count)
    ease = generator.normal(0.8, spread, speakers)[speaker]
    labels = generator.integers(CLASSES, size=len(speaker))
    logits = generator.normal(size=(len(speaker), CLASSES))
    logits[np.arange(len(speaker)), labels] += ease
    posterior = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return posterior, labels, [f"s{number}" for number in speaker]


def mean_coverage(speakers: int, *, rounds: int = 100, seed: int = 0, **options) -> float:
    """Return the coverage of new speakers, each counted alike, over draws of calibrations."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        posterior, labels, names = draw_speakers(generator, speakers)
        thresholds = fit_conformal(posterior, labels, speakers=names, coverage=0.9, **options)
        posterior, labels, names = draw_speakers(generator, 60)
        is_held = thresholds.predict_sets(posterior)[np.arange(len(labels)), labels]
        found.append(np.mean([is_held[np.array(names) == name].mean() for name in set(names)]))
    return float(np.mean(found))


@pytest.mark.parametrize("method", ["lac", "aps"])
@pytest.mark.parametrize("speakers", [12, 20])
def test_speakers_never_met_are_covered_as_promised(method: str, speakers: int) -> None:
    """Within two points of nine in ten, from a dozen speakers on, whose clips are alike."""
    assert mean_coverage(speakers, method=method) == pytest.approx(0.9, abs=0.02)


def test_few_speakers_fall_short_where_nothing_allows_for_them() -> None:
    """The plain quantile covers less than leaving speakers out, and that less than the proof."""
    options = ({"correction": name} for name in ("none", "left_out", "hierarchical"))
    plain, left_out, proven = (mean_coverage(10, **of) for of in options)
    assert plain < left_out < proven
    assert plain < 0.89
    assert 0.9 <= proven <= 0.9 + 2 / 11


def test_without_speakers_it_is_split_conformal_prediction() -> None:
    """The threshold is the score of rank ⌈(n + 1) · coverage⌉."""
    posterior, labels, _ = draw_speakers(np.random.default_rng(1), 5)
    found = fit_conformal(posterior, labels, coverage=0.8, correction="hierarchical")
    scores = np.sort(1 - posterior[np.arange(len(labels)), labels])
    rank = math.ceil((len(labels) + 1) * 0.8)
    assert found.thresholds["all"] == pytest.approx((scores[rank - 1],) * CLASSES)


def test_the_left_out_level_is_the_smallest_that_covers_left_out_speakers() -> None:
    """By the definition, trying every threshold level on every speaker left out."""
    posterior, labels, names = draw_speakers(np.random.default_rng(2), 9)
    scores = 1 - posterior[np.arange(len(labels)), labels]
    speaker = np.array(names)

    def quantile(at: np.ndarray, level: float) -> float:
        weights = np.array([1 / (speaker[at] == name).sum() for name in speaker[at]])
        weights /= weights.sum()
        order = np.argsort(scores[at])
        place = np.searchsorted(weights[order].cumsum(), level - 1e-9)
        return float(np.append(scores[at][order], np.inf)[place])

    for level in np.arange(0.5, 1, 0.0005):
        covered = [
            (scores[speaker == name] <= quantile(np.flatnonzero(speaker != name), level)).mean()
            for name in np.unique(speaker)
        ]
        if np.mean(covered) >= 0.8:
            break
    found = fit_conformal(posterior, labels, speakers=names, coverage=0.8).thresholds["all"][0]
    is_between = (scores >= min(found, quantile(np.arange(len(scores)), level))) & (
        scores <= max(found, quantile(np.arange(len(scores)), level))
    )
    assert is_between.sum() <= 2


def test_clips_may_be_counted_alike() -> None:
    """Then a speaker of many clips weighs more, here one whom nothing fits."""
    posterior = np.array([[0.9, 0.1]] * 20 + [[0.2, 0.8]] * 60)
    labels, names = np.zeros(80, int), [*np.repeat(list("abcdefghij"), 2), *(["z"] * 60)]
    options = {"speakers": names, "coverage": 0.6, "correction": "none"}
    per_speaker = fit_conformal(posterior, labels, **options)
    per_clip = fit_conformal(posterior, labels, per="clip", **options)
    assert per_speaker.thresholds["all"][0] == pytest.approx(0.1)
    assert per_clip.thresholds["all"][0] == pytest.approx(0.8)


def test_a_group_that_fares_worse_gets_larger_sets() -> None:
    """Both groups are covered alike, which one threshold for all would not do."""
    generator = np.random.default_rng(3)
    posterior, labels, names = draw_speakers(generator, 60, spread=0.3)
    is_hard = np.array([int(name[1:]) % 2 == 1 for name in names])
    posterior[is_hard] = 0.5 * posterior[is_hard] + 0.5 / CLASSES
    posterior[is_hard] = posterior[is_hard][:, ::-1]
    groups = np.where(is_hard, "hard", "easy").tolist()
    found = fit_conformal(posterior, labels, speakers=names, groups=groups, coverage=0.9)
    assert set(found.thresholds) == {"all", "easy", "hard"}
    sets = found.predict_sets(posterior, groups)
    is_held = sets[np.arange(len(labels)), labels]
    for group in (is_hard, ~is_hard):
        assert is_held[group].mean() == pytest.approx(0.9, abs=0.03)
    assert sets[is_hard].sum(axis=1).mean() > sets[~is_hard].sum(axis=1).mean()


def test_a_group_of_few_speakers_takes_the_thresholds_of_all() -> None:
    """Nine in ten of four speakers cannot be promised; so it is with a group never seen."""
    posterior, labels, names = draw_speakers(np.random.default_rng(4), 20)
    groups = ["few" if name in {"s0", "s1", "s2", "s3"} else "many" for name in names]
    found = fit_conformal(posterior, labels, speakers=names, groups=groups, coverage=0.9)
    assert set(found.thresholds) == {"all", "many"}
    everyone = found.predict_sets(posterior)
    for other in ("few", "never seen", None):
        assert (found.predict_sets(posterior, [other] * len(posterior)) == everyone).all()


def test_each_class_may_be_covered_by_itself() -> None:
    """A class that is missed more often gets a threshold of its own."""
    posterior, labels, names = draw_speakers(np.random.default_rng(5), 40)
    posterior[labels == 0] = np.roll(posterior[labels == 0], 1, axis=1)
    options = {"speakers": names, "coverage": 0.9}
    plain = fit_conformal(posterior, labels, **options).predict_sets(posterior)
    own = fit_conformal(posterior, labels, is_class_conditional=True, **options)
    sets = own.predict_sets(posterior)
    assert plain[labels == 0, 0].mean() < 0.85
    for number in range(CLASSES):
        of_class = sets[labels == number, number]
        assert of_class.mean() == pytest.approx(0.9, abs=0.04)


def test_too_few_speakers_leave_every_class_possible() -> None:
    """One speaker says nothing about others, and eight no nine in ten for sure."""
    posterior, labels, names = draw_speakers(np.random.default_rng(6), 8)
    one = [name == "s0" for name in names]
    alone = fit_conformal(posterior[one], labels[one], speakers=["s0"] * sum(one), coverage=0.9)
    proven = fit_conformal(
        posterior, labels, speakers=names, coverage=0.9, correction="hierarchical"
    )
    for found in (alone, proven):
        assert found.predict_sets(posterior).all()
        assert found.abstains(posterior).all()
    assert [fewest_speakers(coverage) for coverage in (0.8, 0.9, 0.95)] == [4, 9, 19]


def test_thresholds_travel_as_json() -> None:
    """Infinite ones too, which JSON has no number for."""
    posterior, labels, names = draw_speakers(np.random.default_rng(7), 12)
    found = fit_conformal(posterior, labels, speakers=names, groups=names, coverage=0.9, fewest=1)
    assert math.inf in found.thresholds["s0"]
    text = json.dumps(found.document(), allow_nan=False)
    assert ConformalThresholds.from_document(json.loads(text)) == found
    with pytest.raises(ConfigurationError, match="no thresholds of a calibration"):
        ConformalThresholds.from_document({"thresholds": {"female": [0.5]}})


def test_a_model_abstains_unless_one_class_is_left() -> None:
    """None and several are both no answer."""
    found = ConformalThresholds("lac", 0.9, "none", "speaker", {"all": (0.6,) * 3}, 1, 1)
    posterior = np.array([[0.7, 0.2, 0.1], [0.45, 0.45, 0.1], [0.34, 0.33, 0.33]])
    assert found.predict_sets(posterior).sum(axis=1).tolist() == [1, 2, 0]
    assert found.abstains(posterior).tolist() == [False, True, True]


def test_adaptive_sets_are_never_empty() -> None:
    """The likeliest class is in, however strict the threshold; equal ones are in their order."""
    assert class_scores(np.array([[0.25, 0.5, 0.25]]), "aps").tolist() == [[0.5, 0.0, 0.75]]
    found = ConformalThresholds("aps", 0.9, "none", "speaker", {"all": (0.0,) * 3}, 1, 1)
    assert found.predict_sets(np.full((2, 3), 1 / 3)).sum(axis=1).tolist() == [1, 1]


@pytest.mark.parametrize("correction", ["left_out", "hierarchical", "none"])
def test_speakers_left_out_get_the_thresholds_of_the_others(correction: str) -> None:
    """As if each had been kept away by hand, groups keeping thresholds of their own."""
    posterior, labels, names = draw_speakers(np.random.default_rng(8), 22)
    groups = ["odd" if int(name[1:]) % 2 else "even" for name in names]
    options = {"coverage": 0.8, "correction": correction}
    sets = leave_speakers_out(posterior, labels, speakers=names, groups=groups, **options)
    is_out = np.array([name == "s7" for name in names])
    rest = fit_conformal(
        posterior[~is_out],
        labels[~is_out],
        speakers=[name for name in names if name != "s7"],
        groups=[group for group, out in zip(groups, is_out, strict=True) if not out],
        **options,
    )
    assert (sets[is_out] == rest.predict_sets(posterior[is_out], ["odd"] * is_out.sum())).all()


def test_the_order_of_clips_does_not_matter() -> None:
    """The thresholds are of the speakers."""
    posterior, labels, names = draw_speakers(np.random.default_rng(9), 15)
    order = np.random.default_rng(0).permutation(len(labels))
    first = fit_conformal(posterior, labels, speakers=names, coverage=0.9)
    shuffled = [names[at] for at in order]
    again = fit_conformal(posterior[order], labels[order], speakers=shuffled, coverage=0.9)
    assert first == again


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"coverage": 1.0}, r"`coverage` must lie in \(0, 1\)"),
        ({"method": "raps"}, "`method` must be one of"),
        ({"correction": "more"}, "`correction` must be one of"),
        ({"correction": "hierarchical", "per": "clip"}, "speakers alone"),
        ({"groups": ["female"]}, "`groups` must have one entry"),
        ({"speakers": ["a"]}, "`speakers` must name one speaker"),
        ({"labels": np.array([0, 9])}, "labels"),
    ],
    ids=str,
)
def test_malformed_arguments_are_refused(changed: dict, told: str) -> None:
    """By name, with what was expected."""
    given = {"posterior": np.full((2, 2), 0.5), "labels": np.array([0, 1]), "coverage": 0.9}
    with pytest.raises(ConfigurationError, match=told):
        fit_conformal(**{**given, **changed})


def test_sets_of_other_classes_are_refused() -> None:
    """Thresholds belong to the classes of their model."""
    found = fit_conformal(np.full((9, 2), 0.5), np.zeros(9, int), coverage=0.5)
    with pytest.raises(ConfigurationError, match="3 classes, but the thresholds are of 2"):
        found.predict_sets(np.full((1, 3), 1 / 3))
    with pytest.raises(ConfigurationError, match="`groups` must name one"):
        found.predict_sets(np.full((2, 2), 0.5), ["female"])
    with pytest.raises(ConfigurationError, match="at least two"):
        leave_speakers_out(
            np.full((2, 2), 0.5), np.zeros(2, int), speakers=["a", "a"], coverage=0.5
        )
