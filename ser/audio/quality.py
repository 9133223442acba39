"""How well a clip was recorded: clipping and noise."""

import math

import numpy as np

from ser.audio.pcm import Waveform
from ser.audio.segment import SpeechSpan

FULL_SCALE = 32767 / 32768  # the largest positive 16-bit sample
NOISE_SPREAD_DB = 3.0  # frames of steady noise lie this close above its low percentile
MIN_NOISE_FRAMES = 5
DIGITAL_SILENCE_DBFS = -90.0  # below one step of 16-bit audio: says nothing about the room


def count_clipped(samples: Waveform) -> int:
    """Return how many samples are at or beyond full scale.

    Args:
        samples: Decoded samples before downmix and resampling, int16, or float32 with full
            scale ±1, at least one. Audio that was clipped and made quieter afterwards, and the
            positive side of 8-bit audio, go unnoticed.

    Example:
        >>> count_clipped(np.array([0.5, -1.0, 0.99, 0.1], dtype=np.float32))
        1
    """
    highest: float = FULL_SCALE
    lowest: float = -FULL_SCALE
    if samples.dtype == np.int16:
        highest, lowest = 32767, -32767
    # Hardly any clip is clipped, and the extremes are found several times as fast as counted.
    if samples.max() < highest and samples.min() > lowest:
        return 0
    return int(np.count_nonzero(samples >= highest) + np.count_nonzero(samples <= lowest))


def estimate_snr_db(span: SpeechSpan) -> float:
    """Estimate the signal-to-noise ratio from the levels of speech and of the noise floor.

    With P the mean power of the frames at or above the speech threshold and N that of the frames
    within 3 dB of the noise floor, ``10 · log10((P − N) / N)``. A clip without true pauses has a
    floor of soft speech, so there the value is a lower bound.

    Args:
        span: What `ser.audio.segment.find_speech` found.

    Returns:
        dB; NaN when noise cannot be told from speech: fewer than five (50 ms) frames near the
        floor and below the threshold, digital silence not counted.
    """
    levels = span.levels_dbfs
    is_speech = levels >= span.threshold_dbfs
    is_noise = ~is_speech & (levels >= DIGITAL_SILENCE_DBFS)
    is_noise &= levels <= span.floor_dbfs + NOISE_SPREAD_DB
    if np.count_nonzero(is_noise) < MIN_NOISE_FRAMES:
        return math.nan
    power = 10 ** (levels / 10)
    speech, noise = float(power[is_speech].mean()), float(power[is_noise].mean())
    return 10 * math.log10((speech - noise) / noise)
