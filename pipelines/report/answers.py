"""The first screen: did we get better, who is champion and why, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.report.changes import Progress
from pipelines.report.content import NextStep, PairedDifference, ReportContent
from pipelines.report.headline import write_headline
from pipelines.report.registry import GateDecision, Registry, State
from pipelines.report.wording import format_interval, format_quantity, format_score

Tone = Literal["good", "bad", "open"]
CHECKS_NAMED = 3

_PROGRESS: dict[Progress, str] = {
    "better": "Better than round {}",
    "worse": "Worse than round {}",
    "unclear": "No clear change since round {}",
    "unknown": "Not comparable with round {}",
}
_STANDING: dict[State, str] = {
    "candidate": "",
    "champion": ", and champion",
    "refused": ", and refused",
    "waiting": ", and waiting for approval",
    "retired": ", and rolled back",
}
_NEWS: dict[State, Tone] = {"champion": "good", "retired": "bad"}
_FAILED = {
    "better": "not shown to be better",
    "calibration": "worse calibrated",
    "comparable": "not comparable",
    "noise": "worse under noise",
    "gain=up": "worse when louder",
    "gain=down": "worse when softer",
}
_SHORT: dict[Progress, tuple[str, Tone]] = {
    "better": ("Yes", "good"),
    "worse": ("No, it got worse", "bad"),
    "unclear": ("Not clearly", "open"),
    "unknown": ("Nobody can say", "open"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question of the first screen.

    Args:
        question: the question.
        short: the answer in a few words.
        sentences: its evidence, each a paragraph.
        anchor: id of the heading that has all of it.
        tone: whether it is good news.
        step: what to run; None for nothing.
    """

    question: str
    short: str
    sentences: tuple[str, ...]
    anchor: str
    tone: Tone = "open"
    step: NextStep | None = None


def write_title(content: ReportContent) -> str:
    """Say in one line what the round came to.

    Args:
        content: the records of the page.

    Returns:
        Words such as `Better than round 2, and champion`.
    """
    registry = content.registry
    standing = "" if registry is None else _STANDING[registry.state]
    if content.changes is None:
        return f"{'Starting point' if content.curve else 'No result'}{standing}"
    return f"{_PROGRESS[content.changes.progress].format(content.changes.since)}{standing}"


def write_answers(content: ReportContent) -> list[Answer]:
    """Answer what somebody wants to know in the morning.

    Args:
        content: the records of the page.

    Returns:
        Two or three answers: progress, champion, and what to do where anything is to be done.
    """
    answers = [_tell_progress(content), _tell_champion(content)]
    if content.next_steps:
        answers.append(_tell_next(content))
    return answers


def _tell_progress(content: ReportContent) -> Answer:
    question = "Did we get better?"
    against = _tell_rival(content)
    changes = content.changes
    if changes is None:
        points = content.arm_points("active")
        if not points:
            words = "No model has been evaluated yet."
            return Answer(question=question, short="Not yet", sentences=(words,), anchor="h-curve")
        words = "The first model: later rounds are held against it."
        return Answer(
            question=question, short="It is a start", sentences=(words,), anchor="h-curve"
        )
    short, tone = _SHORT[changes.progress]
    score = changes.of_active
    told = "It was not judged on the clips of the round before."
    if score is not None and score.difference is not None:
        speakers = format_quantity(content.held_out.speakers, "test speaker")
        told = (
            f"UAR {_write_difference(score.difference)} since round {changes.since}, on the same "
            f"{speakers}."
        )
    elif score is not None:
        told = f"UAR {format_score(score.before)} then, {format_score(score.after)} now."
    return Answer(
        question=question, short=short, sentences=(told, against), anchor="h-changes", tone=tone
    )


def _tell_rival(content: ReportContent) -> str:
    """Say how the arms stand; ahead by more votes is not ahead."""
    verdict = write_headline(content).verdict
    if content.difference is None:
        return f"Active against random arm: {verdict.lower()}."
    active, random = (content.arm_points(arm)[-1] for arm in ("active", "random"))
    fewer = random.votes - active.votes
    noun = format_quantity(abs(fewer), f"{'fewer' if fewer > 0 else 'more'} vote")
    spent = f", with {noun}" if fewer else ""
    return (
        f"Against the random arm {_write_difference(content.difference)}{spent}: "
        f"{verdict[:1].lower()}{verdict[1:]}."
    )


def _tell_champion(content: ReportContent) -> Answer:
    question, registry = "Who is champion?", content.registry
    anchor = "h-curve" if registry is None else "h-gate"
    if registry is None or (registry.champion is None and registry.decision is None):
        words = "No model was promoted: the gate has decided nothing yet."
        return Answer(question=question, short="Nobody yet", sentences=(words,), anchor=anchor)
    told = []
    champion = registry.champion
    short = "Nobody yet"
    if champion is not None:
        interval = format_interval(champion.uar_low, champion.uar_high)
        told.append(f"UAR {format_score(champion.uar)} {interval}.")
        short = _name_champion(registry)
    told.append(_tell_why(registry))
    return Answer(
        question=question,
        short=short,
        sentences=tuple(told),
        anchor=anchor,
        tone=_NEWS.get(registry.state, "open"),
    )


def _name_champion(registry: Registry) -> str:
    champion = registry.champion
    if registry.state == "champion":
        return "This round’s model"
    if champion is None or champion.round is None:
        return "A model of no round"
    return f"Still round {champion.round}’s model"


def _tell_why(registry: Registry) -> str:
    decision, last = registry.decision, registry.last_change
    why = _end(last.reason if last is not None and last.reason else "nobody said why")
    if registry.state == "waiting":
        return "This round’s model passed the gate and waits for a person’s approval."
    if registry.state == "retired":
        return f"This round’s model was rolled back: {why}"
    if registry.state == "champion":
        is_passed = decision is not None and decision.is_passed
        return "It passed every check of the gate." if is_passed else f"Promoted by hand: {why}"
    if decision is None:
        return "The gate has not met this round’s model yet."
    failed = f"{_list_failed(decision)}." if decision.failed else why
    return f"This round’s model was refused: {failed}"


def _list_failed(decision: GateDecision) -> str:
    told = [
        _FAILED.get(of.check_name, f"worse for {of.check_name.replace('=', ' ')}")
        for of in decision.failed
    ]
    more = len(told) - CHECKS_NAMED
    return ", ".join(told[:CHECKS_NAMED]) + (f" and {more} more" if more > 0 else "")


def _tell_next(content: ReportContent) -> Answer:
    first, *others = content.next_steps
    then = (f"Then {others[0].purpose}.",) if others else ()
    return Answer(
        question="What now?",
        short=_capitalise(first.purpose),
        sentences=then,
        anchor="h-next",
        step=first,
    )


def _write_difference(difference: PairedDifference) -> str:
    shown = format_score(difference.uar, signed=True)
    return f"{shown} {format_interval(difference.low, difference.high)}"


def _capitalise(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _end(words: str) -> str:
    return words if words.endswith(".") else f"{words}."
