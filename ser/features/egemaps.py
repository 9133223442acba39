"""eGeMAPS: 88 statistics of a clip by openSMILE, for research and other non-commercial use only.

openSMILE's licence forbids commercial use without an agreement with audEERING, so it is an
optional extra, and nothing else of serloop needs it.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ser.audio.pcm import Waveform, from_pcm16
from ser.errors import ConfigurationError
from ser.features.record import Block, FeatureSet, Parameter, check_ranges

FUNCTIONALS = 88
SHORTEST_S = 0.1  # openSMILE gives NaN for clips under about 60 ms


@dataclass(frozen=True)
class Egemaps(FeatureSet):
    """Compute the eGeMAPS v02 functionals of many clips, one frame of 88 numbers each.

    The only feature set whose frame is the whole clip. Clips under 0.1 s are extended to it
    with zeros. **Licence:** it runs openSMILE, which is free for research and other
    non-commercial use only; see the licence of the `opensmile` package.

    Args:
        sample_rate: Rate of the waveforms, Hz, at least 8000.

    Raises:
        ConfigurationError: If the rate is too low.

    Example:
        >>> Egemaps().bands
        88

    Reference:
        F. Eyben et al., "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice
        research and affective computing", IEEE Trans. Affective Computing 7(2), 2016.
        https://doi.org/10.1109/TAFFC.2015.2457417
    """

    sample_rate: int = 16000

    def __post_init__(self) -> None:
        """Refuse a rate at which the bands of the parameter set do not exist."""
        check_ranges(self, {"sample_rate": (self.sample_rate >= 8000, "≥ 8000")})

    @property
    def bands(self) -> int:
        """D, the numbers in each frame."""
        return FUNCTIONALS

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON."""
        return {
            "kind": "egemaps",
            **asdict(self),
            "version": "eGeMAPSv02",
            "level": "functionals",
            "shortest_s": SHORTEST_S,
        }

    def count_frames(self, samples: int) -> int:  # noqa: ARG002 - the whole clip is one frame
        """Return 1: the frame is the whole clip."""
        return 1

    def _fill(self, waveform: Waveform, block: Block) -> None:
        samples = from_pcm16(waveform)
        missing = round(SHORTEST_S * self.sample_rate) - len(samples)
        padded = np.pad(samples, (0, max(0, missing)))
        block[0] = _open_smile()(padded, self.sample_rate)[0, :, 0]


@lru_cache(maxsize=1)
def _open_smile() -> Any:  # noqa: ANN401 - opensmile has no types
    try:
        import opensmile  # noqa: PLC0415 - an optional extra that takes a second to load
    except ImportError as error:
        raise ConfigurationError(
            "`egemaps` features need openSMILE, which is not installed; if your use is "
            "non-commercial, as its licence demands, run `pip install 'serloop[egemaps]'`, else "
            "choose another kind of features"
        ) from error
    return opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
