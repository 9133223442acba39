"""Agreement: how far people say the same of a clip, and how often what the corpus intended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.agreement import (
    Agreement,
    against_rest,
    agreement_with_others,
    agreement_with_reference,
    count_alpha,
    estimate,
    fleiss_kappa,
    pair_agreement,
    pairwise_kappa,
    people_per_class,
    rating_alpha,
)
from annotation.columns import FloatArray, IntArray
from annotation.ratings import build_rating_matrix
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.aggregator_agreement import (
    AggregatorAgreement,
    finite,
    intended_classes,
    judge_aggregators,
)
from pipelines.errors import NothingToDoError
from pipelines.opinions import (
    RATED,
    Opinions,
    intended_labels,
    read_opinions,
    split_by_round,
)
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

GroupBy = Literal["class", "round", "annotator", "corpus", "aggregator"]
RatingLevel = Literal["interval", "ordinal"]
ALL = "all"
LABEL = "label"


@dataclass(frozen=True)
class AgreementEstimate:
    """One statistic of one group of votes.

    Args:
        taxonomy: Class list of the votes.
        modality: What was perceived.
        judged: `label`, or the dimension rated.
        found: The statistic with its interval; its group is the class, round, annotator or
            corpus, or `all`.
        ties: Clips whose leading classes tie; None but for a majority.
        decided: Clips one class of which has more than half of the votes; None but for a majority.
    """

    taxonomy: str
    modality: str
    judged: str
    found: Agreement
    ties: int | None = None
    decided: int | None = None

    def row(self) -> Row:
        """Return it as a row of a table; what is undefined is None."""
        return {
            "taxonomy": self.taxonomy,
            "modality": self.modality,
            "group": self.found.group,
            "judged": self.judged,
            "statistic": self.found.name,
            "value": finite(self.found.value),
            "low": finite(self.found.low),
            "high": finite(self.found.high),
            "clips": self.found.clips,
            "votes": self.found.votes,
            "ties": self.ties,
            "decided": self.decided,
        }


@dataclass(frozen=True)
class AgreementResult:
    """How far people agree.

    Args:
        by: What the votes were grouped by; None for all together.
        level: Coverage of the intervals.
        estimates: By taxonomy, modality and group; none by aggregator.
        aggregators: By taxonomy, modality and aggregator, where that is what was asked for.
    """

    by: GroupBy | None
    level: float
    estimates: tuple[AgreementEstimate, ...]
    aggregators: tuple[AggregatorAgreement, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per statistic and group, or one per aggregator."""
        return [*(one.row() for one in self.estimates), *(one.row() for one in self.aggregators)]


@dataclass(frozen=True, eq=False)
class _Part:
    """The votes of one group, ready to be compared.

    Args:
        opinions: The votes, of this group only.
        group: Its name.
        counts: People per clip and class, (N, C), or per clip in one class and in the rest, (N, 2).
        people: People per clip and class, (N, C).
        intended: Intended class per clip, (N,); -1 for none, or for one that is not looked at.
        matrix: Who said what, to compare people two by two; None leaves that out.
    """

    opinions: Opinions
    group: str
    counts: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    people: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    intended: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    matrix: VoteMatrix | None = None


def agreement(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str | None = None,
    modality: str | None = None,
    by: GroupBy | None = None,
    rating_level: RatingLevel = "interval",
    resamples: int = 1000,
    level: float = 0.95,
) -> AgreementResult:
    """Measure how far the votes in force agree with each other and with the intended labels.

    Each statistic has an interval from clips drawn with replacement, always the same draw.

    - `nominal_alpha` (Krippendorff), `fleiss_kappa`, `pair_agreement` (share of pairs of people on
      a clip who say the same), and `mean_pairwise_kappa` (Cohen's, over pairs of named annotators
      who share ten clips), on labels;
    - `interval_alpha` or `ordinal_alpha` of each rated dimension;
    - `single_vote`, `majority` (a tie is a miss) and `majority_split` (a tie counts its share)
      equal to the intended label, where the corpus has one.

    By `class`, each class is compared with all others together, and intended clips of the class
    are looked at; by `round`, answers to the campaigns' questions are taken round by round; by
    `annotator`, each is compared with all others; by `aggregator`, what each aggregator concludes
    is compared with the intended labels.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        corpus: Only votes on this corpus.
        modality: Only votes on this modality.
        by: What to group by.
        rating_level: Whether ratings are compared as numbers or by their ranks.
        resamples: Bootstrap samples behind each interval; 0 for none.
        level: Coverage of the intervals, within (0, 1).

    Returns:
        The estimates, apart by taxonomy and modality.

    Raises:
        NothingToDoError: If no vote matches, or there is nothing to group.
        AnnotationError: If a label is outside its taxonomy, `level` or `resamples` out of range,
            or the ratings have too many values to be ranked.
    """
    with open_store(settings) as store:
        opinions = read_opinions(store, corpus=corpus, modality=modality)
        if by == "aggregator":
            judged = judge_aggregators(store, opinions, progress, resamples=resamples, level=level)
            return AgreementResult(by, level, (), tuple(judged))
        parts = [part for group in opinions for part in _split(store, group, by)]
    if not parts:
        raise NothingToDoError(_no_groups(by))
    draw = _Draw(resamples, level, rating_level)
    measure = _on_annotators if by == "annotator" else _on_part
    found: list[AgreementEstimate] = []
    with progress.track("measure agreement", len(parts), "groups") as advance:
        for part in parts:
            found += measure(part, draw)
            advance(note=part.group)
    if not found:
        raise NothingToDoError(_no_groups(by))
    return AgreementResult(by, level, tuple(found))


