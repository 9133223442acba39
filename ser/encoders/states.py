"""The states of one layer of a pretrained encoder, frame by frame: a feature set."""

from dataclasses import dataclass
from typing import ClassVar

from ser.audio.pcm import Waveform
from ser.encoders.features import EncoderFeatures
from ser.errors import ConfigurationError
from ser.features.record import Block, check_ranges


@dataclass(frozen=True)
class EncoderStates(EncoderFeatures):
    """Compute what a layer of a pretrained encoder leaves of each clip, one frame per 20 ms.

    The layers up to it stay as they are, so that training can go on above them
    (`ser.models.encoder_tail`) without computing them again in every epoch.

    Args:
        layer: The layer, 0 for what enters the first one. It cannot be the last one, whose states
            nothing can go on from.

    Raises:
        ConfigurationError: If a parameter lies outside its range; whether the encoder has such a
            layer is found out when something is computed.

    Example:
        >>> EncoderStates(layer=4).layer
        4
    """

    kind: ClassVar[str] = "encoder_states"

    layer: int = 2

    def __post_init__(self) -> None:
        """Refuse what no encoder reads, and layers below the first."""
        super().__post_init__()
        check_ranges(self, {"layer": (self.layer >= 0, "≥ 0")})

    @property
    def bands(self) -> int:
        """D, the numbers in each frame."""
        return self._encoder.width

    def count_frames(self, samples: int) -> int:
        """Return T, about 50 frames per second."""
        return self._encoder.count_states(samples)

    def _fill(self, waveform: Waveform, block: Block) -> None:
        top = self._encoder.layers - 2
        if self.layer > top:
            raise ConfigurationError(
                f"`layer` of `{self.model}` must lie in 0 … {top}, but got {self.layer}"
            )
        block[:] = self._encoder.encode([waveform], top=self.layer)[0][-1]
