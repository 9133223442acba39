"""What feature sets of a pretrained encoder have in common: which encoder, and its name."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

from ser.encoders.files import find_encoder, hash_configuration, hash_weights
from ser.features.record import FeatureSet, Parameter, check_ranges, name_feature_set

if TYPE_CHECKING:
    from ser.encoders.pretrained import SpeechEncoder

DEFAULT_MODEL = "openai/whisper-base"


@dataclass(frozen=True)
class EncoderFeatures(FeatureSet):
    """Say which pretrained encoder features come from.

    The first use in a process loads it. Clips are encoded one at a time: batches save a fifth on
    a core, but so a clip's numbers stay the same bit for bit whatever it is computed with.

    Args:
        sample_rate: Rate of the waveforms, Hz; encoders read 16000 only.
        model: A local folder, or an id on the Hugging Face hub, as `load_encoder` takes it.

    Raises:
        ConfigurationError: If a parameter lies outside its range. Whether the encoder is there
            is found out when something of it is asked for.
    """

    kind: ClassVar[str]

    sample_rate: int = 16000
    model: str = DEFAULT_MODEL

    def __post_init__(self) -> None:
        """Refuse what no encoder reads."""
        check_ranges(self, {"sample_rate": (self.sample_rate == 16000, "16000")})

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON; the model by its hashes too."""
        folder = find_encoder(self.model)
        return {
            "kind": self.kind,
            **asdict(self),
            "weights_sha256": hash_weights(folder),
            "configuration_sha256": hash_configuration(folder),
            "length": "unpadded",
        }

    @property
    def feature_set(self) -> str:
        """Name of this parameter set; where the files lie does not enter, what they hold does."""
        described = self.parameters
        del described["model"]
        return name_feature_set(described)

    @property
    def _encoder(self) -> "SpeechEncoder":
        from ser.encoders.pretrained import load_encoder  # noqa: PLC0415 - loads torch

        return load_encoder(self.model)
