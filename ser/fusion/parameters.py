"""How sound and words are joined: every size and every choice, as one flat record."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from ser.errors import ConfigurationError
from ser.training.parameters import HEAD_TRAINING

FusionKind = Literal["late", "concatenation", "attention"]


@dataclass(frozen=True, kw_only=True)
class FusionParameters:
    """Say how a network joins what it hears and what it reads.

    Args:
        kind: `late` weighs the posteriors of sound and of words; `concatenation` judges the two
            vectors side by side; `attention` lets the sound ask the words and the words the sound.
        size: Numbers of a state once sound and words are brought to one size.
        heads: Heads of the attention, which must divide `size`.
        dropout: Share of numbers dropped before each layer in training, in [0, 1).
        drop_words: Share of clips that lose their words in an update, in [0, 1), so that the
            network can do without.
        drop_sound: Share of clips with words that lose their sound instead, in [0, 1), so that
            the words are learned where the sound alone already fits the training clips.
        wrong_words: Share of clips that get another clip's words, in [0, 1), so that the network
            learns how far words can be trusted. Leave it at 0 where training transcripts are as
            bad as those to come.
        side_loss: Weight of the losses of sound alone and of words alone, ≥ 0.
        frozen_sound: Whether the audio network keeps the weights it comes with: the second of
            two stages.

    Raises:
        ConfigurationError: If a parameter lies outside its range.
    """

    kind: FusionKind = "late"
    size: int = 64
    heads: int = 4
    dropout: float = 0.2
    drop_words: float = 0.2
    drop_sound: float = 0.5
    wrong_words: float = 0.0
    side_loss: float = 0.5
    frozen_sound: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot make a network."""
        if self.kind not in get_args(FusionKind):
            raise ConfigurationError(
                f"`kind` must be one of {list(get_args(FusionKind))}, but got `{self.kind}`"
            )
        if self.heads < 1 or self.size < self.heads or self.size % self.heads:
            raise ConfigurationError(
                f"`heads` must be ≥ 1 and divide `size`, but got {self.heads} and {self.size}"
            )
        for name in ("dropout", "drop_words", "drop_sound", "wrong_words"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigurationError(
                    f"`{name}` must lie in [0, 1), but got {getattr(self, name)}"
                )
        if self.drop_words + self.drop_sound >= 1:
            raise ConfigurationError(
                "`drop_words` and `drop_sound` must leave clips with both, but sum to "
                f"{self.drop_words + self.drop_sound}"
            )
        if self.side_loss < 0:
            raise ConfigurationError(f"`side_loss` must be ≥ 0, but got {self.side_loss}")


# With LAYER_HEAD under the sound. On clips of RAVDESS paired with sentences, .757 UAR by the sound
# alone and .790 late, .781 side by side and .783 by attention; with the words removed .757, .751
# and .742, which is why late fusion is the default (`tests/benchmarks/fusion.py`).
FUSION_TRAINING = replace(HEAD_TRAINING, epochs=20, learning_rate=1e-3, patience=8)
