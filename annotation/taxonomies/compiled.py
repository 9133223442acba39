"""A mapping against the classes it maps: total, deterministic, and ready for arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.columns import IntArray
from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.mapping import Split, TaxonomyMap

DROPPED: Final = -1
UNRULED: Final = -2

Columns = Mapping[str, Sequence[str | None]]
"""Other columns of N clips by name, for the labels that are split by them."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledMapping:
    """A mapping whose every source class has a rule.

    Attributes:
        mapping: The mapping.
        source_classes: S class names in the order of the source's columns.
        index: Column of the target class of each source class, (S,) int64; `DROPPED` where it is
            dropped or split.
        splits: The source classes that are split, by column.
    """

    mapping: TaxonomyMap
    source_classes: tuple[str, ...]
    index: IntArray
    splits: tuple[tuple[int, Split], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the T target classes."""
        return self.mapping.classes

    @property
    def name(self) -> str:
        """Return the mapping's name."""
        return self.mapping.name

    def targets(self, rows: int, columns: Columns | None = None) -> IntArray:
        """Return what becomes of each source class on each clip, (rows, S).

        Args:
            rows: Number of clips.
            columns: The columns the splits ask for, each with one value per clip.

        Returns:
            Target columns; `DROPPED` where dropped, `UNRULED` where a split does not know the
            clip's value, which is an error only for those who have such a label.

        Raises:
            TaxonomyError: A column is missing or of another length.
        """
        found = np.broadcast_to(self.index, (rows, len(self.index)))
        if not self.splits:
            return found
        found = found.copy()
        for at, split in self.splits:
            values = self._values(split, rows, columns)
            table = {
                value: DROPPED if target is None else self.classes.index(target)
                for value, target in split.targets
            }
            numbers = (table.get(str(value), UNRULED) for value in values)
            found[:, at] = np.fromiter(numbers, np.int64, rows)
        return found

    def check_ruled(
        self, target: IntArray, clip: IntArray, source: IntArray, columns: Columns | None
    ) -> None:
        """Refuse labels whose split does not know the value of their clip.

        Args:
            target: What became of each label, (n,).
            clip: Row of each label's clip, (n,).
            source: Source class of each label, (n,).
            columns: As given to `targets`.

        Raises:
            TaxonomyError: There is one; the message names it.
        """
        unruled = np.flatnonzero(target == UNRULED)
        if not len(unruled) or columns is None:
            return
        at = unruled[0]
        split = dict(self.splits)[int(source[at])]
        msg = (
            f"`{self.name}` says nothing of `{self.source_classes[source[at]]}` where "
            f"`{split.column}` is `{columns[split.column][clip[at]]}` ({len(unruled)} times); "
            f"it knows {[value for value, _ in split.targets]}"
        )
        raise TaxonomyError(msg)

    def _values(self, split: Split, rows: int, columns: Columns | None) -> Sequence[str | None]:
        values = (columns or {}).get(split.column)
        if values is None or len(values) != rows:
            length = "none" if values is None else str(len(values))
            msg = (
                f"`{self.name}` splits labels by `{split.column}`: `columns` must hold {rows} "
                f"values of it, but holds {length}"
            )
            raise TaxonomyError(msg)
        return values


def compile_mapping(mapping: TaxonomyMap, source_classes: Sequence[str]) -> CompiledMapping:
    """Check a mapping against the classes it maps.

    Args:
        mapping: The mapping.
        source_classes: S class names of the source taxonomy, in column order.

    Returns:
        The mapping as arrays.

    Raises:
        TaxonomyError: A class has no rule or two, or a rule is of a label that is no class: a
            label must be dropped in so many words, never by forgetting it.

    Example:
        >>> mapping = TaxonomyMap.of("mine-3", "one-1", ["joy"], {"happy": "joy", "other": None})
        >>> compile_mapping(mapping, ["happy", "other"]).index.tolist()
        [0, -1]
    """
    labels = [label for label, _ in mapping.rules]
    missing = sorted(set(source_classes) - set(labels))
    strangers = sorted(set(labels) - set(source_classes))
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if missing or strangers or repeated or len(set(source_classes)) != len(source_classes):
        msg = (
            f"`{mapping.name}` must have one rule for each of {list(source_classes)}, but lacks "
            f"{missing}, has {strangers} that are no classes, and repeats {repeated}"
        )
        raise TaxonomyError(msg)
    rules = [mapping.rule(label) for label in source_classes]
    index = [mapping.classes.index(rule) if isinstance(rule, str) else DROPPED for rule in rules]
    splits = [(at, rule) for at, rule in enumerate(rules) if isinstance(rule, Split)]
    return CompiledMapping(mapping, tuple(source_classes), np.array(index, np.int64), tuple(splits))


def count_cells(
    source: npt.NDArray[np.int64],
    target: npt.NDArray[np.int64],
    weight: IntArray,
    shape: tuple[int, int],
) -> IntArray:
    """Count votes by source and target class, (S, T + 1); the last column are dropped ones."""
    rows, kept = shape
    column = np.where(target == DROPPED, kept, target)
    counts = np.bincount(source * (kept + 1) + column, weights=weight, minlength=rows * (kept + 1))
    return counts.astype(np.int64).reshape(rows, kept + 1)
