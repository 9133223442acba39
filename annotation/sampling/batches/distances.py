"""How far clips are from the nearest of others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.sampling.batches.protocol import Embeddings

BLOCK_NUMBERS = 1 << 18  # distances held at once: 1 MB stays in the cache


def squared_lengths(places: Embeddings) -> npt.NDArray[np.float32]:
    """Return the squared length of each row, ``(N,)``."""
    return np.asarray(np.einsum("ne,ne->n", places, places))


def lower_to_nearest(
    nearest: npt.NDArray[np.float32],
    places: Embeddings,
    squares: npt.NDArray[np.float32],
    others: Embeddings,
) -> None:
    """Replace squared distances by those to the nearest of `others` where these are smaller.

    Args:
        nearest: Squared distances so far, (N,); changed in place.
        places: (N, E).
        squares: Their squared lengths, (N,).
        others: (L, E); nothing changes for L = 0.
    """
    if not len(others):
        return
    # |x − o|² = |x|² + (|o|² − 2·o·x): no difference of vectors is ever formed.
    scaled = others * np.float32(-2)
    lengths = squared_lengths(others)[:, None]
    rows = max(1, BLOCK_NUMBERS // len(others))
    for start in range(0, len(places), rows):
        block = slice(start, start + rows)
        products = scaled @ places[block].T
        products += lengths
        distances = products.min(axis=0)
        distances += squares[block]
        np.minimum(nearest[block], distances, out=nearest[block])
