"""What the opinions page says in words: headings, sentences and tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.report.opinions.content import (
    AnnotatorView,
    Estimate,
    Fit,
    GroupContent,
    OpinionContent,
)
from pipelines.report.wording import (
    NO_BREAK_SPACE,
    format_count,
    format_interval,
    format_quantity,
    format_score,
    format_share,
)

# .667 and .8 are Krippendorff's marks for tentative and firm conclusions (Content Analysis, 2004,
# ch. 11); below them people still agree more than chance would.
_DEGREES: Final = (
    (0.8, "People agree"),
    (0.667, "People largely agree"),
    (0.4, "Partial agreement"),
)
_PERCEIVED: Final = {
    "audio": "what was heard",
    "video": "what was seen",
    "audiovisual": "what was heard and seen",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: what it is, its value, and what it should be read against."""

    label: str
    value: str
    detail: str


def write_degree(alpha: Estimate) -> str:
    """Return in a few words how far people agree.

    Args:
        alpha: Krippendorff's alpha with its interval.

    Example:
        >>> write_degree(Estimate(0.28, 0.27, 0.29)), write_degree(Estimate(0.1, -0.1, 0.3))
        ('People often disagree', 'No agreement beyond chance')
    """
    if not alpha.is_known:
        return "Nothing to compare"
    if alpha.low <= 0:
        return "No agreement beyond chance"
    return next(
        (words for least, words in _DEGREES if alpha.value >= least), "People often disagree"
    )


def write_verdict(content: OpinionContent) -> str:
    """Return the page's heading.

    Args:
        content: the records of the page.
    """
    known = [group for group in content.groups if group.alpha.is_known]
    if len(known) != 1 and len(content.groups) > 1 and known:
        values = sorted(group.alpha.value for group in known)
        lowest, highest = format_score(values[0]), format_score(values[-1])
        return f"Agreement from α{NO_BREAK_SPACE}{lowest} to {highest}"
    return write_degree((known or content.groups)[0].alpha)


def write_sentence(content: OpinionContent) -> str:
    """Return the sentence under the heading.

    Args:
        content: the records of the page.
    """
    if len(content.groups) == 1:
        return write_group_sentence(content.groups[0])
    votes = format_quantity(sum(group.votes for group in content.groups), "vote")
    return (
        f"{votes} of {content.scope} in {len(content.groups)} groups by class list and by what "
        "was perceived, which are never added up."
    )


def write_group_title(group: GroupContent) -> str:
    """Return the heading of a group, such as `What was heard, crema-d-6`."""
    perceived = _PERCEIVED.get(group.modality, group.modality)
    return f"{perceived[:1].upper()}{perceived[1:]}, in the classes of {group.taxonomy}"


def write_group_sentence(group: GroupContent) -> str:
    """Return what a group says in a sentence or two.

    Args:
        group: the votes in one taxonomy on one modality.
    """
    if not group.votes:
        return "These votes only rate; they give no labels that could be confused."
    kind = "simulated vote" if group.has_simulated_votes else "vote"
    speech = " of synthetic speech" if group.is_synthetic else ""
    opening = (
        f"{format_quantity(group.votes, kind)} on {format_quantity(group.clips, 'clip')}{speech}: "
        f"{write_degree(group.alpha).lower()}, α{NO_BREAK_SPACE}{write_estimate(group.alpha)}"
    )
    return f"{opening}. {_on_people(group)}"


def write_estimate(found: Estimate) -> str:
    """Return a number with its interval, such as `.28 [.27, .29]`."""
    if not found.is_known:
        return format_score(None)
    return f"{format_score(found.value)} {format_interval(found.low, found.high)}"


def _on_people(group: GroupContent) -> str:
    if not group.annotators:
        return "All votes are anonymous, so no single annotator can be judged."
    total = len(group.annotators)
    doubtful = [
        f"{format_count(count)} to {advice}" for advice, count in group.advised[1:] if count
    ]
    if not doubtful:
        everybody = "The only annotator" if total == 1 else f"All {format_count(total)} annotators"
        return f"{everybody} can be trusted."
    people = format_quantity(total, "annotator")
    trusted = group.advised[0][1]
    return f"Of {people}, {format_count(trusted)} can be trusted; {', '.join(reversed(doubtful))}."


def write_tiles(group: GroupContent) -> list[Tile]:
    """Choose the figures of a group.

    Args:
        group: the votes in one taxonomy on one modality; with labels.

    Returns:
        Six tiles: votes, clips, annotators, ties, alpha, convergence.
    """
    label = "Simulated votes" if group.has_simulated_votes else "Votes"
    per_clip = f"{group.votes / group.clips:.1f} votes per clip"
    named = format_count(len(group.annotators)) if group.annotators else "unknown"
    return [
        Tile("Krippendorff’s α", format_score(group.alpha.value), _on_alpha(group.alpha)),
        Tile(label, format_count(group.votes), per_clip),
        Tile("Clips", format_count(group.clips), f"of {', '.join(group.corpora)}"),
        Tile("Annotators", named, _on_names(group)),
        Tile("Ties", format_count(group.ties), _on_ties(group)),
        _fit_tile(group.fit),
    ]


def _on_alpha(alpha: Estimate) -> str:
    if not alpha.is_known:
        return "no clip with two votes, or one answer only"
    return f"{format_interval(alpha.low, alpha.high)} · 0 chance, 1 all alike"


def _on_names(group: GroupContent) -> str:
    if not group.annotators:
        return "the votes are anonymous counts"
    if group.anonymous:
        return f"named; {format_quantity(group.anonymous, 'vote')} more without a name"
    return f"named · {group.votes / len(group.annotators):.0f} votes each"


def _on_ties(group: GroupContent) -> str:
    undecided = group.fit.undecided if group.fit else 0
    left = "no tie" if not undecided else format_quantity(undecided, "tie")
    return f"{format_share(group.ties / group.clips)} of clips, counting votes · consensus: {left}"


def _fit_tile(fit: Fit | None) -> Tile:
    if fit is None:
        return Tile("Consensus", format_score(None), "none")
    rounds = format_quantity(fit.iterations, "round")
    if fit.converged:
        return Tile("Consensus", "converged", f"{fit.aggregator}, after {rounds}")
    return Tile(
        "Consensus",
        "not converged",
        f"{fit.aggregator}, stopped after {rounds} still moving by {fit.change:.1g}",
    )


def write_fit(fit: Fit) -> str:
    """Return how far the consensus can be relied on, in a sentence.

    Args:
        fit: how it was reached.
    """
    rounds = format_quantity(fit.iterations, "round")
    if fit.converged:
        return (
            f"The consensus is that of {fit.aggregator}, which converged after {rounds} of "
            "estimation. It takes votes for independent given the class, so where people disagree "
            "it is surer than it should be."
        )
    return (
        f"The consensus is that of {fit.aggregator}, which did NOT converge: after {rounds} a "
        f"probability still moved by {fit.change:.1g}. Take every number that rests on it, skill "
        "and confusion among them, as rough."
    )


def write_leaning(annotator: AnnotatorView) -> str:
    """Return which class an annotator favours or avoids, such as `anger +.12`."""
    if annotator.leaning is None:
        return "–"
    return f"{annotator.leaning} {format_score(annotator.bias, signed=True)}"
