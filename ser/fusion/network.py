"""The network that hears a clip and reads its words: its parts, and what it says."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ser.fusion.hearing import check_audible, hear, state_size
from ser.fusion.joining import AttentionFusion, ConcatenationFusion, LateFusion, Reading
from ser.fusion.parameters import FusionParameters
from ser.models.network import EmotionNetwork, NetworkOutput

Joining = LateFusion | ConcatenationFusion | AttentionFusion


@dataclass(frozen=True, eq=False)
class FusedOutput:
    """What sound and words say of a batch, together and apart.

    Args:
        fused: Together.
        sound: Logits by the sound alone, ``(B, C)``.
        words: Logits by the words alone, ``(B, C)``; of no use where there are none.
    """

    fused: NetworkOutput
    sound: Tensor
    words: Tensor


class FusionNetwork(EmotionNetwork):
    """An audio network, a reader of words, and a way to join them.

    Wherever an audio network is expected it judges clips whose words are missing, exactly as the
    audio network does where that is frozen. Padding of
    either side, the order of a batch and the other clips in it never change what is said about a
    clip in evaluation mode.

    Args:
        sound: The audio network; it becomes a part of this one.
        text_size: Numbers in the state of a token.
        parameters: Sizes and choices.

    Raises:
        ConfigurationError: If the audio network is an ensemble, names no classes or rates.
    """

    def __init__(
        self, sound: EmotionNetwork, *, text_size: int, parameters: FusionParameters
    ) -> None:
        nn.Module.__init__(self)
        check_audible(sound)
        self.is_sound_frozen = parameters.frozen_sound
        self.join = _build_joining(sound, parameters)
        self.reading = Reading(
            text_size,
            size=parameters.size,
            n_classes=sound.n_classes,
            dropout=parameters.dropout,
        )
        self.normalisation = sound.normalisation
        del sound.normalisation
        self.sound = sound.requires_grad_(requires_grad=not parameters.frozen_sound)

    @property
    def n_classes(self) -> int:
        """C."""
        return self.sound.n_classes

    @property
    def n_ratings(self) -> int:
        """0: fusion names classes."""
        return 0

    @property
    def embedding_size(self) -> int:
        """E."""
        return self.join.size

    @property
    def text_size(self) -> int:
        """Numbers in the state of a token."""
        return self.reading.inputs

    def train(self, mode: bool = True) -> "FusionNetwork":
        """Set the mode; of a frozen audio network, only dropout follows it.

        Without dropout it would be surer of the clips it learned from than of any other, and
        leave the words nothing to say.
        """
        super().train(mode)
        if self.is_sound_frozen:
            self.sound.eval()
            for layer in self.sound.modules():
                if isinstance(layer, nn.Dropout | nn.Dropout2d):
                    layer.train(mode)
        return self

    def judge(self, normalised: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge a padded batch of normalised features whose words are missing.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        words = normalised.new_zeros(len(normalised), 0, self.text_size)
        return self.judge_both(normalised, lengths, words, torch.zeros_like(lengths)).fused

    def judge_both(
        self,
        normalised: Tensor,
        lengths: Tensor,
        words: Tensor,
        word_lengths: Tensor,
        *,
        has_sound: Tensor | None = None,
    ) -> FusedOutput:
        """Judge a padded batch of normalised features and its words.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
            words: States of the tokens, ``(B, T, W)``, finite; T may be 0.
            word_lengths: Tokens of each clip, int64 ``(B,)``; 0 where the words are missing.
            has_sound: Whether the sound counts, bool ``(B,)``; all by default. In training some
                clips are judged by their words.
        """
        if has_sound is None:
            has_sound = torch.ones_like(lengths, dtype=torch.bool)
        heard = hear(self.sound, normalised, lengths)
        read = self.reading(words, word_lengths)
        has_words = word_lengths > 0
        logits, embeddings = self.join(heard, read, has_sound, has_words)
        if self.is_sound_frozen:
            # It was trained to judge alone; what corrects it has nothing to say without words.
            logits = torch.where(has_words[:, None], logits, heard.logits)
        nothing = logits.new_zeros(len(logits), 0)
        return FusedOutput(NetworkOutput(logits, nothing, embeddings), heard.logits, read.logits)


def _build_joining(sound: EmotionNetwork, parameters: FusionParameters) -> Joining:
    sound_size, size, dropout = sound.embedding_size, parameters.size, parameters.dropout
    if parameters.kind == "late":
        return LateFusion(sound_size, size)
    if parameters.kind == "concatenation":
        return ConcatenationFusion(sound_size, size, n_classes=sound.n_classes, dropout=dropout)
    return AttentionFusion(
        state_size(sound),
        size,
        heads=parameters.heads,
        n_classes=sound.n_classes,
        dropout=dropout,
    )
