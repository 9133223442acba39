"""What a published task calls its clip: a name that tells nothing, where ids tell the emotion."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

ITEM: Final = "item"
"""Name of the task's data field; every annotator may read it in the list of tasks."""

NO_ITEMS: Final[Mapping[str, str]] = MappingProxyType({})
_DIGITS: Final = 16


def item_of(project: str, clip_id: str) -> str:
    """Return what a project calls a clip; another project calls it otherwise.

    Example:
        >>> item_of("demo-00c0ffee", "crema-d/1001_DFA_ANG_XX")
        '7d45ed7b0377fada'
    """
    return hashlib.sha256(f"{project}\x1f{clip_id}".encode()).hexdigest()[:_DIGITS]


def name_items(project: str, clip_ids: Iterable[str]) -> dict[str, str]:
    """Return the clip of each item of a project.

    Args:
        project: The project's key.
        clip_ids: The clips it asks about.
    """
    return {item_of(project, clip_id): clip_id for clip_id in clip_ids}


def find_clip(data: object, items: Mapping[str, str]) -> str | None:
    """Return the clip that a task asks about; None if it does not say.

    Args:
        data: What the task holds. Tasks imported from a file name the clip itself.
        items: Clips by item.

    Example:
        >>> find_clip({"item": "ab12"}, {"ab12": "demo/a"}), find_clip({"clip_id": "demo/b"}, {})
        ('demo/a', 'demo/b')
    """
    if not isinstance(data, Mapping):
        return None
    named = data.get("clip_id")
    if named is None:
        item = data.get(ITEM)
        named = items.get(item) if isinstance(item, str) else None
    return named if isinstance(named, str) else None
