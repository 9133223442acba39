"""What a simulation leaves behind: plain records that JSON can hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

FULL = "full"
"""The strategy of the model that learned the true label of every clip of the pool."""


@dataclass(frozen=True)
class Conditions:
    """Under which conditions campaigns are replayed.

    Args:
        annotators: Size of the simulated group.
        skill_spread: Standard deviation of accuracy between annotators.
        speakers_per_fold: Test speakers held out at a time; every speaker is tested once.
        votes: Votes of a campaign in all; None for three times the pool.
        batch: Votes between two trainings, and of the random start; None for a tenth of the pool.
        most: Votes a clip can have.
    """

    annotators: int = 24
    skill_spread: float = 0.08
    speakers_per_fold: int = 4
    votes: int | None = None
    batch: int | None = None
    most: int = 5


@dataclass(frozen=True)
class Checkpoint:
    """A model trained in the course of a replay, and what it had cost by then.

    Args:
        votes: Votes cast so far.
        clips: Clips that have at least one of them.
        seconds: Time the simulated annotators have spent.
        right: Clips among them whose consensus is the true class.
        class_votes: Votes on clips of each true class, C numbers.
        confusions: Of the test clips of each test speaker, in order of `Replay.test_speakers`:
            C · C counts row by row, rows = truth.
    """

    votes: int
    clips: int
    seconds: float
    right: int
    class_votes: tuple[int, ...]
    confusions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Replay:
    """One campaign that one strategy led, with one group of annotators and one set of speakers.

    Args:
        strategy: Name of the strategy; `full` for the model of all true labels, with a single
            checkpoint of no votes.
        seed: Seed of annotators and of every draw; equal seeds meet equal annotators.
        fold: Number of the set of test speakers.
        test_speakers: Speakers the models are judged on, who are never asked about.
        checkpoints: By rising number of votes.
    """

    strategy: str
    seed: int
    fold: int
    test_speakers: tuple[str, ...]
    checkpoints: tuple[Checkpoint, ...]

    def document(self) -> dict[str, Any]:
        """Return the replay as values that JSON can write."""
        return asdict(self)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Return the replay that `document` describes."""
        checkpoints = tuple(
            Checkpoint(
                **{
                    **point,
                    "class_votes": tuple(point["class_votes"]),
                    "confusions": tuple(tuple(counts) for counts in point["confusions"]),
                }
            )
            for point in document["checkpoints"]
        )
        given = {**document, "test_speakers": tuple(document["test_speakers"])}
        return cls(**{**given, "checkpoints": checkpoints})
