"""Apply a mapping to labels, votes and posteriors, and say what went missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation.result import TIE_WIDTH
from annotation.columns import FloatArray, IntArray
from annotation.taxonomies.compiled import DROPPED, Columns, CompiledMapping, count_cells
from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.loss import MappingLoss, account_cells
from annotation.votes import VoteMatrix

LEAST_MASS: Final = 1e-9
"""A posterior with less than this left after dropping says nothing about the other classes."""


@dataclass(frozen=True, slots=True, eq=False)
class MappedVotes:
    """Votes in the target taxonomy.

    Attributes:
        votes: The votes that were kept; clips and annotators without any are gone.
        clips_lost: Ids of the clips that have no vote left.
        loss: The account.
    """

    votes: VoteMatrix
    clips_lost: tuple[str, ...]
    loss: MappingLoss


@dataclass(frozen=True, slots=True, eq=False)
class MappedPosterior:
    """Posteriors in the target taxonomy.

    Attributes:
        posterior: (N, T) float64, rows sum to 1; NaN where less than `LEAST_MASS` was left.
        dropped_mass: Probability of the dropped classes before, (N,) float64 in [0, 1].
        is_dropped: Whether some dropped class was at least as probable as every class that is
            left, (N,) bool: the decided label of such a clip is gone, and what is left of its
            posterior is the opinion of a minority.
    """

    posterior: FloatArray
    dropped_mass: FloatArray
    is_dropped: npt.NDArray[np.bool_]


def map_labels(
    compiled: CompiledMapping,
    labels: Sequence[str | None] | pa.Array | pa.ChunkedArray,
    columns: Columns | None = None,
) -> pa.Array:
    """Translate labels.

    Args:
        compiled: The mapping.
        labels: N source labels, null where there is none.
        columns: Columns the mapping splits by, one value per label.

    Returns:
        N target classes; null where there was no label or it is dropped.

    Raises:
        TaxonomyError: A label is no class of the source, or a split lacks its column or a rule
            for the value of a clip with its label.

    Example:
        >>> from annotation.taxonomies.builtin import find_mapping
        >>> from annotation.taxonomies.compiled import compile_mapping
        >>> mapping = find_mapping("urdu-4", "valence-2")
        >>> compiled = compile_mapping(mapping, ["anger", "happiness", "neutral", "sadness"])
        >>> map_labels(compiled, ["happiness", None, "anger"]).to_pylist()
        ['positive', None, 'negative']
    """
    given = labels if isinstance(labels, pa.Array | pa.ChunkedArray) else pa.array(labels)
    given = given.cast(pa.string())
    index = pc.index_in(given, pa.array(compiled.source_classes, pa.string()))
    unknown = given.filter(pc.and_(pc.is_valid(given), pc.is_null(index)))
    if len(unknown):
        msg = (
            f"label `{unknown[0]}` is none of the classes {list(compiled.source_classes)} that "
            f"`{compiled.name}` maps"
        )
        raise TaxonomyError(msg)
    at = np.flatnonzero(np.asarray(given.is_valid()))
    source = np.asarray(index.drop_null(), np.int64)
    target = np.full(len(given), DROPPED)
    target[at] = compiled.targets(len(given), columns)[at, source]
    compiled.check_ruled(target[at], at, source, columns)
    is_gone = target == DROPPED
    return pa.array(compiled.classes, pa.string()).take(pa.array(target, mask=is_gone))


def map_votes(
    compiled: CompiledMapping, votes: VoteMatrix, columns: Columns | None = None
) -> MappedVotes:
    """Translate votes; those for a dropped label are left out, merged ones add up.

    Dropping a vote is not the same as never having cast it: a clip of which most votes were
    dropped now looks clearer than it was. The account says how many.

    Args:
        compiled: The mapping.
        votes: Votes in the source's classes.
        columns: Columns the mapping splits by, one value per clip of `votes`.

    Returns:
        The votes, the clips that have none left, and the account.

    Raises:
        TaxonomyError: The votes are in other classes, or a split lacks its column.
    """
    clips, annotators, size = votes.shape
    if votes.classes != compiled.source_classes:
        msg = (
            f"`votes` must be in the classes {list(compiled.source_classes)}, but are in "
            f"{list(votes.classes)}; compile `{compiled.mapping.name}` for these"
        )
        raise TaxonomyError(msg)
    targets = compiled.targets(clips, columns)
    target = targets[votes.clip_index, votes.label_index]
    compiled.check_ruled(target, votes.clip_index, votes.label_index, columns)
    shape = size, len(compiled.classes)
    cells = count_cells(votes.label_index, target, votes.count, shape)
    kept = target != DROPPED
    clip, clip_ids = _renumber(votes.clip_index[kept], votes.clips)
    annotator, annotator_ids = _renumber(votes.annotator_index[kept], votes.annotators)
    number = (clip * max(annotators, 1) + annotator) * shape[1] + target[kept]
    cell, position = np.unique(number, return_inverse=True)
    count = np.bincount(position, weights=votes.count[kept], minlength=len(cell)).astype(np.int64)
    pair, label = np.divmod(cell, shape[1])
    clip, annotator = np.divmod(pair, max(annotators, 1))
    modality = votes.modality if len(cell) else None
    names = compiled.classes
    mapped = VoteMatrix(clip_ids, annotator_ids, names, clip, annotator, label, count, modality)
    lost = tuple(sorted(set(votes.clips) - set(clip_ids)))
    return MappedVotes(mapped, lost, account_cells(compiled, cells))


def map_posterior(
    compiled: CompiledMapping, posterior: FloatArray, columns: Columns | None = None
) -> MappedPosterior:
    """Translate posteriors: merged columns add up, and what is left after dropping is scaled to 1.

    Args:
        compiled: The mapping.
        posterior: (N, S), rows of probabilities summing to 1.
        columns: Columns the mapping splits by, one value per row.

    Returns:
        The posteriors, how much probability each row lost, and whether its label went with it.

    Raises:
        TaxonomyError: The posterior has another width, or a split lacks its column.

    Example:
        >>> from annotation.taxonomies import TaxonomyMap, compile_mapping
        >>> mapping = TaxonomyMap.of("a", "b", ["x"], {"p": "x", "q": "x", "r": None})
        >>> compiled = compile_mapping(mapping, ["p", "q", "r"])
        >>> found = map_posterior(compiled, np.array([[0.25, 0.25, 0.5]]))
        >>> found.posterior.tolist(), found.dropped_mass.tolist(), found.is_dropped.tolist()
        ([[1.0]], [0.5], [True])
    """
    rows, size = posterior.shape
    if size != len(compiled.source_classes):
        msg = f"`posterior` must have {len(compiled.source_classes)} columns, but has {size}"
        raise TaxonomyError(msg)
    targets = compiled.targets(rows, columns)
    mapped = np.zeros((rows, len(compiled.classes)))
    strongest = np.zeros(rows)
    at = np.arange(rows)
    for source in range(size):
        # A split sends rows of one column to several; elsewhere this is a plain addition.
        compiled.check_ruled(targets[:, source], at, np.full(rows, source), columns)
        kept = targets[:, source] != DROPPED
        mapped[at[kept], targets[kept, source]] += posterior[kept, source]
        np.maximum(strongest, np.where(kept, 0.0, posterior[:, source]), out=strongest)
    mass = mapped.sum(axis=1)
    left = np.where(mass > LEAST_MASS, mass, np.nan)
    is_dropped = (strongest > 0) & (strongest >= mapped.max(axis=1) - TIE_WIDTH)
    return MappedPosterior(mapped / left[:, None], np.clip(1 - mass, 0.0, 1.0), is_dropped)


def _renumber(index: IntArray, names: tuple[str, ...]) -> tuple[IntArray, tuple[str, ...]]:
    """Return positions among the names that are used, and those names in their order."""
    used = np.bincount(index, minlength=len(names)) > 0
    number = np.cumsum(used) - 1
    return number[index], tuple(name for name, keep in zip(names, used, strict=True) if keep)
