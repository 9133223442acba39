"""Everything an opinions page shows, as frozen records that know nothing of the warehouse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

Advice = Literal["trust", "watch", "retrain", "exclude"]
ADVICE: tuple[Advice, ...] = ("trust", "watch", "retrain", "exclude")
Shares = tuple[tuple[float, ...], ...]

# With charts and players a group adds up to 2 MB to the page.
MAX_GROUPS: Final = 6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; NaN where undefined."""

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """True where the number is defined."""
        return math.isfinite(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorView:
    """One named annotator.

    Args:
        annotator: their id.
        votes: votes they cast.
        judged: those on clips somebody else voted on too.
        skill: expected share of right votes, with its interval.
        typical: what an average annotator scores on the same clips; NaN without judged votes.
        leaning: class they favour most, or avoid most where that is more; None when not known.
        bias: share of that class in their votes minus its share in their clips.
        advice: what to do about them.
        evidence: why, in words, gravest first.
    """

    annotator: str
    votes: int
    judged: int
    skill: Estimate
    typical: float
    leaning: str | None
    bias: float
    advice: Advice
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionView:
    """P(vote | class) of somebody, as a heat map.

    Args:
        title: whose votes.
        caption: what stands in the rows and why this map is shown.
        truth: what the rows are, for the axis.
        shares: (C, C), rows = truth, each summing to 1; NaN in a row nothing is known of.
        behind: votes behind each row, C of them; expected ones where the truth is a posterior.
    """

    title: str
    caption: str
    truth: str
    shares: Shares
    behind: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementStep:
    """Agreement within one round, or one stretch of time.

    Args:
        name: short name, for the axis.
        span: what it covers, in words.
        alpha: Krippendorff's alpha of the labels.
        pairs: share of pairs of people on a clip who say the same.
        clips: clips with two votes or more.
        votes: votes on them.
    """

    name: str
    span: str
    alpha: Estimate
    pairs: Estimate
    clips: int
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Agreement step by step.

    Args:
        unit: what a step is.
        steps: in order; none where there is nothing to compare.
        note: what is left out or why there are no steps, in a sentence; may be empty.
    """

    unit: Literal["round", "time"]
    steps: tuple[AgreementStep, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipView:
    """One clip that is in doubt.

    Args:
        clip_id: the clip.
        votes: label and votes for it, most first.
        leading: leading class of the consensus; None where the leading ones tie.
        probability: the consensus's probability of that class.
        intended: label by the corpus's design; None when there is none.
        ambiguity: doubt that stays however many are asked, nats.
        ignorance: doubt that further votes would remove, nats.
        gain: fall of the consensus's entropy to be expected from one more vote, nats.
        duration_s: length of its speech; None when the clip is not in the warehouse.
        audio: the FLAC file, or None to leave the player out.
        silence: why there is no player, in words; empty when there is one.
    """

    clip_id: str
    votes: tuple[tuple[str, int], ...]
    leading: str | None
    probability: float
    intended: str | None
    ambiguity: float
    ignorance: float
    gain: float
    duration_s: float | None
    audio: bytes | None = None
    silence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How the consensus was reached.

    Args:
        aggregator: its name.
        iterations: rounds of estimation.
        converged: True when its stopping rule was met.
        change: largest movement of a probability in the last round.
        undecided: clips whose leading classes tie in the consensus.
    """

    aggregator: str
    iterations: int
    converged: bool
    change: float
    undecided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupContent:
    """The votes in one taxonomy on one modality.

    Args:
        taxonomy: class list.
        modality: what was perceived.
        classes: C class names; none where the votes only rate.
        corpora: corpora of the clips.
        is_synthetic: True when some of the speech was generated by code.
        has_simulated_votes: True when some votes come from simulated annotators.
        votes: labelled votes.
        anonymous: those of them without a name.
        clips: clips with a labelled vote.
        ties: clips whose leading classes have equally many votes.
        alpha: Krippendorff's alpha of the labels.
        ratings: dimension, ratings, and alpha of the rated dimensions.
        fit: how the consensus was reached; None without labels.
        annotators: named annotators, gravest advice first.
        confusions: heat maps, that of all votes first.
        timeline: agreement over time; None without labels.
        ambiguous: clips on which people disagree, most first.
        unheard: clips too few have judged, those with most to learn first.
    """

    taxonomy: str
    modality: str
    classes: tuple[str, ...]
    corpora: tuple[str, ...]
    is_synthetic: bool
    has_simulated_votes: bool
    votes: int
    anonymous: int
    clips: int
    ties: int
    alpha: Estimate
    ratings: tuple[tuple[str, int, Estimate], ...] = ()
    fit: Fit | None = None
    annotators: tuple[AnnotatorView, ...] = ()
    confusions: tuple[ConfusionView, ...] = ()
    timeline: Timeline | None = None
    ambiguous: tuple[ClipView, ...] = ()
    unheard: tuple[ClipView, ...] = ()

    @property
    def advised(self) -> tuple[tuple[Advice, int], ...]:
        """Each advice and how many annotators it is given to, trust first."""
        given = [annotator.advice for annotator in self.annotators]
        return tuple((advice, given.count(advice)) for advice in ADVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionContent:
    """Everything one page shows.

    Args:
        scope: whose votes, in words.
        groups: by taxonomy and modality, at least one, most votes first; the first `MAX_GROUPS`
            have a section of their own.
        snapshot: warehouse snapshot that was read.
        code_version: version or commit of serloop.
        command: the command line that writes this page.
    """

    scope: str
    groups: tuple[GroupContent, ...]
    snapshot: int
    code_version: str
    command: str
