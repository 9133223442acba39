"""Mappings written as TOML, for label sets of your own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence

from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.mapping import Rule, Split, TaxonomyMap

_KEYS = frozenset({"source", "target", "version", "classes", "map", "drop", "split"})
_REQUIRED = ("source", "target", "version", "classes")


def read_mapping(text: str) -> TaxonomyMap:
    r"""Read a mapping from TOML.

    Keys: `source`, `target`, `version`, `classes`, a table `map` of labels, a list `drop` of
    labels, and for each label that another column decides on a table `split.<label>` with
    `column`, a table `map` of its values, and a list `drop` of its values.

    Args:
        text: The file.

    Raises:
        TaxonomyError: It is no TOML, a key is missing, unknown or of the wrong type, or a label
            is ruled twice.

    Example:
        >>> found = read_mapping('''
        ...     source = "mine-3"
        ...     target = "anger-2"
        ...     version = 1
        ...     classes = ["cold", "hot"]
        ...     drop = ["other", "calm"]
        ...     [split.anger]
        ...     column = "intensity"
        ...     map = {low = "cold", high = "hot"}
        ...     drop = ["unknown"]
        ... ''')
        >>> found.rule("anger")
        Split(column='intensity', targets=(('high', 'hot'), ('low', 'cold'), ('unknown', None)))
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"the mapping is no TOML: {error}"
        raise TaxonomyError(msg) from error
    return build_mapping(written)


def build_mapping(written: Mapping[str, object]) -> TaxonomyMap:
    """Build a mapping from what a TOML file of it holds; see `read_mapping`.

    Args:
        written: The keys of the file.

    Raises:
        TaxonomyError: A key is missing, unknown or of the wrong type, or a label is ruled twice.
    """
    _check_keys(written)
    splits = _table(written, "split")
    rules: dict[str, Rule] = {}
    for label, rule in _rules(written, "the mapping"):
        _put(rules, label, rule)
    for label in splits:
        _put(rules, label, _split(label, _table(splits, label)))
    classes = _names(written, "classes", "the mapping")
    return TaxonomyMap.of(
        str(written["source"]),
        str(written["target"]),
        classes,
        rules,
        version=int(str(written["version"])),
    )


def describe_mapping(mapping: TaxonomyMap) -> dict[str, object]:
    """Return a mapping as the keys of its TOML file, for JSON and `build_mapping` to read.

    Args:
        mapping: The mapping.

    Example:
        >>> from annotation.taxonomies.builtin import find_mapping
        >>> found = describe_mapping(find_mapping("crema-d-6", "emotion-4"))
        >>> found["classes"], found["drop"]
        (['anger', 'happiness', 'neutral', 'sadness'], ['disgust', 'fear'])
    """
    splits = {label: rule for label, rule in mapping.rules if isinstance(rule, Split)}
    return {
        "source": mapping.source,
        "target": mapping.target,
        "version": mapping.version,
        "classes": list(mapping.classes),
        **_describe_rules(mapping.rules),
        "split": {
            label: {"column": rule.column, **_describe_rules(rule.targets)}
            for label, rule in splits.items()
        },
    }


def _describe_rules(rules: Sequence[tuple[str, Rule]]) -> dict[str, object]:
    return {
        "map": {label: target for label, target in rules if isinstance(target, str)},
        "drop": [label for label, target in rules if target is None],
    }


def _check_keys(written: Mapping[str, object]) -> None:
    missing = [name for name in _REQUIRED if name not in written]
    strangers = sorted(written.keys() - _KEYS)
    is_whole = isinstance(written.get("version", 1), int)
    if missing or strangers or not is_whole:
        msg = (
            f"a mapping must have {list(_REQUIRED)} with a whole version, and may have map, drop "
            f"and split, but lacks {missing} and has {strangers}"
        )
        raise TaxonomyError(msg)


def _split(label: str, written: Mapping[str, object]) -> Split:
    column = written.get("column")
    if not isinstance(column, str) or written.keys() - {"column", "map", "drop"}:
        msg = f"`split.{label}` must have `column`, `map` and `drop`, but has {sorted(written)}"
        raise TaxonomyError(msg)
    targets: dict[str, Rule] = {}
    for value, target in _rules(written, f"`split.{label}`"):
        _put(targets, value, target)
    return Split.of(column, {value: str(t) if t else None for value, t in targets.items()})


def _rules(written: Mapping[str, object], where: str) -> list[tuple[str, str | None]]:
    mapped = _table(written, "map")
    wrong = sorted(label for label, target in mapped.items() if not isinstance(target, str))
    if wrong:
        msg = f"`map` of {where} must lead to class names, but {wrong} do not"
        raise TaxonomyError(msg)
    dropped = _names(written, "drop", where)
    return [
        *((label, str(target)) for label, target in mapped.items()),
        *((n, None) for n in dropped),
    ]


def _put(rules: dict[str, Rule], label: str, rule: Rule) -> None:
    if label in rules:
        msg = f"`{label}` is ruled twice; map it, drop it or split it"
        raise TaxonomyError(msg)
    rules[label] = rule


def _table(written: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = written.get(name, {})
    if not isinstance(found, Mapping):
        msg = f"`{name}` must be a table, but is {found!r}"
        raise TaxonomyError(msg)
    return found


def _names(written: Mapping[str, object], name: str, where: str) -> list[str]:
    found = written.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        msg = f"`{name}` of {where} must be a list of names, but is {found!r}"
        raise TaxonomyError(msg)
    return found
