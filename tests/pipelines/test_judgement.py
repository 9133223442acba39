"""Every figure of a model on clips is what the metrics say, overall and per group."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.judged import JudgedClips
from pipelines.judgement import Judgement, Scaling, group_clips, judge
from ser.metrics import calibration_statistic, classification_statistic, vote_statistic
from ser.metrics.posteriors import one_hot
from ser.metrics.temperature import fit_temperature

CLASSES = ("anger", "joy", "sadness")
CLIPS = 160
UNSCALED = Scaling("none")


def make_clips(seed: int = 0) -> tuple[JudgedClips, np.ndarray]:
    """Return clips of eight speakers, every tenth of them a tie, and what a model says of them."""
    random = np.random.default_rng(seed)
    targets = one_hot(random.integers(3, size=CLIPS), 3)
    targets[::10] = [0.5, 0.5, 0.0]
    speakers = tuple(f"s{number % 8}" for number in range(CLIPS))
    facts = {
        "gender": ["female" if number % 2 else "male" for number in range(CLIPS)],
        "age": [None] * CLIPS,
        "language": ["en"] * CLIPS,
        "snr_db": np.where(np.arange(CLIPS) % 4 < 2, 5.0, np.nan),
    }
    clips = JudgedClips(
        clip_ids=tuple(f"x/{number:03d}" for number in range(CLIPS)),
        speakers=speakers,
        targets=targets,
        is_decided=np.arange(CLIPS) % 10 > 0,
        facts=pa.table(facts),
        classes=CLASSES,
        taxonomy="x-3",
        mapping=None,
        dropped=0,
    )
    return clips, 0.5 * targets + 0.5 * random.dirichlet(np.ones(3), CLIPS)


def find(judgement: Judgement, metric: str, group: tuple[str, str] = ("all", "all")):
    """Return one figure."""
    return next(
        of
        for of in judgement.figures
        if (of.metric, of.group_name, of.group_value) == (metric, *group)
    )


def test_labels_are_judged_on_decided_clips_alone() -> None:
    """A tie is right or wrong by no label, so it counts in no recall and no calibration."""
    clips, said = make_clips()
    kept = clips.is_decided
    labels = clips.targets[kept].argmax(axis=1)
    told = classification_statistic(labels, said[kept].argmax(axis=1), CLASSES).evaluate()
    told |= calibration_statistic(labels, said[kept]).evaluate()
    judgement = judge(clips, said, scaling=UNSCALED)
    assert {name: find(judgement, name).value for name in told} == told
    assert find(judgement, "uar").clips == sum(judgement.confusion) == 144


def test_distributions_are_met_on_every_clip() -> None:
    """Where people split, the split is the truth; asked for intended labels there is none."""
    clips, said = make_clips()
    judgement = judge(clips, said, scaling=UNSCALED, is_soft=True)
    expected = vote_statistic(clips.targets, said).evaluate()["kl_divergence"]
    found = find(judgement, "kl_divergence")
    assert (found.value, found.clips) == (expected, CLIPS)
    plain = judge(clips, said, scaling=UNSCALED)
    assert "kl_divergence" not in {of.metric for of in plain.figures}


def test_scaling_leaves_the_unscaled_figures() -> None:
    """Calibration is told twice, before and after."""
    clips, said = make_clips()
    temperature = fit_temperature(clips.targets, said)
    judgement = judge(clips, said, scaling=Scaling("fitted", temperature, 3))
    kept = clips.is_decided
    labels = clips.targets[kept].argmax(axis=1)
    scaled = calibration_statistic(labels, temperature.apply(said[kept])).evaluate()
    assert find(judgement, "ece_scaled").value == scaled["ece"]
    assert find(judgement, "ece").value != scaled["ece"]
    assert find(judgement, "temperature").speakers == 3


def test_groups_are_judged_by_themselves_and_the_worst_is_named() -> None:
    """A group's figures are those of its clips; unknown values are a group of their own."""
    clips, said = make_clips()
    judgement = judge(clips, said, scaling=UNSCALED)
    women = np.flatnonzero(clips.is_decided & (np.arange(CLIPS) % 2 == 1))
    alone = judge(clips.take(women), said[women], scaling=UNSCALED)
    assert find(judgement, "uar", ("gender", "female")).value == find(alone, "uar").value
    uars = [of for of in judgement.figures if of.metric == "uar" and of.group_name != "all"]
    assert judgement.worst.value == min(of.value for of in uars)
    assert {of.group_name for of in uars} == {"gender"}


def test_a_grouping_of_one_group_says_nothing() -> None:
    """One language, or one bin of noise, is every clip again."""
    facts = {"gender": [None, "f"], "language": ["en", "de"], "snr_db": [1.0, 2.0]}
    assert list(group_clips(pa.table({**facts, "age": [31.0, 44.0]}))) == ["language"]


def test_clips_are_grouped_by_age() -> None:
    """In bands of years, ascending; unknown ages are in none."""
    facts = {"gender": [None] * 4, "language": [None] * 4, "snr_db": [None] * 4}
    groups, order = group_clips(pa.table({**facts, "age": [71.0, None, 17.0, 30.0]}))["age"]
    assert groups == ["≥ 60 years", None, "< 18 years", "30 – 45 years"]
    assert order[0] == "< 18 years"


def test_an_undefined_figure_is_null_in_json() -> None:
    """One speaker gives no interval, and JSON knows no NaN."""
    clips, said = make_clips()
    one = np.array([1, 9, 17])
    document = find(judge(clips.take(one), said[one], scaling=UNSCALED), "uar").document()
    assert document["low"] is None
    assert document["value"] == pytest.approx(document["value"])
