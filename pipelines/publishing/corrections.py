"""What is to change on a server so that every task is asked of as many people as it should be."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from annotation.label_studio.delivering import ServerTask, part_copies


@dataclass(frozen=True)
class Demand:
    """How many answers the tasks of a project are to have.

    Args:
        missing: Votes that each clip still lacks, by clip; absent or 0 for one that has them all.
        counted: Answers in each clip's task that are known here, votes or not, by clip.
        gold: Clips whose class is known.
    """

    missing: Mapping[str, int]
    counted: Mapping[str, int]
    gold: frozenset[str]

    def wanted(self, clip_id: str, answers: int) -> int:
        """Return how many answers a task is to have; 0 if it is asked of nobody more.

        Answers that are there but were not collected yet are among the missing ones: they are not
        asked for twice. Answers from elsewhere, or in a task that is gone, fill no place in this.

        Args:
            clip_id: Its clip.
            answers: Annotations that it has now.
        """
        lacking = self.missing.get(clip_id, 0)
        if lacking <= 0:
            return 0
        return min(self.counted.get(clip_id, 0), answers) + lacking

    @cached_property
    def usual(self) -> int:
        """Return how many answers most tasks are to have, gold apart; 0 if nothing is asked."""
        wanted = Counter(self.wanted(clip, self.counted.get(clip, 0)) for clip in self.missing)
        del wanted[0]
        return max(wanted, key=lambda count: (wanted[count], count), default=0)

    def overlap(self, task: ServerTask) -> int:
        """Return how many people a task is handed out to; 0 for nobody more.

        Everybody answers gold while anything is asked. But on a server every annotator may read
        this number, so gold has that of other tasks, and is opened again when these have answered.

        Args:
            task: A task on the server.
        """
        if task.clip_id in self.gold:
            return self.usual * (task.answers // self.usual + 1) if self.usual else 0
        return self.wanted(task.clip_id, task.answers)


@dataclass(frozen=True)
class Corrections:
    """What is to change.

    Args:
        overlaps: Tasks that stay open, with the number of people they are to be handed out to.
        closed: Tasks with answers that are to be handed out to nobody more.
        removed: Tasks without answers that are no longer asked.
        copies: Tasks without answers about a clip that has another.
    """

    overlaps: tuple[tuple[ServerTask, int], ...]
    closed: tuple[ServerTask, ...]
    removed: tuple[ServerTask, ...]
    copies: tuple[ServerTask, ...]


def correct(tasks: Iterable[ServerTask], known: Sequence[str], demand: Demand) -> Corrections:
    """Return what is to change on a server.

    Args:
        tasks: Every task there that asks about a clip.
        known: Clips that the project has a task about; tasks about others are not ours.
        demand: How many answers they are to have.
    """
    ours = set(known)
    counting, others = part_copies(task for task in tasks if task.clip_id in ours)
    overlaps, closed, removed = [], [], []
    # In the order of the queue: whoever answers meanwhile meets those that are right already.
    for task in sorted(counting.values(), key=lambda task: task.id):
        overlap = demand.overlap(task)
        if overlap > 0:
            if (task.overlap, task.is_closed) != (overlap, task.answers >= overlap):
                overlaps.append((task, overlap))
        elif task.is_untouched and task.clip_id not in demand.gold:
            removed.append(task)
        elif not _is_over(task):
            closed.append(task)
    closed += [task for task in others if not task.is_untouched and not _is_over(task)]
    copies = [task for task in others if task.is_untouched]
    return Corrections(tuple(overlaps), tuple(closed), tuple(removed), tuple(copies))


def _is_over(task: ServerTask) -> bool:
    return task.is_closed and task.overlap <= task.answers
