"""What a mapping loses: labels dropped, distinctions merged away, votes that go with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr

from annotation.columns import IntArray
from annotation.taxonomies.compiled import CompiledMapping, count_cells
from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.mapping import Split, outcomes


@dataclass(frozen=True, slots=True)
class MappingLoss:
    """The account of one mapping, and of the votes it was applied to if there were any.

    Attributes:
        mapping: Its name.
        dropped: Source labels that are always dropped.
        merged: Target classes that several source labels lead to, with those labels.
        split: Source labels that another column decides on, with that column.
        votes: Votes before; None without counts, as are the next four.
        dropped_votes: Votes that were dropped.
        merged_votes: Votes kept in a class that several source labels lead to.
        dropped_by_label: Votes dropped of each source label that lost any.
        distinctions_lost: Entropy of the source label given the target class among kept votes,
            in nats: what can no longer be told apart. NaN where none were kept.
    """

    mapping: str
    dropped: tuple[str, ...]
    merged: tuple[tuple[str, tuple[str, ...]], ...]
    split: tuple[tuple[str, str], ...]
    votes: int | None = None
    dropped_votes: int | None = None
    merged_votes: int | None = None
    dropped_by_label: tuple[tuple[str, int], ...] | None = None
    distinctions_lost: float | None = None

    def sentences(self) -> tuple[str, ...]:
        """Say in words what is lost."""
        said = [f"{label} is dropped" for label in self.dropped]
        said += [f"{' and '.join(labels)} become {target}" for target, labels in self.merged]
        said += [f"{label} is split by {column}" for label, column in self.split]
        if self.votes is not None:
            said.append(f"{self.dropped_votes} of {self.votes} votes are dropped")
        return tuple(said)


def account(compiled: CompiledMapping, counts: IntArray | None = None) -> MappingLoss:
    """Return what a mapping loses.

    Args:
        compiled: The mapping.
        counts: Votes per source class, (S,); None accounts for the labels alone.

    Returns:
        The account.

    Raises:
        TaxonomyError: The counts have another length, or the mapping splits a label, so that
            counts per class do not say what becomes of them; `map_votes` does.

    Example:
        >>> import numpy as np
        >>> from annotation.taxonomies.builtin import find_mapping
        >>> from annotation.taxonomies.compiled import compile_mapping
        >>> mapping = find_mapping("crema-d-6", "emotion-4")
        >>> classes = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
        >>> loss = account(compile_mapping(mapping, classes), np.array([5, 1, 2, 5, 5, 2]))
        >>> loss.dropped, loss.dropped_votes, loss.votes
        (('disgust', 'fear'), 3, 20)
    """
    if counts is None:
        return _describe(compiled)
    if compiled.splits or counts.shape != compiled.index.shape:
        msg = (
            f"`counts` must be {compiled.index.shape} and `{compiled.name}` free of splits, but "
            f"`counts` is {counts.shape} and {len(compiled.splits)} labels are split; account "
            "for split votes with `map_votes`"
        )
        raise TaxonomyError(msg)
    size = len(compiled.source_classes), len(compiled.classes)
    return account_cells(compiled, count_cells(np.arange(size[0]), compiled.index, counts, size))


def account_cells(compiled: CompiledMapping, cells: IntArray) -> MappingLoss:
    """Return what a mapping lost of votes counted by source and target class, (S, T + 1)."""
    loss = _describe(compiled)
    kept = cells[:, :-1]
    merged = [compiled.classes.index(target) for target, _ in loss.merged]
    column = kept.sum(axis=0)
    total = column.sum()
    conditional = np.nan
    if total:
        conditional = float(entr(kept / total).sum() - entr(column / total).sum())
    lost = tuple(
        (label, int(number))
        for label, number in zip(compiled.source_classes, cells[:, -1], strict=True)
        if number
    )
    return MappingLoss(
        mapping=loss.mapping,
        dropped=loss.dropped,
        merged=loss.merged,
        split=loss.split,
        votes=int(cells.sum()),
        dropped_votes=int(cells[:, -1].sum()),
        merged_votes=int(column[merged].sum()),
        dropped_by_label=lost,
        distinctions_lost=max(conditional, 0.0) if total else conditional,
    )


def _describe(compiled: CompiledMapping) -> MappingLoss:
    rules = compiled.mapping.rules
    sources = {
        target: tuple(label for label, rule in rules if target in outcomes(rule))
        for target in compiled.classes
    }
    return MappingLoss(
        mapping=compiled.name,
        dropped=tuple(label for label, rule in rules if set(outcomes(rule)) == {None}),
        merged=tuple((target, labels) for target, labels in sources.items() if len(labels) > 1),
        split=tuple((label, rule.column) for label, rule in rules if isinstance(rule, Split)),
    )
