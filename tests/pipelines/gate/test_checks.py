"""What the gate asks of a candidate, on made-up clips of which we know what it should find."""

import numpy as np
import pytest
from scipy import stats

from pipelines.gate.checks import check_better, check_calibration, check_groups, least_speakers
from pipelines.operations_sections import GateSettings
from tests.pipelines.gate.made_up import alike, make_evidence

LIMITS = GateSettings()


def test_a_better_model_passes_every_check() -> None:
    """Better on average, by gender, and about as well calibrated."""
    evidence = make_evidence(alike(0.75), alike(0.6))
    checks = [
        check_better(evidence, LIMITS),
        check_calibration(evidence, LIMITS),
        *check_groups(evidence, LIMITS),
    ]
    assert [(of.check_name, of.is_passed) for of in checks] == [
        ("better", True),
        ("calibration", True),
        ("gender=female", True),
        ("gender=male", True),
    ]
    better = checks[0]
    assert better.p_value <= LIMITS.false_promotion
    assert better.candidate - better.champion == pytest.approx(better.difference)
    assert better.reason.startswith("better than champion `old`: UAR 0.7")


def test_a_worse_model_is_not_better() -> None:
    """And the reason has the figures."""
    found = check_better(make_evidence(alike(0.25), alike(0.6)), LIMITS)
    assert not found.is_passed
    assert found.reason.startswith("not shown to be better than champion `old`: UAR 0.2")


def test_better_on_average_but_worse_for_men_is_found() -> None:
    """The average passes, the group of men does not, and is named with its figures."""
    evidence = make_evidence({"female": 1.0, "male": 0.5}, alike(0.6), speakers=24)
    assert check_better(evidence, LIMITS).is_passed
    women, men = check_groups(evidence, LIMITS)
    assert (women.is_passed, men.is_passed) == (True, False)
    assert men.check_name == "gender=male"
    assert men.difference < -LIMITS.group == men.threshold
    assert "more than 0.05 worse; 480 clips of 12 speakers" in men.reason


def test_a_group_may_be_a_little_worse() -> None:
    """As far as the setting allows."""
    evidence = make_evidence({"female": 1.0, "male": 0.5}, alike(0.6), speakers=24)
    lenient = GateSettings(group=0.3)
    assert all(of.is_passed for of in check_groups(evidence, lenient))


def test_a_group_too_small_to_be_judged_says_so() -> None:
    """Twenty clips tell hardly anything; the check passes and does not pretend to know."""
    evidence = make_evidence(alike(0.2), alike(0.9), speakers=4, clips=10)
    women, _ = check_groups(evidence, LIMITS)
    assert (women.is_passed, women.candidate, women.clips) == (True, None, 20)
    assert women.reason == "gender=female is not judged: 20 clips of 2 speakers"


def test_too_few_speakers_are_told_with_how_many_it_takes() -> None:
    """With four no p reaches .05, however much better the candidate is."""
    found = check_better(make_evidence(alike(1.0), alike(0.25), speakers=4), LIMITS)
    assert not found.is_passed
    assert "with 4 test speakers no p is below 0.0625" in found.reason
    assert "hold out at least 5 speakers, or raise it" in found.reason


@pytest.mark.parametrize("level", [0.5, 0.25, 0.05, 0.01, 0.001])
def test_so_many_speakers_are_enough(level: float) -> None:
    """With one speaker less the exact test could not reach the level."""
    speakers = least_speakers(GateSettings(false_promotion=level))
    assert 2**-speakers <= level < 2 ** -(speakers - 1)


def test_a_margin_above_zero_is_demanded() -> None:
    """Better by .15 is not better by .3."""
    evidence = make_evidence(alike(0.75), alike(0.6))
    assert check_better(evidence, GateSettings(margin=0.05)).is_passed
    found = check_better(evidence, GateSettings(margin=0.3))
    assert (found.is_passed, found.threshold) == (False, 0.3)
    assert "by more than +0.300" in found.reason


def test_a_margin_below_zero_lets_equals_pass() -> None:
    """Not worse by more than .1 is what is asked then, and what is much worse still fails."""
    limits = GateSettings(margin=-0.2)
    assert check_better(make_evidence(alike(0.7), alike(0.7)), limits).is_passed
    assert not check_better(make_evidence(alike(0.4), alike(0.7)), limits).is_passed


def test_worse_calibration_is_found() -> None:
    """As often right, but far too sure of it."""
    evidence = make_evidence(alike(0.6), alike(0.6), confidence=(0.98, 0.6))
    found = check_calibration(evidence, LIMITS)
    assert not found.is_passed
    assert found.difference > LIMITS.calibration == found.threshold
    assert "more than 0.05 worse" in found.reason
    assert check_calibration(evidence, GateSettings(calibration=0.5)).is_passed


def test_without_a_champion_guessing_is_to_be_beaten() -> None:
    """By test and interval; one that guesses is refused."""
    found = check_better(make_evidence(alike(0.5), None, speakers=2), LIMITS)
    assert (found.is_passed, found.champion) == (True, None)
    assert "better than guessing: UAR" in found.reason
    assert not check_better(make_evidence(alike(0.25), None), LIMITS).is_passed
    told = check_calibration(make_evidence(alike(0.5), None), LIMITS)
    assert (told.is_passed, told.champion, told.threshold) == (True, None, None)


def test_without_a_champion_a_group_may_not_be_below_guessing() -> None:
    """A model that always errs about men is refused for it."""
    women, men = check_groups(make_evidence({"female": 0.9, "male": 0.1}, None), LIMITS)
    assert (women.is_passed, men.is_passed) == (True, False)
    assert "of guessing" in men.reason


def test_a_single_speaker_is_not_enough_to_begin_with() -> None:
    """Nobody can tell what others would give, and the reason says so."""
    found = check_better(make_evidence(alike(0.9), None, speakers=1), LIMITS)
    assert (found.is_passed, found.low) == (False, None)
    assert "of a single speaker nobody can tell" in found.reason


@pytest.mark.parametrize(("speakers", "level"), [(6, 0.05), (12, 0.2)])
def test_equals_are_promoted_no_more_often_than_the_setting_says(
    speakers: int, level: float
) -> None:
    """Over hundreds of pairs of equal models, better by nothing but luck."""
    limits, tried = GateSettings(false_promotion=level), 200
    promoted = sum(
        check_better(
            make_evidence(alike(0.6), alike(0.6), speakers=speakers, clips=8, seed=seed), limits
        ).is_passed
        for seed in range(tried)
    )
    assert stats.binomtest(promoted, tried, level, alternative="greater").pvalue > 0.01


def test_equal_clips_give_equal_checks() -> None:
    """Nothing is drawn anew."""
    found = [check_better(make_evidence(alike(0.6), alike(0.5)), LIMITS) for _ in range(2)]
    assert found[0] == found[1]
    assert np.isfinite(found[0].low)
