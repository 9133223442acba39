"""Mean and deviation over time of every layer of a pretrained encoder: a feature set."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from ser.audio.augment.speed import speed_perturb
from ser.audio.pcm import Waveform
from ser.encoders.features import EncoderFeatures
from ser.errors import ConfigurationError
from ser.features.record import Block, Parameter, check_ranges

if TYPE_CHECKING:
    from ser.encoders.pretrained import States

ALL_LAYERS = "all"
_LAYERS = re.compile(rf"{ALL_LAYERS}|\d+(,\d+)*")
_SPEEDS = re.compile(r"\d+(\.\d+)?(,\d+(\.\d+)?)*")


@dataclass(frozen=True)
class EncoderStatistics(EncoderFeatures):
    """Compute what a frozen pretrained encoder says of many clips, one frame per layer.

    A frame is the mean over time of the D numbers of that layer's states, then their standard
    deviation (population), both averaged over copies of the clip played at several speeds: the
    copies say the same in other numbers, and their mean is steadier (a point of UAR on RAVDESS).
    Which layers carry emotion differs from encoder to encoder and is left to the head that reads
    the frames (`ser.models.layer_network`).

    Args:
        layers: ``all``, or numbers with commas such as ``2,3,4``; 0 is what enters the first
            layer.
        speeds: Speeds of the copies, 0.5 … 2, with commas; ``1`` for the clip alone. Each costs
            as much as the clip.

    Raises:
        ConfigurationError: If a parameter lies outside its range. Whether the encoder is there
            is found out when something of it is asked for.

    Example:
        >>> EncoderStatistics(layers="2,3,4").layers
        '2,3,4'
    """

    kind: ClassVar[str] = "encoder_statistics"

    layers: str = ALL_LAYERS
    speeds: str = "0.85,1,1.15"

    def __post_init__(self) -> None:
        """Refuse what no encoder reads, and layers that are no list of numbers."""
        super().__post_init__()
        is_list = _LAYERS.fullmatch(self.layers) is not None
        check_ranges(
            self,
            {
                "layers": (is_list, f"`{ALL_LAYERS}` or numbers with commas such as `2,3,4`"),
                "speeds": (
                    _SPEEDS.fullmatch(self.speeds) is not None
                    and all(0.5 <= speed <= 2 for speed in self._speeds),
                    "numbers in 0.5 … 2 with commas such as `0.9,1,1.1`",
                ),
            },
        )

    @property
    def bands(self) -> int:
        """2·D, the numbers in each frame."""
        return 2 * self._encoder.width

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON; the model by its hashes too."""
        return {**super().parameters, "pooling": "mean,deviation"}

    def count_frames(self, samples: int) -> int:  # noqa: ARG002 - a frame per layer, not per time
        """Return L, the number of layers that are kept."""
        return len(self._kept_layers)

    @property
    def _kept_layers(self) -> list[int]:
        layers = self._encoder.layers
        if self.layers == ALL_LAYERS:
            return list(range(layers))
        kept = [int(number) for number in self.layers.split(",")]
        if max(kept) >= layers:
            raise ConfigurationError(
                f"`layers` of `{self.model}` must lie in 0 … {layers - 1}, but got {self.layers}"
            )
        return kept

    @property
    def _speeds(self) -> list[float]:
        return [float(speed) for speed in self.speeds.split(",")]

    def _fill(self, waveform: Waveform, block: Block) -> None:
        kept = self._kept_layers
        copies = [
            waveform if speed == 1 else speed_perturb([waveform], speed)[0]
            for speed in self._speeds
        ]
        # One at a time, so that a long clip never needs the memory of all its copies' states.
        described = [_describe(self._encoder.encode([copy])[0][kept]) for copy in copies]
        block[:] = np.mean(described, axis=0)


def _describe(states: "States") -> npt.NDArray[np.float64]:
    """Return mean and deviation over time of states ``(L, T, D)``, as ``(L, 2·D)``."""
    moments = [states.mean(axis=1, dtype=np.float64), states.std(axis=1, dtype=np.float64)]
    return np.concatenate(moments, axis=1)
