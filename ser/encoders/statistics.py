"""Mean and deviation over time of every layer of a pretrained encoder: a feature set."""

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser.audio.augment.speed import speed_perturb
from ser.audio.pcm import Waveform
from ser.encoders.files import find_encoder, hash_configuration, hash_weights
from ser.errors import ConfigurationError
from ser.features.record import (
    Block,
    FeatureSet,
    Parameter,
    check_ranges,
    name_feature_set,
)

if TYPE_CHECKING:
    from ser.encoders.pretrained import SpeechEncoder, States

DEFAULT_MODEL = "openai/whisper-base"
ALL_LAYERS = "all"
_LAYERS = re.compile(rf"{ALL_LAYERS}|\d+(,\d+)*")
_SPEEDS = re.compile(r"\d+(\.\d+)?(,\d+(\.\d+)?)*")


@dataclass(frozen=True)
class EncoderStatistics(FeatureSet):
    """Compute what a frozen pretrained encoder says of many clips, one frame per layer.

    A frame is the mean over time of the D numbers of that layer's states, then their standard
    deviation (population), both averaged over copies of the clip played at several speeds: the
    copies say the same in other numbers, and their mean is steadier (a point of UAR on RAVDESS).
    Which layers carry emotion differs from encoder to encoder and is left to the head that reads
    the frames (`ser.models.layer_network`). The first use in a process loads the encoder. Clips are
    encoded one at a time: batches save a fifth on a core, but so a clip's numbers stay the same
    bit for bit whatever it is computed with.

    Args:
        sample_rate: Rate of the waveforms, Hz; encoders read 16000 only.
        model: A local folder, or an id on the Hugging Face hub, as `load_encoder` takes it.
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

    sample_rate: int = 16000
    model: str = DEFAULT_MODEL
    layers: str = ALL_LAYERS
    speeds: str = "0.85,1,1.15"

    def __post_init__(self) -> None:
        """Refuse what no encoder reads, and layers that are no list of numbers."""
        is_list = _LAYERS.fullmatch(self.layers) is not None
        check_ranges(
            self,
            {
                "sample_rate": (self.sample_rate == 16000, "16000"),
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
        folder = find_encoder(self.model)
        return {
            "kind": "encoder_statistics",
            **asdict(self),
            "weights_sha256": hash_weights(folder),
            "configuration_sha256": hash_configuration(folder),
            "pooling": "mean,deviation",
            "length": "unpadded",
        }

    @property
    def feature_set(self) -> str:
        """Name of this parameter set; where the files lie does not enter, what they hold does."""
        described = self.parameters
        del described["model"]
        return name_feature_set(described)

    def count_frames(self, samples: int) -> int:  # noqa: ARG002 - a frame per layer, not per time
        """Return L, the number of layers that are kept."""
        return len(self._kept_layers)

    @property
    def _encoder(self) -> "SpeechEncoder":
        from ser.encoders.pretrained import load_encoder  # noqa: PLC0415 - loads torch

        return load_encoder(self.model)

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
