"""Batches of few voices, in which clips cannot be told apart by who speaks."""

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


def count_batches(clips: int, batch_size: int) -> int:
    """Return how many batches so many clips make."""
    return -(-clips // batch_size)


def speaker_batches(
    speakers: npt.NDArray[np.integer],
    batch_size: int,
    speakers_per_batch: int,
    generator: np.random.Generator,
) -> list[Positions]:
    """Return random batches in random order, each of the clips of a few speakers.

    Speakers are drawn into groups, the clips shuffled within each group, and groups cut into
    batches one after the other: where one group ends, a batch may hold clips of the next.

    Args:
        speakers: Number of the speaker of each clip, ``(N,)``, from 0.
        batch_size: Most clips in a batch; sizes differ by at most one.
        speakers_per_batch: Speakers in a group; 0 for all.
        generator: Source of randomness.

    Returns:
        `count_batches` arrays of positions that hold each clip once.

    Example:
        >>> speakers = np.array([0, 1, 2, 0, 1, 2])
        >>> found = speaker_batches(speakers, 2, 1, np.random.default_rng(0))
        >>> sorted(sorted(speakers[batch].tolist()) for batch in found)
        [[0, 0], [1, 1], [2, 2]]
    """
    voices = int(speakers.max()) + 1
    groups = generator.permutation(voices) // (speakers_per_batch or voices)
    order = np.lexsort((generator.random(len(speakers)), groups[speakers]))
    batches = np.array_split(order, count_batches(len(order), batch_size))
    return [batches[position] for position in generator.permutation(len(batches))]
