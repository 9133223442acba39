"""What a search may vary: settings by name, each with a range or a list of choices."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pipelines.errors import PipelineError
from pipelines.settings import Settings, load_settings

Value = bool | int | float | str
# Where a training depends on more than its data. Features are computed before a search.
SECTIONS = ("training", "network", "augmentation", "fusion")
# A lucky seed is no better setting, and where a training runs or is told makes it no better;
# models of other tasks cannot be compared.
FIXED = frozenset(
    f"training.{key}"
    for key in (
        "seed",
        "device",
        "precision",
        "resume",
        "log_to",
        "log_place",
        "classes",
        "ratings",
    )
)
_OPTIMISATION = {
    "learning_rate": {"low": 3e-4, "high": 1e-2, "log": True},
    "weight_decay": {"low": 1e-4, "high": 1e-1, "log": True},
    "label_smoothing": {"low": 0.0, "high": 0.2},
    "mixup": {"low": 0.0, "high": 0.4},
}
_DROPOUT = {"low": 0.0, "high": 0.5}
NETWORK_SPACE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "training": _OPTIMISATION,
        "network": {
            "channels": ["8,16,32,48", "16,32,48,64", "24,48,72,96"],
            "dropout": _DROPOUT,
        },
        # What changes the sound works on log-mel features alone.
        "augmentation": {name: {"low": 0.0, "high": 1.0} for name in ("masks", "warp")},
    }
)
# A light head over a frozen encoder has no channels, and its features cannot be varied.
HEAD_SPACE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"training": _OPTIMISATION, "network": {"dropout": _DROPOUT, "encoder_dropout": _DROPOUT}}
)


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Args:
        low: The least.
        high: The greatest.
        log: Whether factors, not differences, are drawn evenly.
        is_whole: Whether they are integers.
    """

    low: float
    high: float
    log: bool = False
    is_whole: bool = False

    def holds(self, value: object) -> bool:
        """Return whether a value lies in it.

        Example:
            >>> Range(0.0, 0.5).holds(0.5), Range(0.0, 0.5).holds(None)
            (True, False)
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Choices:
    """A list of values without an order.

    Args:
        values: The values.
    """

    values: tuple[Value, ...]

    def holds(self, value: object) -> bool:
        """Return whether a value is one of them."""
        return value in self.values


# In the order of their names, so that a space written in another order is the same space.
Space = Mapping[str, Range | Choices]


def read_space(path: Path | None = None, *, is_head: bool = False) -> Space:
    """Read what a search may vary.

    Args:
        path: TOML file in the shape of `serloop.toml`, in which a value is a list of choices or a
            table with `low`, `high` and perhaps `log = true`; None for the built-in space.
        is_head: Whether the built-in space is to fit a light head over a frozen encoder.

    Returns:
        A range or choices for each dotted name, such as ``training.learning_rate``.

    Raises:
        PipelineError: If the file cannot be read, or a name or a value in it cannot be searched.
        SettingsError: If a setting refuses a value.

    Example:
        >>> read_space()["training.learning_rate"]
        Range(low=0.0003, high=0.01, log=True, is_whole=False)
    """
    where = "the built-in space" if path is None else f"`{path}`"
    built_in = HEAD_SPACE if is_head else NETWORK_SPACE
    tables = built_in if path is None else _load(path)
    space = {}
    for section, entries in tables.items():
        if section not in SECTIONS or not isinstance(entries, Mapping):
            raise PipelineError(
                f"{where} has `{section}`, but a search varies settings of the sections "
                f"{_listed(SECTIONS)}; write them as in serloop.toml, under `[section]`"
            )
        for key, entry in entries.items():
            space[f"{section}.{key}"] = _parse(f"{section}.{key}", entry, where)
    if not space:
        raise PipelineError(f"{where} names no setting; there is nothing to search")
    return dict(sorted(space.items()))


def apply_values(settings: Settings, values: Mapping[str, Value]) -> Settings:
    """Return settings in which the named ones have other values.

    Args:
        settings: The settings.
        values: Values by dotted name, as a space gives them.

    Raises:
        SettingsError: If a setting refuses its value.
    """
    for name, value in values.items():
        section, key = name.split(".")
        changed = getattr(settings, section).model_copy(update={key: _validated(name, value)})
        settings = settings.model_copy(update={section: changed})
    return settings


def describe_space(space: Space) -> dict[str, dict[str, Any]]:
    """Return a space as values that JSON can write."""
    return {name: asdict(domain) for name, domain in space.items()}


def write_toml(values: Mapping[str, Value]) -> str:
    """Write settings as a part of `serloop.toml`.

    Args:
        values: Values by dotted name, ordered by it.

    Example:
        >>> print(write_toml({"network.dropout": 0.1, "training.loss": "focal"}))
        [network]
        dropout = 0.1
        <BLANKLINE>
        [training]
        loss = "focal"
    """
    sections: dict[str, list[str]] = {}
    for name, value in values.items():
        section, key = name.split(".")
        # JSON writes scalars as TOML does.
        sections.setdefault(section, []).append(f"{key} = {json.dumps(value)}")
    return "\n\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in sections.items())


def _load(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PipelineError(f"`{path}` cannot be read as TOML: {error}") from error


def _parse(name: str, entry: object, where: str) -> Range | Choices:
    kinds = _kinds(name, where)
    if isinstance(entry, list) and entry:
        for value in entry:
            _validated(name, value)
        return Choices(tuple(entry))
    known = {"low", "high", "log"}
    if not isinstance(entry, dict) or not {"low", "high"} <= entry.keys() <= known:
        raise PipelineError(
            f"{where} gives `{name}` as {entry!r}; give a list of choices, or a range such as "
            "{ low = 0.001, high = 0.01, log = true }"
        )
    low, high, log = entry["low"], entry["high"], entry.get("log", False)
    is_whole = int in kinds and float not in kinds
    if not is_whole and float not in kinds:
        raise PipelineError(f"{where} gives `{name}` a range, but it is no number; list choices")
    number = int if is_whole else int | float
    is_number = all(isinstance(end, number) and not isinstance(end, bool) for end in (low, high))
    if not is_number or not isinstance(log, bool) or not low < high or (log and low <= 0):
        raise PipelineError(
            f"{where} gives `{name}` the range {entry!r}; `low` must be below `high`, above 0 if "
            f"`log = true`, and both {'integers' if is_whole else 'numbers'}"
        )
    for end in (low, high):
        _validated(name, end)
    return Range(low, high, log, is_whole) if is_whole else Range(float(low), float(high), log)


def _kinds(name: str, where: str) -> tuple[Any, ...]:
    """Return the types that a setting takes, or refuse its name."""
    section, key = name.split(".", 1)
    fields = type(Settings.model_fields[section].default).model_fields
    known = [field for field in fields if f"{section}.{field}" not in FIXED]
    if key not in known:
        close = get_close_matches(key, known, n=1)
        hint = f"did you mean `{section}.{close[0]}`?" if close else f"name {_listed(known)}"
        raise PipelineError(f"{where} names `{name}`, which cannot be searched; {hint}")
    annotation = fields[key].annotation
    return get_args(annotation) or (annotation,)


def _validated(name: str, value: object) -> object:
    section, key = name.split(".")
    return getattr(getattr(load_settings(**{section: {key: value}}), section), key)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
