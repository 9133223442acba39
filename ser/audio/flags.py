"""What is odd about a clip that is good enough to keep: the closed list of warning flags."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

Flag = Literal[
    "clipped",
    "dc_offset",
    "header_short",
    "leading_junk",
    "long_recording",
    "multi_channel",
    "narrow_band",
    "noisy",
    "quiet",
    "wrong_extension",
]

CLIPPED_FRACTION = 1e-3
DC_OFFSET = 5e-3  # of full scale; the rounding of 8-bit audio alone may give 3.9e-3
NOISY_DB = 15.0  # below about 10 dB noise cannot be told from speech, and is not measured
QUIET_DBFS = -55.0

FLAGS: Final[Mapping[Flag, str]] = MappingProxyType(
    {
        "clipped": "0.1 % of the source's samples or more are at full scale",
        "dc_offset": "the source's mean was 0.5 % of full scale or more, and was taken away",
        "header_short": "the file goes on behind the audio its header promises; only that is kept",
        "leading_junk": "ID3 tags stood before the header of a format that has none",
        "long_recording": "cut out of a longer recording, at its pauses where it has any",
        "multi_channel": "the mean of three or more channels",
        "narrow_band": "recorded at a lower rate: nothing above half the source's rate",
        "noisy": "speech less than 15 dB above the noise",
        "quiet": "speech below -55 dBFS",
        "wrong_extension": "the file's name ends like that of another format",
    }
)


def flag_sound(
    *, level_dbfs: float, snr_db: float, clipped_fraction: float, dc_offset: float
) -> Iterable[Flag]:
    """Yield the flags that follow from measurements.

    Args:
        level_dbfs: RMS level of the speech, dBFS.
        snr_db: Signal-to-noise ratio, dB; NaN, which raises no flag, when it is not known.
        clipped_fraction: Share of the source's samples at full scale, 0 … 1.
        dc_offset: Mean of the source, full scale ±1.

    Example:
        >>> list(flag_sound(level_dbfs=-60, snr_db=40, clipped_fraction=0, dc_offset=-0.1))
        ['dc_offset', 'quiet']
    """
    checks: dict[Flag, bool] = {
        "clipped": clipped_fraction >= CLIPPED_FRACTION,
        "dc_offset": abs(dc_offset) >= DC_OFFSET,
        "noisy": snr_db < NOISY_DB,
        "quiet": level_dbfs < QUIET_DBFS,
    }
    return (flag for flag, holds in checks.items() if holds)