@dataclass(frozen=True)
class _Draw:
    resamples: int
    level: float
    rating_level: RatingLevel


def _no_groups(by: GroupBy | None) -> str:
    missing = {
        "annotator": "no named annotator shares a clip with another voter, and anonymous counts "
        "cannot be told apart; leave `--by` out",
        "round": "no question of a campaign has an answer; ask with `serloop round`",
        "class": "no vote has a label; leave `--by` out for the agreement of ratings",
    }
    return missing.get(by or ALL, "no vote has a label or a rating; collect answers that have")


def _split(store: Warehouse, opinions: Opinions, by: GroupBy | None) -> Iterator[_Part]:
    meant = intended_labels(store, pc.unique(opinions.votes["clip_id"]).to_pylist())
    if by != "class":
        for name, chosen in _subsets(store, opinions.votes, by):
            if chosen.num_rows:
                yield _part(replace(opinions, votes=chosen), name, meant)
        return
    whole = _part(opinions, ALL, meant)
    unrated = replace(opinions, votes=opinions.votes.slice(0, 0))
    for index, name in enumerate(opinions.classes):
        # A majority is one among all classes, also on the clips of a single class.
        meant_so = np.where(whole.intended == index, index, -1)
        yield _Part(unrated, name, against_rest(whole.people, index), whole.people, meant_so)


def _subsets(
    store: Warehouse, votes: pa.Table, by: GroupBy | None
) -> Iterator[tuple[str, pa.Table]]:
    if by == "corpus":
        corpora = pc.list_element(pc.split_pattern(votes["clip_id"], "/", max_splits=1), 0)
        for name in sorted(pc.unique(corpora).to_pylist()):
            yield name, votes.filter(pc.equal(corpora, name))
    elif by == "round":
        yield from split_by_round(votes, queries.select_asks(store))
    else:
        yield ALL, votes


def _part(opinions: Opinions, group: str, meant: Mapping[str, str]) -> _Part:
    if not opinions.classes:
        return _Part(opinions, group)
    matrix = build_vote_matrix(opinions.votes, opinions.classes)
    counts = people_per_class(matrix)
    return _Part(opinions, group, counts, counts, intended_classes(matrix, meant), matrix)


def _on_part(part: _Part, draw: _Draw) -> list[AgreementEstimate]:
    on_labels = _on_labels(part, draw) if part.counts.size else ()
    return [*on_labels, *_on_ratings(part, draw)]


def _on_labels(part: _Part, draw: _Draw) -> Iterator[AgreementEstimate]:
    for statistic in (count_alpha, fleiss_kappa, pair_agreement):
        found = estimate(statistic(part.counts), resamples=draw.resamples, level=draw.level)
        yield _record(part, LABEL, found)
    if part.matrix is not None:
        pairs = pairwise_kappa(part.matrix, resamples=draw.resamples, level=draw.level)
        if len(pairs.first):
            yield _record(part, LABEL, pairs.mean)
    if (part.intended >= 0).any():
        yield from _on_intended(part, draw)


def _on_intended(part: _Part, draw: _Draw) -> Iterator[AgreementEstimate]:
    found = agreement_with_reference(
        part.people, part.intended, resamples=draw.resamples, level=draw.level
    )
    yield _record(part, LABEL, found.single)
    majority = _record(part, LABEL, found.majority)
    yield replace(majority, ties=found.ties, decided=found.decided)
    yield _record(part, LABEL, found.majority_split)


def _on_ratings(part: _Part, draw: _Draw) -> Iterator[AgreementEstimate]:
    for dimension in RATED:
        ratings = build_rating_matrix(part.opinions.votes, dimension)
        if ratings.clips:
            statistic = rating_alpha(ratings, draw.rating_level)
            found = estimate(statistic, resamples=draw.resamples, level=draw.level)
            yield _record(part, dimension, found)


def _on_annotators(part: _Part, draw: _Draw) -> list[AgreementEstimate]:
    if part.matrix is None:
        return []
    rows = agreement_with_others(part.matrix, resamples=draw.resamples, level=draw.level)
    return [
        AgreementEstimate(part.opinions.taxonomy, part.opinions.modality, LABEL, found)
        for row in rows
        for found in (row.share, row.kappa)
    ]


def _record(part: _Part, judged: str, found: Agreement) -> AgreementEstimate:
    named = replace(found, group=part.group)
    return AgreementEstimate(part.opinions.taxonomy, part.opinions.modality, judged, named)
