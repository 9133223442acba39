"""Ways to join what is heard and what is read into one judgement."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ser.fusion.cross_attention import CrossAttention, NothingState
from ser.fusion.hearing import Heard
from ser.models.heads import EmotionHead
from ser.models.pooling import AttentionPooling


@dataclass(frozen=True, eq=False)
class Read:
    """What the words of a batch say.

    Args:
        states: The state that stands for nothing, then one per token, ``(B, 1 + T, S)``.
        lengths: Real states of each clip, int ``(B,)``, at least 1.
        vectors: Their weighted mean, ``(B, S)``.
        logits: Scores of the classes by the words alone, ``(B, C)``.
    """

    states: Tensor
    lengths: Tensor
    vectors: Tensor
    logits: Tensor


class Reading(nn.Module):
    """Bring the states of tokens to one size, and judge them without the sound.

    Args:
        inputs: Size of a token's state.
        size: S.
        n_classes: C.
        dropout: Share of numbers dropped in training.
    """

    def __init__(self, inputs: int, *, size: int, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.inputs = inputs
        self.project = _projection(inputs, size, dropout)
        self.nothing = NothingState(size)
        self.pooling = AttentionPooling(size, heads=1, with_deviation=False)
        self.logits = nn.Sequential(nn.Dropout(dropout), nn.Linear(size, n_classes))

    def forward(self, words: Tensor, lengths: Tensor) -> Read:
        """Read a padded batch of tokens.

        Args:
            words: ``(B, T, inputs)``, finite; T may be 0.
            lengths: Tokens of each clip, int ``(B,)``; 0 where the words are missing.
        """
        states, lengths = self.nothing(self.project(words), lengths)
        vectors = self.pooling(states, lengths)
        return Read(states, lengths, vectors, self.logits(vectors))


class LateFusion(nn.Module):
    """Add the log posteriors of sound and of words, each with a weight.

    Both weights are 1 until they are fitted on clips of other speakers (`ser.fusion.late`): on the
    clips it learned from, a network is surer of itself than it should be. A clip that lacks its
    words is judged by the sound as it is, and the other way round.

    Args:
        sound_size: Size of the embedding of the sound.
        size: Size of the vector of the words.
    """

    weights: Tensor

    def __init__(self, sound_size: int, size: int) -> None:
        super().__init__()
        self.size = sound_size + size
        self.register_buffer("weights", torch.ones(2))

    def forward(
        self, heard: Heard, read: Read, has_sound: Tensor, has_words: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits ``(B, C)`` and the two vectors side by side, ``(B, size)``.

        Args:
            heard: What the sound says.
            read: What the words say.
            has_sound: Whether the sound counts, bool ``(B,)``.
            has_words: Whether there are words, bool ``(B,)``.
        """
        has_both = has_sound & has_words
        one = torch.ones_like(self.weights[0])
        sound = torch.where(has_both, self.weights[0], one) * has_sound
        words = torch.where(has_both, self.weights[1], one) * has_words
        logits = sound[:, None] * heard.logits.log_softmax(dim=1) + words[
            :, None
        ] * read.logits.log_softmax(dim=1)
        vectors = [heard.embeddings * has_sound[:, None], read.vectors]
        return logits, torch.cat(vectors, dim=1)


class ConcatenationFusion(nn.Module):
    """Correct what the sound says by a layer over both vectors side by side.

    Args:
        sound_size: Size of the embedding of the sound.
        size: S, size of the vector of the words, and that which the sound's is brought to.
        n_classes: C.
        dropout: Share of numbers dropped in training.
    """

    def __init__(self, sound_size: int, size: int, *, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.size = size
        self.project = _projection(sound_size, size, dropout)
        self.nothing = nn.Parameter(0.02 * torch.randn(size))
        self.head = _correction(2 * size, size, n_classes, dropout)

    def forward(
        self, heard: Heard, read: Read, has_sound: Tensor, has_words: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits ``(B, C)`` and the layer under them, ``(B, S)``.

        Args:
            heard: What the sound says.
            read: What the words say.
            has_sound: Whether the sound counts, bool ``(B,)``.
            has_words: Told by ``read`` already.
        """
        del has_words
        sound = torch.where(has_sound[:, None], self.project(heard.embeddings), self.nothing)
        correction, _, vectors = self.head(torch.cat([sound, read.vectors], dim=1))
        return heard.logits * has_sound[:, None] + correction, vectors


class AttentionFusion(nn.Module):
    """Let the sound ask the words and the words the sound, and correct what the sound says.

    Each side gathers from the real states of the other and from a state that stands for nothing;
    the weighted means of both are then judged side by side.

    Args:
        state_size: Size of a state of the sound.
        size: S, size of a state of the words, and that which the sound's are brought to.
        heads: Heads of the attention, which divide S.
        n_classes: C.
        dropout: Share of numbers dropped in training.
    """

    def __init__(
        self, state_size: int, size: int, *, heads: int, n_classes: int, dropout: float
    ) -> None:
        super().__init__()
        self.size = size
        self.project = _projection(state_size, size, dropout)
        self.nothing = NothingState(size)
        self.sound_asks = CrossAttention(size, heads=heads, dropout=dropout)
        self.words_ask = CrossAttention(size, heads=heads, dropout=dropout)
        self.sound_pooling = AttentionPooling(size, heads=1, with_deviation=False)
        self.words_pooling = AttentionPooling(size, heads=1, with_deviation=False)
        self.head = _correction(2 * size, size, n_classes, dropout)

    def forward(
        self, heard: Heard, read: Read, has_sound: Tensor, has_words: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits ``(B, C)`` and the layer under them, ``(B, S)``.

        Args:
            heard: What the sound says.
            read: What the words say.
            has_sound: Whether the sound counts, bool ``(B,)``.
            has_words: Told by ``read`` already.
        """
        del has_words
        sound, lengths = self.nothing(self.project(heard.states), heard.lengths * has_sound)
        asked = self.sound_asks(sound, read.states, read.lengths)
        answered = self.words_ask(read.states, sound, lengths)
        vectors = [
            self.sound_pooling(asked, lengths),
            self.words_pooling(answered, read.lengths),
        ]
        correction, _, joined = self.head(torch.cat(vectors, dim=1))
        return heard.logits * has_sound[:, None] + correction, joined


def _projection(inputs: int, size: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Dropout(dropout), nn.Linear(inputs, size))


def _correction(inputs: int, size: int, n_classes: int, dropout: float) -> EmotionHead:
    head = EmotionHead(inputs, size=size, n_classes=n_classes, dropout=dropout)
    if head.logits is not None:
        # Training begins with what the sound says, uncorrected.
        for weights in head.logits.parameters():
            nn.init.zeros_(weights)
    return head
