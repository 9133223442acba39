"""Seconds to samples and back, by one rounding rule."""

import math

from ser.errors import ConfigurationError


def seconds_to_samples(seconds: float, sample_rate: int) -> int:
    """Return the sample nearest to a time, halves rounded up.

    Python's ``round`` goes to even, which moves every other half sample and breaks alignment.

    Args:
        seconds: Time or duration, finite, s.
        sample_rate: Samples per second, > 0.

    Raises:
        ConfigurationError: If ``seconds`` is not finite or ``sample_rate`` is not positive.

    Example:
        >>> seconds_to_samples(0.5, 3), seconds_to_samples(0.5, 5)
        (2, 3)
    """
    if not math.isfinite(seconds) or sample_rate <= 0:
        raise ConfigurationError(
            "`seconds` must be finite and `sample_rate` > 0, but got "
            f"{seconds} s at {sample_rate} Hz"
        )
    return math.floor(seconds * sample_rate + 0.5)


def samples_to_seconds(samples: int, sample_rate: int) -> float:
    """Return the time of a sample; `seconds_to_samples` gives the same sample back.

    Args:
        samples: Sample position or count.
        sample_rate: Samples per second, > 0.

    Raises:
        ConfigurationError: If ``sample_rate`` is not positive.

    Example:
        >>> samples_to_seconds(24000, 16000)
        1.5
    """
    if sample_rate <= 0:
        raise ConfigurationError(f"`sample_rate` must be > 0 Hz, but got {sample_rate}")
    return samples / sample_rate
