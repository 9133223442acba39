"""A user's number on a server → who it is in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from annotation.label_studio.parse import user_of
from annotation.label_studio.users import ServerUser, annotator_of


def find_users(tasks: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    """Return the users who answered tasks.

    Args:
        tasks: Tasks with `annotations`, as the server lists them.
    """
    found = {
        user_of(annotation.get("completed_by"))
        for task in tasks
        for annotation in task.get("annotations") or ()
    }
    return frozenset(number for number in found if number is not None)


def name_annotators(
    numbers: Collection[int], users: Iterable[ServerUser], known: Mapping[int, str]
) -> dict[int, str]:
    """Say who users are in the ledger, who was not said before: fixed at first sight.

    Who changes their address stays who they were. A user who was removed from the organisation
    before the first look has no address any more, and stays unknown.

    Args:
        numbers: Users to be named.
        users: Those of the server.
        known: Who was named before.

    Returns:
        The new ones, ascending.

    Example:
        >>> name_annotators([3], [ServerUser(3, "ann@example.org", "", None)], {})
        {3: 'annotator-438c4c7afe'}
    """
    addresses = {user.id: user.address for user in users if "@" in user.address}
    new = sorted(set(numbers) & addresses.keys() - known.keys())
    return {number: annotator_of(addresses[number]) for number in new}
