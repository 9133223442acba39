"""A mapping between label sets as a record: what becomes of every source label."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from annotation.taxonomies.errors import TaxonomyError


@dataclass(frozen=True, slots=True)
class Split:
    """What becomes of a label depends on another column of the clip, such as its intensity.

    Attributes:
        column: Name of the column.
        targets: Class of each of its values, by value; None drops. A value that is not listed
            is an error where it occurs.
    """

    column: str
    targets: tuple[tuple[str, str | None], ...]

    @classmethod
    def of(cls, column: str, targets: Mapping[str, str | None]) -> Self:
        """Build a split from a mapping; the order of its values does not matter."""
        return cls(column, tuple(sorted(targets.items())))


Rule = str | Split | None
"""What becomes of a label: a class, a choice between classes, or None: it is dropped."""


@dataclass(frozen=True, slots=True)
class TaxonomyMap:
    """A mapping from one taxonomy to another, one rule per source label.

    Two mappings are the same if and only if source, target, classes and rules are; the name says
    so with a hash, so that a metric that names its mapping can be compared with another.

    Attributes:
        source: Name of the taxonomy mapped from.
        target: Name of the taxonomy mapped to; mappings of several corpora may share it.
        version: Raised by its author with every change, at least 1.
        classes: T target classes in column order.
        rules: The rule of each source label, by label.

    Raises:
        TaxonomyError: A class is repeated or never reached, a rule leads to no class, or the
            version is below 1.

    Example:
        >>> rules = {"happy": "joy", "excited": "joy", "sad": "sadness", "other": None}
        >>> found = TaxonomyMap.of("mine-4", "two-2", ["joy", "sadness"], rules)
        >>> found.name
        'mine-4.two-2.v1.c22f024d'
    """

    source: str
    target: str
    version: int
    classes: tuple[str, ...]
    rules: tuple[tuple[str, Rule], ...]

    def __post_init__(self) -> None:
        """Check what can be checked without the source's classes."""
        if self.version < 1 or not self.source or not self.target:
            msg = (
                f"a mapping must have a source, a target and a version of at least 1, but got "
                f"`{self.source}`, `{self.target}` and {self.version}"
            )
            raise TaxonomyError(msg)
        reached = {target for _, rule in self.rules for target in outcomes(rule)} - {None}
        if len(set(self.classes)) != len(self.classes) or reached != set(self.classes):
            msg = (
                f"`classes` of `{self.source}` → `{self.target}` must be distinct and exactly "
                f"those the rules lead to, {sorted(map(str, reached))}, but are "
                f"{list(self.classes)}"
            )
            raise TaxonomyError(msg)

    @classmethod
    def of(
        cls,
        source: str,
        target: str,
        classes: Sequence[str],
        rules: Mapping[str, Rule],
        *,
        version: int = 1,
    ) -> Self:
        """Build a mapping from a mapping of rules; the order of its labels does not matter."""
        return cls(source, target, version, tuple(classes), tuple(sorted(rules.items())))

    @classmethod
    def identity(cls, source: str, classes: Sequence[str]) -> Self:
        """Build the mapping that changes nothing."""
        return cls.of(source, source, classes, {name: name for name in classes})

    @property
    def digest(self) -> str:
        """Return eight hexadecimal digits that change with anything but the version."""
        rules = [
            [label, [rule.column, rule.targets] if isinstance(rule, Split) else rule]
            for label, rule in self.rules
        ]
        content = json.dumps([self.source, self.target, self.classes, rules])
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    @property
    def name(self) -> str:
        """Return `<source>.<target>.v<version>.<digest>`, which every metric stores."""
        return f"{self.source}.{self.target}.v{self.version}.{self.digest}"

    def rule(self, label: str) -> Rule:
        """Return the rule of a label.

        Raises:
            TaxonomyError: It has none.
        """
        for name, rule in self.rules:
            if name == label:
                return rule
        msg = f"`{label}` has no rule in `{self.name}`; map it or drop it"
        raise TaxonomyError(msg)


def outcomes(rule: Rule) -> tuple[str | None, ...]:
    """Return every class a rule may lead to; None among them where it may drop."""
    if isinstance(rule, Split):
        return tuple(target for _, target in rule.targets)
    return (rule,)
