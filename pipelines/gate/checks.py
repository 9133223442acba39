"""What is asked of a candidate on the test clips as they are: better, calibrated, for every group.

The first check is a test and bounds the chance of a false promotion; the others are limits that
the measured difference must keep. Since a candidate has to pass them all, they can only lower
that chance (an intersection-union test: R. L. Berger, "Multiparameter hypothesis testing and
acceptance sampling", Technometrics 24(4), 1982). They bound no chance themselves: one that is
as good for every group may look worse for a small one by chance and be refused, and one that is
worse by less than the limit passes.
"""

from collections.abc import Sequence
from math import ceil, isfinite, log2
from typing import TYPE_CHECKING

import numpy as np

from pipelines.gate.evidence import Evidence, Posterior
from pipelines.gate.records import BETTER, Check
from pipelines.judgement import group_clips
from pipelines.operations_sections import GateSettings

if TYPE_CHECKING:
    from ser.metrics.bootstrap import Interval
    from ser.metrics.statistic import SummedStatistic
    from ser.metrics.superiority import Superiority

    Pair = tuple[SummedStatistic, SummedStatistic | None]

LEAST_DRAWS = 2000
MOST_SIGNS = 10_000


def check_better(evidence: Evidence, limits: GateSettings) -> Check:
    """Test whether the candidate is better than the champion, or than guessing where none is.

    It passes where the one-sided p over speakers is at most `false_promotion` and the lower end
    of the bootstrap interval, a bound of the same level, lies above the margin. The chance that
    a model no better than the champion passes is then at most `false_promotion` as far as
    `ser.metrics.superiority.superiority_over` controls it, decision by decision: a champion that
    is challenged ten times is replaced by luck up to ten times as often.

    Args:
        evidence: What both say of the clips.
        limits: The settings of the gate.
    """
    found = _measure(evidence, limits)
    margin = limits.margin if evidence.champion else 0.0
    interval = found.difference
    is_passed = found.p_value <= limits.false_promotion and interval.low > margin
    than = "" if margin == 0 else f" by more than {margin:+.3f}"
    said = "better" if is_passed else "not shown to be better"
    reason = (
        f"{said} than {evidence.opponent}{than}: UAR {found.candidate:.3f} against "
        f"{found.reference:.3f}, {_told(interval)}, p = {found.p_value:.3g}; {found.clips} clips "
        f"of {found.speakers} speakers"
    )
    return Check(
        check_name=BETTER,
        is_passed=bool(is_passed),
        metric="uar",
        candidate=found.candidate,
        champion=found.reference if evidence.champion else None,
        difference=interval.estimate,
        low=_known(interval.low),
        high=_known(interval.high),
        p_value=found.p_value,
        threshold=margin,
        clips=found.clips,
        reason=reason + _explain_impossible(found, evidence, limits),
    )


def check_calibration(evidence: Evidence, limits: GateSettings) -> Check:
    """Hold the calibration error of the candidate to that of the champion.

    Args:
        evidence: What both say of the clips; without a champion the error is told and passes.
        limits: The settings of the gate.
    """
    from ser.metrics.calibration import calibration_statistic  # noqa: PLC0415 - keeps help fast

    labels = evidence.clips.labels
    own = calibration_statistic(labels, evidence.said)
    candidate, clips = own.evaluate()["ece"], len(labels)
    if evidence.reference is None:
        reason = f"ECE {candidate:.3f}; no champion to compare with"
        told = (candidate, None, None, None, None, None, None)
        return Check("calibration", True, "ece", *told, clips, reason)
    other = calibration_statistic(labels, evidence.reference)
    ends = _bootstrap(own, other, evidence.clips.speakers, limits)["ece"]
    champion = other.evaluate()["ece"]
    is_passed = ends.estimate <= limits.calibration
    reason = (
        f"calibration: ECE {candidate:.3f} against {champion:.3f}, {_told(ends)}, "
        f"{'at most' if is_passed else 'more than'} {limits.calibration:g} worse"
    )
    return Check(
        "calibration", is_passed, "ece", candidate, champion, *_ends(ends), None,
        limits.calibration, clips, reason,
    )  # fmt: skip


def check_groups(evidence: Evidence, limits: GateSettings) -> list[Check]:
    """Hold the UAR of the candidate on every group of clips to that of the champion.

    Args:
        evidence: What both say of the clips; without a champion, guessing takes its place.
        limits: The settings of the gate.

    Returns:
        One check per group, such as `gender=female`; one that is too small to be judged passes
        and says so.
    """
    from ser.metrics.groups import UNKNOWN, bootstrap_groups  # noqa: PLC0415 - keeps help fast

    own, other = uar_statistics(evidence)
    speakers, found = evidence.clips.speakers, []
    for name, (groups, order) in group_clips(evidence.clips.facts).items():
        # Which groups are large enough does not depend on the model.
        judged = bootstrap_groups(own, groups, speakers, order=order, resamples=1)
        members = [UNKNOWN if group is None else group for group in groups]
        for of in judged:
            called = f"{name}={of.group}"
            if not of.metrics:
                reason = f"{called} is not judged: {of.clips} clips of {of.speakers} speakers"
                empty = (None, None, None, None, None, None, -limits.group)
                found.append(Check(called, True, "uar", *empty, of.clips, reason))
                continue
            at = np.flatnonzero(np.array(members) == of.group)
            named = [speakers[place] for place in at]
            found.append(
                compare_limit(
                    called,
                    (own.take(at), None if other is None else other.take(at)),
                    named,
                    guessing=1 / len(np.unique(evidence.clips.labels[at])),
                    limit=limits.group,
                    limits=limits,
                )
            )
    return found


