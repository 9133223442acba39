"""Metrics per group and the group that fares worst."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import Interval, bootstrap_metrics
from ser.metrics.classification import classification_statistic
from ser.metrics.groups import (
    GroupResult,
    bootstrap_groups,
    compare_groups,
    name_bins,
    worst_group,
)
from ser.metrics.paired import compare_paired

CLASSES = ["a", "b"]


@pytest.fixture
def judged() -> tuple[np.ndarray, np.ndarray, list[str | None], list[str]]:
    """Return truth, prediction, gender and speakers: women are recognised better."""
    rng = np.random.default_rng(0)
    speaker = np.arange(300) % 10
    truth = rng.integers(2, size=300)
    is_right = rng.random(300) < np.where(speaker < 5, 0.9, 0.6)
    genders: list[str | None] = ["female" if s < 5 else "male" for s in speaker]
    genders[:3] = [None] * 3
    return truth, np.where(is_right, truth, 1 - truth), genders, [f"s{s}" for s in speaker]


def test_a_group_is_judged_as_if_there_were_no_other(judged):
    """Metrics and intervals are those of its clips alone."""
    truth, prediction, genders, speakers = judged
    statistic = classification_statistic(truth, prediction, CLASSES)
    found = bootstrap_groups(statistic, genders, speakers, resamples=100)
    men = [position for position, name in enumerate(genders) if name == "male"]
    alone = classification_statistic(truth[men], prediction[men], CLASSES)
    assert found[1].group == "male"
    assert found[1].metrics == bootstrap_metrics(alone, [speakers[i] for i in men], resamples=100)
    assert (found[1].clips, found[1].speakers) == (len(men), 5)


def test_a_small_group_is_listed_and_never_the_worst(judged):
    """Three clips of unknown people say nothing, whatever they score."""
    truth, prediction, genders, speakers = judged
    prediction = prediction.copy()
    prediction[:3] = 1 - truth[:3]
    statistic = classification_statistic(truth, prediction, CLASSES)
    found = bootstrap_groups(statistic, genders, speakers, resamples=50)
    assert [(of.group, of.clips, bool(of.metrics)) for of in found] == [
        ("female", 147, True),
        ("male", 150, True),
        ("(unknown)", 3, False),
    ]
    assert worst_group(found, "uar") is found[1]


def test_a_group_of_one_speaker_is_only_listed(judged):
    """One person is no group."""
    truth, prediction, _, speakers = judged
    statistic = classification_statistic(truth, prediction, CLASSES)
    found = bootstrap_groups(statistic, speakers, speakers, min_clips=1)
    assert all(of.speakers == 1 and not of.metrics for of in found)
    assert worst_group(found, "uar") is None


def test_groups_come_in_the_order_asked_for(judged):
    """Bins ascend, though their names do not."""
    truth, prediction, _, speakers = judged
    names, order = name_bins(np.tile([5.0, 15.0, np.nan], 100), [10], "dB")
    statistic = classification_statistic(truth, prediction, CLASSES)
    found = bootstrap_groups(statistic, names, speakers, order=order, resamples=10)
    assert [of.group for of in found] == ["< 10 dB", "≥ 10 dB", "(unknown)"]


def test_the_worst_of_an_error_is_the_largest():
    """A calibration error is better when small; an undefined one is passed over."""
    found = [
        GroupResult(name, 50, 5, {"ece": Interval(ece, 0.0, 1.0)})
        for name, ece in (("a", 0.1), ("b", 0.3), ("c", float("nan")))
    ]
    assert worst_group(found, "ece", is_error=True).group == "b"
    assert worst_group(found, "ece").group == "a"


def test_an_unknown_metric_is_refused():
    """The message lists those there are."""
    found = [GroupResult("a", 50, 5, {"uar": Interval(0.5, 0.4, 0.6)})]
    with pytest.raises(ConfigurationError, match=r"one of \['uar'\], but got `ccc`"):
        worst_group(found, "ccc")


def test_models_are_compared_within_each_group(judged):
    """The comparison of a group is that of its clips alone."""
    truth, first, genders, speakers = judged
    second = np.random.default_rng(1).integers(2, size=300)
    models = [classification_statistic(truth, said, CLASSES) for said in (first, second)]
    found = compare_groups(*models, genders, speakers, resamples=50)
    women = [position for position, name in enumerate(genders) if name == "female"]
    alone = [classification_statistic(truth[women], s[women], CLASSES) for s in (first, second)]
    expected = compare_paired(*alone, [speakers[i] for i in women], resamples=50)
    assert found[0].metrics == expected
    assert found[2].metrics == {}


def test_a_number_on_an_edge_falls_above_it():
    """Bins are half open, and infinite numbers are unknown."""
    names, order = name_bins(np.array([-3, 0, 9.9, 10, np.inf]), [0, 10])
    assert names == ["< 0", "0 – 10", "0 – 10", "≥ 10", None]
    assert order == ("< 0", "0 – 10", "≥ 10")


@pytest.mark.parametrize("edges", [[], [10, 10], [20, 10]], ids=["none", "equal", "falling"])
def test_edges_that_do_not_ascend_are_refused(edges):
    """The message shows them."""
    with pytest.raises(ConfigurationError, match="`edges` must ascend"):
        name_bins(np.array([1.0]), edges)


def test_each_clip_needs_a_group(judged):
    """The message counts groups, speakers and clips."""
    truth, prediction, _, speakers = judged
    statistic = classification_statistic(truth, prediction, CLASSES)
    with pytest.raises(ConfigurationError, match="got 1 and 300 for 300 clips"):
        bootstrap_groups(statistic, ["female"], speakers)
