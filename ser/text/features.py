"""States of words as features: what fusion reads beside the sound of a clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.record import Parameter, name_feature_set

if TYPE_CHECKING:
    from ser.text.encoder import TextEncoder

DEFAULT_MODEL = "all-MiniLM-L6-v2"
Level = Literal["words", "sentence"]


@dataclass(frozen=True)
class TextFeatures:
    """Compute what a frozen text encoder says of the words of many clips.

    What it says of a text depends on no other text. A clip without words has no frame, which is
    how everything that reads these features knows it.

    Args:
        model: A local folder, or ``all-MiniLM-L6-v2`` of the extra ``[text]``.
        level: `words` for a state per token, as attention wants them; `sentence` for one vector.

    Raises:
        ConfigurationError: If there is no such level.
    """

    model: str = DEFAULT_MODEL
    level: Level = "words"

    def __post_init__(self) -> None:
        """Refuse a level that is none."""
        if self.level not in get_args(Level):
            raise ConfigurationError(
                f"`level` must be one of {list(get_args(Level))}, but got `{self.level}`"
            )

    @property
    def bands(self) -> int:
        """D, the numbers in each state."""
        return self._encoder.width

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON; the model by its hashes."""
        from ser.encoders.files import hash_weights  # noqa: PLC0415 - as `_encoder`
        from ser.text.encoder import (  # noqa: PLC0415 - loads torch
            find_text_encoder,
            hash_text_configuration,
        )

        folder = find_text_encoder(self.model)
        return {
            "kind": f"text_{self.level}",
            "weights_sha256": hash_weights(folder),
            "configuration_sha256": hash_text_configuration(folder),
        }

    @property
    def text_set(self) -> str:
        """Name of this parameter set; where the files lie does not enter, what they hold does."""
        return name_feature_set(self.parameters)

    def compute(self, texts: Sequence[str | None]) -> RaggedFeatures:
        """Return the states of each text, ``(T, bands)``; none for `None` and texts of no word.

        Equal texts are read once.

        Args:
            texts: What is said in each clip, or `None` where that is not known.

        Raises:
            ConfigurationError: If the encoder cannot be loaded.
        """
        encoder = self._encoder
        read = encoder.encode if self.level == "words" else encoder.embed
        states = {text: read(text or "") for text in dict.fromkeys(texts)}
        return RaggedFeatures.from_list([states[text] for text in texts], bands=encoder.width)

    @property
    def _encoder(self) -> "TextEncoder":
        from ser.text.encoder import load_text_encoder  # noqa: PLC0415 - loads torch

        return load_text_encoder(self.model)