def uar_statistics(evidence: Evidence) -> "Pair":
    """Return the metrics of the candidate, and of the champion or None, on all clips."""
    from ser.metrics.classification import classification_statistic  # noqa: PLC0415

    clips, reference = evidence.clips, evidence.reference

    def told(said: Posterior) -> "SummedStatistic":
        return classification_statistic(clips.labels, said.argmax(axis=1), clips.classes)

    return told(evidence.said), None if reference is None else told(reference)


def compare_limit(
    name: str,
    models: "Pair",
    speakers: Sequence[str],
    *,
    guessing: float,
    limit: float,
    limits: GateSettings,
) -> Check:
    """Hold a UAR to that of the champion, or to that of guessing.

    Args:
        name: What the clips have in common.
        models: Metrics of the candidate, and of the champion or None.
        speakers: Speaker of each clip.
        guessing: UAR of guessing on these clips.
        limit: By how much it may be worse.
        limits: The settings of the gate, for the level of the interval.
    """
    from ser.metrics.bootstrap import Interval, bootstrap_metrics  # noqa: PLC0415

    own, other = models
    candidate = own.evaluate()["uar"]
    if other is None:
        champion, against = guessing, "guessing"
        ends = bootstrap_metrics(own, speakers, confidence=confidence_of(limits))["uar"]
        ends = Interval(candidate - guessing, ends.low - guessing, ends.high - guessing)
    else:
        champion, against = other.evaluate()["uar"], "the champion"
        ends = _bootstrap(own, other, speakers, limits)["uar"]
    is_passed = ends.estimate >= -limit
    reason = (
        f"{name}: UAR {candidate:.3f} against {champion:.3f} of {against}, {_told(ends)}, "
        f"{'at most' if is_passed else 'more than'} {limit:g} worse; {len(speakers)} clips of "
        f"{len(set(speakers))} speakers"
    )
    return Check(
        name, bool(is_passed), "uar", candidate, None if other is None else champion,
        *_ends(ends), None, -limit, len(speakers), reason,
    )  # fmt: skip


def confidence_of(limits: GateSettings) -> float:
    """Return the confidence whose lower end is a bound of the level `false_promotion`."""
    return max(1 - 2 * limits.false_promotion, 1e-6)


def least_speakers(limits: GateSettings) -> int:
    """Return how many test speakers it takes for any model to pass against a champion.

    Example:
        >>> least_speakers(GateSettings()), least_speakers(GateSettings(false_promotion=0.01))
        (5, 7)
    """
    return ceil(-log2(limits.false_promotion))


def _measure(evidence: Evidence, limits: GateSettings) -> "Superiority":
    from ser.metrics.superiority import (  # noqa: PLC0415 - keeps help fast
        superiority_over,
        superiority_over_guessing,
    )

    clips, said = evidence.clips, evidence.said.argmax(axis=1)
    draws = ceil(2 / limits.false_promotion)
    if evidence.reference is None:
        return superiority_over_guessing(
            clips.labels,
            said,
            clips.speakers,
            n_classes=len(clips.classes),
            confidence=confidence_of(limits),
            permutations=max(LEAST_DRAWS, draws),
        )
    return superiority_over(
        clips.labels,
        said,
        evidence.reference.argmax(axis=1),
        clips.speakers,
        n_classes=len(clips.classes),
        margin=limits.margin,
        confidence=confidence_of(limits),
        permutations=max(MOST_SIGNS, draws),
    )


def _explain_impossible(found: "Superiority", evidence: Evidence, limits: GateSettings) -> str:
    if found.least_p > limits.false_promotion:
        return (
            f"; with {found.speakers} test speakers no p is below {found.least_p:.3g}, so no model "
            f"can pass at `gate.false_promotion` {limits.false_promotion:g}: hold out at least "
            f"{least_speakers(limits)} speakers, or raise it"
        )
    if evidence.champion is None and not isfinite(found.difference.low):
        return "; of a single speaker nobody can tell what others would give: hold out more"
    return ""


def _bootstrap(
    own: "SummedStatistic",
    other: "SummedStatistic",
    speakers: Sequence[str],
    limits: GateSettings,
) -> "dict[str, Interval]":
    from ser.metrics.bootstrap import bootstrap_difference  # noqa: PLC0415 - keeps help fast

    return bootstrap_difference(own, other, speakers, confidence=confidence_of(limits))


def _ends(interval: "Interval") -> tuple[float, float | None, float | None]:
    return interval.estimate, _known(interval.low), _known(interval.high)


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


def _told(interval: "Interval") -> str:
    if not isfinite(interval.low):
        return f"difference {interval.estimate:+.3f}"
    return f"difference {interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
