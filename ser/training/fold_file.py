"""Folds that are fixed in a file, as publications give them."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeGuard

from ser.errors import ConfigurationError, LeakageError
from ser.training.folds import UNKNOWN, Split, hold_out

Folds = tuple[tuple[str, ...], ...]


def read_folds(path: Path, *, speaker: str = "{}") -> Folds:
    """Read the test speakers of each fold from a JSON file.

    The file holds a list of folds, each a list of speakers, or an object with such a list under
    `test`, whose other entries are notes.

    Args:
        path: The file.
        speaker: How an entry of the file becomes the name of a speaker, as for `str.format`:
            ``"actor-{:02d}"`` turns 3 into `actor-03`.

    Returns:
        Names of the speakers of each fold, in the order of the file.

    Raises:
        ConfigurationError: If the file cannot be read or holds anything else.
        LeakageError: If a speaker is named twice.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"`{path.name}` is no readable JSON file: {error}") from error
    folds = content.get("test") if isinstance(content, dict) else content
    if not _is_list_of_lists(folds):
        raise ConfigurationError(
            f"`{path.name}` must hold a list of at least two folds, each a list of speakers (text "
            "or whole numbers), or an object with such a list under `test`"
        )
    try:
        named = tuple(tuple(speaker.format(entry) for entry in fold) for fold in folds)
    except (ValueError, IndexError, KeyError) as error:
        raise ConfigurationError(
            f"`speaker` must format the entries of `{path.name}`, but `{speaker}` does not: {error}"
        ) from error
    _refuse_repeated(named)
    return named


def fixed_folds(
    folds: Sequence[Collection[str]], speakers: Sequence[str | None]
) -> tuple[Split, ...]:
    """Return the split of each fixed fold: its speakers are tested, all others learned from.

    Args:
        folds: Test speakers of each fold, as `read_folds` returns them.
        speakers: Speaker of each clip.

    Returns:
        One split per fold, without a dev part.

    Raises:
        ConfigurationError: If a fold names nobody or somebody without a clip, or a speaker, or a
            clip of an unknown one, is in no fold.
        LeakageError: If a speaker is in two folds.

    Example:
        >>> [split.test.tolist() for split in fixed_folds([["a"], ["b", "c"]], ["a", "b", "c"])]
        [[0], [1, 2]]
    """
    _refuse_repeated(folds)
    named = {name for fold in folds for name in fold}
    left = sorted({name or UNKNOWN for name in speakers if name not in named})
    if left or not all(folds):
        raise ConfigurationError(
            f"`folds` must each name a speaker and together everybody, but leave out {left}"
            f"{'' if all(folds) else ' and hold an empty fold'}"
        )
    return tuple(hold_out(speakers, test=fold) for fold in folds)


def _refuse_repeated(folds: Sequence[Collection[str]]) -> None:
    named = [name for fold in folds for name in fold]
    repeated = sorted({name for name in named if named.count(name) > 1})
    if repeated:
        raise LeakageError(f"`folds` name the speakers {repeated} more than once")


def _is_list_of_lists(folds: object) -> TypeGuard[list[list[str | int]]]:
    return (
        isinstance(folds, list)
        and len(folds) > 1
        and all(isinstance(fold, list) and fold for fold in folds)
        and all(type(entry) in {str, int} for fold in folds for entry in fold)
    )
