"""Two mappings one after the other as one."""

from __future__ import annotations

from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.mapping import Rule, Split, TaxonomyMap


def compose(first: TaxonomyMap, second: TaxonomyMap) -> TaxonomyMap:
    """Return the mapping that does what `first` and then `second` do.

    Args:
        first: From A to B.
        second: From B to C; its source must be the target of `first`.

    Returns:
        From A to C, with the version of `second`; classes of C that nothing of A leads to are
        left out. The hash in its name is that of its own rules.

    Raises:
        TaxonomyError: The mappings do not meet, a class of B has no rule in `second`, or both
            split the same label by different columns.

    Example:
        >>> first = TaxonomyMap.of("a", "b", ["x", "y"], {"p": "x", "q": "y", "r": None})
        >>> second = TaxonomyMap.of("b", "c", ["z"], {"x": "z", "y": None})
        >>> compose(first, second).rules
        (('p', 'z'), ('q', None), ('r', None))
    """
    if first.target != second.source:
        msg = f"`{second.name}` must map from `{first.target}`, but maps from `{second.source}`"
        raise TaxonomyError(msg)
    rules = {label: _follow(label, rule, second) for label, rule in first.rules}
    reached = {
        target
        for rule in rules.values()
        for target in (dict(rule.targets).values() if isinstance(rule, Split) else [rule])
    }
    classes = [name for name in second.classes if name in reached]
    return TaxonomyMap.of(first.source, second.target, classes, rules, version=second.version)


def _follow(label: str, rule: Rule, second: TaxonomyMap) -> Rule:
    if rule is None:
        return None
    if isinstance(rule, str):
        return second.rule(rule)
    return Split.of(
        rule.column,
        {
            value: _resolve(label, rule.column, value, target, second)
            for value, target in rule.targets
        },
    )


def _resolve(
    label: str, column: str, value: str, target: str | None, second: TaxonomyMap
) -> str | None:
    """Return what becomes of one value of a split after the second mapping."""
    following = None if target is None else second.rule(target)
    if not isinstance(following, Split):
        return following
    choices = dict(following.targets)
    if following.column != column or value not in choices:
        msg = (
            f"`{label}` is split by `{column}` and then by `{following.column}`, of which "
            f"`{second.name}` does not know `{value}`; write one mapping for both"
        )
        raise TaxonomyError(msg)
    return choices[value]
