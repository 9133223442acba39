"""A trained fusion together with everything needed to use it."""

from dataclasses import dataclass
from typing import cast

from ser.errors import ConfigurationError
from ser.fusion.network import FusionNetwork
from ser.fusion.parameters import FusionParameters
from ser.models.trained import TrainedModel


@dataclass(frozen=True, eq=False, kw_only=True)
class FusedModel(TrainedModel):
    """A trained model whose network is a fusion: where no words are given, it judges by the sound.

    Args:
        fusion: How sound and words are joined.
        text_set: Name of the text features it reads, such as ``text_words-1a2b3c4d5e6f``.

    Raises:
        ConfigurationError: If the network is no fusion.
    """

    fusion: FusionParameters
    text_set: str

    def __post_init__(self) -> None:
        """Refuse a network that reads no words."""
        if not isinstance(self.network, FusionNetwork):
            raise ConfigurationError(
                f"`network` must be a FusionNetwork, but is a {type(self.network).__name__}; train "
                "it with `train_fusion`"
            )

    @property
    def reader(self) -> FusionNetwork:
        """The network, which reads words as well."""
        return cast("FusionNetwork", self.network)
