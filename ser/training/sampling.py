"""Batches in which every corpus has an equal share, however large it is."""

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.models.batching import BATCHES_PER_GROUP

Positions = npt.NDArray[np.int64]


def check_groups(groups: npt.NDArray[np.integer], clips: int, batch_size: int) -> Positions:
    """Return group numbers after making sure that batches can hold a share of each.

    Args:
        groups: Number of the group of each clip, ``(N,)``.
        clips: N.
        batch_size: Most clips in a batch.

    Raises:
        ConfigurationError: If there is not one whole number per clip, or there are more groups
            than clips in a batch.
    """
    if groups.shape != (clips,) or not np.issubdtype(groups.dtype, np.integer):
        raise ConfigurationError(
            f"`groups` must hold one whole number for each of {clips} clips, but got "
            f"{groups.dtype} of the shape {groups.shape}"
        )
    kinds = len(np.unique(groups))
    if kinds > batch_size:
        raise ConfigurationError(
            f"`batch_size` must be at least the number of groups, {kinds}, so that each has a "
            f"share of every batch, but is {batch_size}; raise it or turn `balance_groups` off"
        )
    return groups.astype(np.int64)


def balanced_batches(
    lengths: Positions, groups: Positions, batch_size: int, generator: np.random.Generator
) -> list[Positions]:
    """Return random batches with an equal share of each group, in random order.

    As many batches as `shuffle_batches` returns, all of one size; shares differ by at most one
    clip, to the benefit of each group in turn. Clips of small groups come several times, of
    large ones some have to wait for another epoch; none comes again before all others of its
    group did.

    Args:
        lengths: Frames of each clip, ``(N,)``; batches hold clips of similar length.
        groups: Number of the group of each clip, ``(N,)``.
        batch_size: Most clips in a batch, at least the number of groups.
        generator: Source of randomness.

    Example:
        >>> groups = np.array([0, 0, 0, 0, 0, 0, 1, 1])
        >>> batches = balanced_batches(np.ones(8, int), groups, 4, np.random.default_rng(0))
        >>> [groups[batch].tolist() for batch in batches]
        [[0, 1, 0, 1], [0, 1, 0, 1]]
    """
    batches = -(-len(lengths) // batch_size)
    size = -(-len(lengths) // batches)
    # Places are dealt to the groups in turn, on and on from batch to batch.
    kinds = np.unique(groups)
    owners = kinds[np.arange(batches * size) % len(kinds)]
    places = np.empty(batches * size, dtype=np.int64)
    for kind in kinds:
        owned = np.flatnonzero(owners == kind)
        clips = _repeat(np.flatnonzero(groups == kind), len(owned), generator)
        near = owned // (size * BATCHES_PER_GROUP)
        places[owned] = clips[np.lexsort((lengths[clips], near))]
    cut = places.reshape(batches, size)
    return [cut[position] for position in generator.permutation(batches)]


def _repeat(clips: Positions, count: int, generator: np.random.Generator) -> Positions:
    """Return so many clips, each again only after all others."""
    rounds = -(-count // len(clips))
    dealt: Positions = np.concatenate([generator.permutation(clips) for _ in range(rounds)])
    return dealt[:count]
