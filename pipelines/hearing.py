"""Features of clips as they are heard at another speed, under noise or gain.

Those of an encoder are kept: it takes a third of a second per clip, and every candidate of the gate
and every student meets the same clips.
"""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.feature_choice import ENCODER_KINDS
from ser.files import write_whole

if TYPE_CHECKING:
    from ser.audio.pcm import Waveform
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet


def hear(folder: Path, features: "FeatureSet", heard: "Sequence[Waveform]") -> "RaggedFeatures":
    """Return the features of what is heard, read from a file where the same was heard before.

    Args:
        folder: Where features of encoders are kept; anything in it may be deleted at any time.
        features: The features.
        heard: One ``(S,)`` array per clip, int16 or float32 in [−1, 1].
    """
    if features.parameters["kind"] not in ENCODER_KINDS:
        return features.compute(heard)
    from ser.features.ragged import RaggedFeatures  # noqa: PLC0415 - keeps help fast

    content = hashlib.sha256()
    for clip in heard:
        content.update(f"{len(clip)} {clip.dtype.str} ".encode())
        content.update(np.ascontiguousarray(clip).data)
    path = folder / f"{features.feature_set}-{content.hexdigest()}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            return RaggedFeatures(kept["values"], kept["offsets"])
    computed = features.compute(heard)
    file = io.BytesIO()
    np.savez(file, values=computed.values, offsets=computed.offsets)
    write_whole(path, file.getvalue())
    return computed
