"""Which mapping a person means: a target that comes with the package, or a file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotation.taxonomies import (
    BUILTIN,
    CompiledMapping,
    TaxonomyError,
    TaxonomyMap,
    compile_mapping,
    read_mapping,
)
from pipelines.errors import PipelineError

SUFFIX = ".toml"


def choose_map(wanted: str | TaxonomyMap, source: str, classes: Sequence[str]) -> CompiledMapping:
    """Find the mapping from a taxonomy to the one that is wanted.

    Labels that are in the wanted taxonomy already are left as they are: `is_identity` tells.

    Args:
        wanted: A target that comes with the package, such as `emotion-4`, the path of a TOML
            file (`annotation.taxonomies.read_mapping`), or a mapping.
        source: Name of the taxonomy mapped from.
        classes: Its S classes, in column order.

    Returns:
        The mapping against these classes; `name` identifies it.

    Raises:
        PipelineError: If the file cannot be read.
        TaxonomyError: If there is no such target, the file maps from another taxonomy or calls
            its target what something else is called, or a class has no rule.

    Example:
        >>> choose_map("arousal-2", "urdu-4", ["anger", "happiness", "neutral", "sadness"]).classes
        ('low', 'high')
        >>> choose_map("mine-2", "mine-2", ["dull", "bright"]).classes
        ('dull', 'bright')
    """
    if wanted == source:
        return compile_mapping(TaxonomyMap.identity(source, classes), classes)
    mapping = wanted if isinstance(wanted, TaxonomyMap) else _find(wanted, source)
    if mapping.target == source:
        # The order of the wanted classes counts, so that columns mean the same everywhere.
        return compile_mapping(TaxonomyMap.identity(source, mapping.classes), classes)
    if mapping.source != source:
        msg = (
            f"`{mapping.name}` maps from `{mapping.source}`, but the labels are in `{source}`; "
            f'write `source = "{source}"` and a rule for each of {list(classes)}'
        )
        raise TaxonomyError(msg)
    return compile_mapping(mapping, classes)


def is_identity(compiled: CompiledMapping) -> bool:
    """Return whether a mapping that `choose_map` found leaves labels as they are."""
    return compiled.mapping.source == compiled.mapping.target


def is_file(wanted: str) -> bool:
    """Return whether a wanted taxonomy is the path of a file rather than a name.

    Example:
        >>> is_file("mine.toml"), is_file("emotion-4")
        (True, False)
    """
    return wanted.endswith(SUFFIX) or "/" in wanted


def load_mapping(path: str) -> TaxonomyMap:
    """Read a mapping from a TOML file.

    Args:
        path: The file.

    Raises:
        PipelineError: If it cannot be read.
        TaxonomyError: If it holds no mapping, or calls its target by the name of its source or
            of a target of the package that has other classes.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the mapping `{path}` cannot be read ({error}); name a TOML file"
        raise PipelineError(msg) from error
    try:
        mapping = read_mapping(text)
    except TaxonomyError as error:
        msg = f"`{path}`: {error}"
        raise TaxonomyError(msg) from error
    _check_target(path, mapping)
    return mapping


def targets_of(source: str) -> list[str]:
    """Return the targets that come with the package for a taxonomy, sorted."""
    return sorted(target for known, target in BUILTIN if known == source)


def share_mapping(one: str, other: str) -> bool:
    """Return whether two records of mappings have one in common.

    Args:
        one: Names of mappings, comma-separated, as `consensus_runs` and `models` store them.
        other: The same.

    Example:
        >>> share_mapping("a.t.v1.00", "a.t.v1.00, b.t.v1.11"), share_mapping("a.t.v1.00", "a.t.v2")
        (True, False)
    """
    return not set(one.split(", ")).isdisjoint(other.split(", "))


def check_comparable(judged: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to set figures side by side that are in different classes.

    Args:
        judged: Rows of `models` (or of `evaluations`): `model_id`, `taxonomy`, `mapping`,
            `classes`.

    Raises:
        PipelineError: If two of them differ, with both.

    Example:
        >>> row = {"model_id": "a", "taxonomy": "urdu-4", "mapping": None, "classes": ["joy"]}
        >>> check_comparable([row, row | {"model_id": "b"}])
    """
    for other in judged[1:]:
        if any(other[name] != judged[0][name] for name in ("taxonomy", "mapping", "classes")):
            first, second = (
                f"`{row['model_id']}` is in `{row['mapping'] or row['taxonomy']}`"
                for row in (judged[0], other)
            )
            raise PipelineError(
                f"{first}, but {second}: figures in different classes say nothing of one "
                "another; compare models of one taxonomy"
            )


def _find(wanted: str, source: str) -> TaxonomyMap:
    if is_file(wanted):
        return load_mapping(wanted)
    found = BUILTIN.get((source, wanted))
    if found is None:
        known = targets_of(source)
        listed = f"there are {', '.join(f'`{name}`' for name in known)}" if known else "none does"
        msg = (
            f"no mapping from `{source}` to `{wanted}` comes with serloop ({listed}); write one "
            f"as TOML and name its file, which must end in `{SUFFIX}`"
        )
        raise TaxonomyError(msg)
    return found


def _check_target(path: str, mapping: TaxonomyMap) -> None:
    """Refuse a name that already means other classes: results could be mistaken for those."""
    same_name = [known for (_, target), known in BUILTIN.items() if target == mapping.target]
    meant = same_name[0].classes if same_name else mapping.classes
    if mapping.target == mapping.source or mapping.classes != meant:
        msg = (
            f"`{path}` maps `{mapping.source}` to a target of the name `{mapping.target}`, which "
            f"means other classes already, not {list(mapping.classes)}; give the target a name "
            "of its own"
        )
        raise TaxonomyError(msg)
