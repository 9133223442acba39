"""Features of clips as they are heard under noise or gain; those of an encoder are kept.

An encoder takes a third of a second per clip, and every candidate meets the same test clips.
"""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.feature_choice import ENCODER_KIND
from pipelines.identity import ID_DIGITS
from ser.files import write_whole

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet


def hear(
    folder: Path, features: "FeatureSet", heard: Sequence[npt.NDArray[Any]]
) -> "RaggedFeatures":
    """Return the features of what is heard, read from a file where the same was heard before.

    Args:
        folder: Where features of encoders are kept; anything in it may be deleted at any time.
        features: The features.
        heard: One int16 ``(S,)`` array per clip.
    """
    if features.parameters["kind"] != ENCODER_KIND:
        return features.compute(heard)
    from ser.features.ragged import RaggedFeatures  # noqa: PLC0415 - keeps help fast

    content = hashlib.sha256(features.feature_set.encode())
    for clip in heard:
        content.update(len(clip).to_bytes(8, "little"))
        content.update(np.ascontiguousarray(clip).data)
    path = folder / f"{features.feature_set}-{content.hexdigest()[:ID_DIGITS]}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            return RaggedFeatures(kept["values"], kept["offsets"])
    computed = features.compute(heard)
    file = io.BytesIO()
    np.savez(file, values=computed.values, offsets=computed.offsets)
    write_whole(path, file.getvalue())
    return computed
