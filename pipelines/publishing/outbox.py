"""What is to be in Label Studio, and in which order: decided once, written before it is sent.

Every choice by chance follows from a hash of project and clip, so that it can be made again.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACTIVE_ARM = "active"
_SCALE = 2.0**64


@dataclass(frozen=True)
class Question:
    """A clip that a round asks about.

    Args:
        clip_id: The clip.
        utility: What the active arm expects of it; None for a clip that another arm asks about.
    """

    clip_id: str
    utility: float | None = None


@dataclass(frozen=True)
class Place:
    """A task in the queue.

    Args:
        clip_id: The clip.
        round_id: The round it is queued with.
        is_gold: Whether its class is known.
    """

    clip_id: str
    round_id: str
    is_gold: bool = False


def draw(project: str, clip_id: str, purpose: str) -> float:
    """Return a number in [0, 1) that is a clip's own in a project, and independent by purpose.

    Example:
        >>> draw("demo-00c0ffee", "demo/a", "place") == draw("demo-00c0ffee", "demo/a", "place")
        True
    """
    text = f"{project}\x1f{clip_id}\x1f{purpose}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / _SCALE


def order_round(
    project: str, questions: Iterable[Question], gold: Collection[str] = ()
) -> list[str]:
    """Return the clips of a round in the order in which annotators meet them.

    Those that the active arm asks about come by falling utility. All others lie at random places
    among them, so that where somebody stops says nothing about what was asked why.

    Args:
        project: The project's name in the warehouse.
        questions: What is asked, each clip once.
        gold: Clips mixed in unseen.

    Example:
        >>> order_round("p", [Question("a", 0.1), Question("b", 0.7), Question("c", 0.4)])
        ['b', 'c', 'a']
    """
    asked = list(questions)
    ranked = sorted(
        (item for item in asked if item.utility is not None),
        key=lambda item: (-(item.utility or 0.0), item.clip_id),
    )
    others = [*(item.clip_id for item in asked if item.utility is None), *gold]
    places = {item.clip_id: (at + 0.5) / len(ranked) for at, item in enumerate(ranked)}
    places |= {clip_id: draw(project, clip_id, "place") for clip_id in others}
    return sorted(places, key=lambda clip_id: (places[clip_id], clip_id))


def mix_gold(
    project: str,
    fresh: Mapping[str, int],
    spare: Iterable[str],
    *,
    share: float,
) -> dict[str, list[str]]:
    """Return which gold is mixed into which round.

    Args:
        project: The project's name in the warehouse.
        fresh: How many clips each round asks about that have no task yet, by its id, in order.
        spare: Gold that has no task yet and is not asked about.
        share: Share of a round's tasks that are gold, in [0, 1), while there is any.

    Example:
        >>> {name: len(clips) for name, clips in mix_gold("p", {"r": 9}, "abc", share=0.1).items()}
        {'r': 1}
    """
    rest = sorted(spare, key=lambda clip_id: draw(project, clip_id, "gold"))
    mixed: dict[str, list[str]] = {}
    for round_id, clips in fresh.items():
        count = round(clips * share / (1 - share))
        mixed[round_id], rest = rest[:count], rest[count:]
    return mixed


def arrange(
    project: str, rounds: Mapping[str, Sequence[Question]], gold: Mapping[str, Sequence[str]]
) -> list[Place]:
    """Return the queue of a project: older rounds first, each in the order of `order_round`.

    Args:
        project: The project's name in the warehouse.
        rounds: What each round asks, by its id, in the order of the rounds; a clip that several
            ask about belongs to the first.
        gold: The gold of each of these rounds, by its id.
    """
    queue: list[Place] = []
    seen: set[str] = set()
    for round_id, questions in rounds.items():
        # Of a clip in two arms the first counts.
        own = {item.clip_id: item for item in reversed(questions) if item.clip_id not in seen}
        known = [clip_id for clip_id in gold.get(round_id, ()) if clip_id not in seen | own.keys()]
        order = order_round(project, own.values(), known)
        queue += [Place(clip_id, round_id, clip_id not in own) for clip_id in order]
        seen |= own.keys() | set(known)
    return queue


def task_rows(
    project: str,
    queue: Sequence[Place],
    *,
    first: int,
    predicted: Mapping[str, tuple[str, str]],
    shown_share: float,
) -> list[dict[str, Any]]:
    """Return rows of `tasks`.

    Args:
        project: The project's name in the warehouse.
        queue: What is to be queued, in order.
        first: Place of the first of them in the queue of the project.
        predicted: Model and the class it holds most probable, by clip.
        shown_share: Share of the tasks with a prediction that show it; 0 for no trial.
    """
    rows = []
    for place, item in enumerate(queue, first):
        told = predicted.get(item.clip_id) if shown_share > 0 else None
        rows.append(
            {
                "project": project,
                "clip_id": item.clip_id,
                "round_id": item.round_id,
                "place": place,
                "is_gold": item.is_gold,
                "model_id": told and told[0],
                "predicted": told and told[1],
                "is_shown": bool(told) and draw(project, item.clip_id, "shown") < shown_share,
            }
        )
    return rows
