"""Play waveforms faster or slower."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import Waveform, from_pcm16
from ser.audio.resample import resample
from ser.errors import ConfigurationError

LARGEST_TERM = 100  # keeps the resampling kernel small: 0.9 is 9/10, 1.05 is 21/20


def speed_perturb(waveforms: Sequence[Waveform], factor: float) -> list[npt.NDArray[np.float32]]:
    """Return the waveforms played faster or slower, pitch and formants moving along.

    Args:
        waveforms: Mono ``(S,)`` arrays, float32 in [−1, 1] or int16.
        factor: Speed, 0.5 … 2; 1.1 is a tenth faster. Taken as the nearest fraction with a
            denominator of at most 100.

    Returns:
        Float32 arrays of ``ceil(S / factor)`` samples, at the same sample rate.

    Raises:
        ConfigurationError: If ``factor`` lies outside 0.5 … 2.

    Example:
        >>> [len(faster) for faster in speed_perturb([np.zeros(1100, dtype=np.float32)], 1.1)]
        [1000]

    Reference:
        T. Ko, V. Peddinti, D. Povey, S. Khudanpur, "Audio augmentation for speech recognition",
        Interspeech 2015.
    """
    if not 0.5 <= factor <= 2:
        raise ConfigurationError(f"`factor` must lie in 0.5 … 2, but got {factor}")
    speed = Fraction(factor).limit_denominator(LARGEST_TERM)
    return [
        from_pcm16(resample(from_pcm16(w), speed.numerator, speed.denominator)) for w in waveforms
    ]
