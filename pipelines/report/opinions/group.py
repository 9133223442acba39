"""Everything the page shows of the votes in one taxonomy on one modality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import nan

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS, Consensus
from annotation.agreement import count_alpha, people_per_class, rating_alpha
from annotation.ratings import build_rating_matrix
from annotation.simulate import SOURCE as SIMULATED
from annotation.votes import build_vote_matrix
from pipelines.opinions import RATED, Opinions
from pipelines.report.opinions.content import Estimate, Fit, GroupContent
from pipelines.report.opinions.doubts import find_doubts
from pipelines.report.opinions.people import describe_people, pool_confusion
from pipelines.report.opinions.timeline import estimate_of, measure_timeline
from ser.corpora.synthetic import INFO as SYNTHETIC


def describe_group(
    opinions: Opinions, *, method: str, asks: pa.Table, intended: Mapping[str, str]
) -> GroupContent:
    """Measure one group of votes; the consensus is made once and serves every part.

    Args:
        opinions: the votes that stand.
        method: a key of `annotation.aggregation.AGGREGATORS` whose consensus knows how people
            confuse classes.
        asks: clips asked about with their rounds.
        intended: label by the corpus's design, by clip id.

    Returns:
        The group, without audio.

    Raises:
        AnnotationError: a label is outside its taxonomy.
    """
    votes = opinions.votes
    corpora = pc.list_element(pc.split_pattern(votes["clip_id"], "/", max_splits=1), 0)
    names = tuple(sorted(pc.unique(corpora).to_pylist()))
    group = GroupContent(
        taxonomy=opinions.taxonomy,
        modality=opinions.modality,
        classes=opinions.classes,
        corpora=names,
        is_synthetic=SYNTHETIC.name in names,
        has_simulated_votes=SIMULATED in pc.unique(votes["source"]).to_pylist(),
        votes=0,
        anonymous=0,
        clips=0,
        ties=0,
        alpha=Estimate(nan, nan, nan),
        ratings=_measure_ratings(votes),
    )
    labelled = replace(opinions, votes=votes.filter(pc.is_valid(votes["label"])))
    if not labelled.votes.num_rows:
        return group
    return _add_labels(group, labelled, method, asks, intended)


def _add_labels(
    group: GroupContent,
    opinions: Opinions,
    method: str,
    asks: pa.Table,
    intended: Mapping[str, str],
) -> GroupContent:
    votes = opinions.votes
    matrix = build_vote_matrix(votes, opinions.classes)
    counts = matrix.class_counts()
    consensus = AGGREGATORS[method]().aggregate(matrix)
    place = {name: index for index, name in enumerate(opinions.classes)}
    meant = np.array([place.get(intended.get(clip, ""), -1) for clip in matrix.clips], np.int64)
    annotators, own_confusions = describe_people(opinions, consensus)
    ambiguous, unheard = find_doubts(matrix, consensus, intended)
    return replace(
        group,
        votes=int(counts.sum()),
        anonymous=int(pc.sum(votes.filter(pc.is_null(votes["annotator"]))["count"]).as_py() or 0),
        clips=len(matrix.clips),
        ties=int(((counts == counts.max(axis=1, keepdims=True)).sum(axis=1) > 1).sum()),
        alpha=estimate_of(count_alpha(people_per_class(matrix))),
        fit=_describe_fit(method, consensus),
        annotators=annotators,
        confusions=(*pool_confusion(consensus, counts, meant), *own_confusions),
        timeline=measure_timeline(votes, opinions.classes, asks),
        ambiguous=ambiguous,
        unheard=unheard,
    )


def _describe_fit(method: str, consensus: Consensus) -> Fit:
    return Fit(
        aggregator=method,
        iterations=consensus.iterations,
        converged=consensus.converged,
        change=consensus.change,
        undecided=int(consensus.is_tie.sum()),
    )


def _measure_ratings(votes: pa.Table) -> tuple[tuple[str, int, Estimate], ...]:
    found = []
    for dimension in RATED:
        ratings = build_rating_matrix(votes, dimension)
        if ratings.clips:
            given = int(ratings.count.sum())
            found.append((dimension, given, estimate_of(rating_alpha(ratings))))
    return tuple(found)
