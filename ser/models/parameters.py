"""How a network is built: every size and every choice, as one flat record."""

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

from ser.errors import ConfigurationError

Recurrent = Literal["none", "lstm", "gru"]
Pooling = Literal["attention", "statistics"]


@dataclass(frozen=True, kw_only=True)
class NetworkParameters:
    """Say what a network is made of and how large each part is.

    Args:
        channels: Output channels of each convolution block; each block halves the bands.
        time_pools: Frames that become one in each block.
        separable: Whether the blocks after the first split their convolutions into a depthwise
            and a pointwise one.
        residual: Whether the blocks after the first hold two convolutions and a shortcut.
        squeeze: Reduction r of squeeze-excitation, which reweights the C channels of each block
            through max(8, C / r) hidden numbers; 0 leaves it out.
        recurrent: Kind of the bidirectional recurrent layer over the encoded frames, if any.
        recurrent_size: Size of its state in each direction.
        self_attention: Heads of a self-attention layer over the frames; 0 leaves it out.
        pooling: `attention` weighs the frames by what they hold; `statistics` takes mean and
            maximum over all of them.
        heads: Weightings of the attention pooling.
        with_deviation: Whether pooling appends the standard deviation over time.
        embedding_size: E, size of the layer under the outputs; 0, with `layers` only, for none.
        encoder_dropout: Share of channels dropped after each block, or with `layers` of the
            numbers that are read, in [0, 1).
        dropout: Share of numbers dropped before each layer of the head and after
            self-attention, in [0, 1).
        ratings: Names of the R rated dimensions to predict, such as ``("arousal",)``.
        members: Networks of these sizes, with weights of their own, that judge together
            (`ser.models.ensemble`).
        centred: How many of them hear each clip without its mean spectrum, which is of the voice
            and the microphone more than of the emotion; the level stays. Members that hear
            otherwise err otherwise.
        layers: L, if the frames are the layers of a frozen encoder (`ser.encoders.statistics`):
            they are weighed, joined and judged at once, and of all that is above, only the sizes
            of the head, dropout and ratings apply. 0 for frames over time.
        encoder: If the frames are states of a pretrained encoder (`ser.encoders.states`), which
            goes on learning above them, what its layers are built from
            (`ser.encoders.layers.describe_layers`); empty otherwise. Mean and deviation of every
            layer are judged as with `layers`, and the same of all that is above applies.
        tail_from: The layer whose states are the frames.
        tail_to: The highest layer that is run and read.
        adapter_rank: Rank of the adapters that learn in place of these layers; 0 lets the layers
            themselves learn.

    Raises:
        ConfigurationError: If a parameter lies outside its range.

    Example:
        >>> NetworkParameters(channels=(8, 16), time_pools=(2, 2)).reduction
        4
    """

    channels: tuple[int, ...] = (16, 32, 48, 64)
    time_pools: tuple[int, ...] = (2, 2, 1, 1)
    separable: bool = False
    residual: bool = False
    squeeze: int = 0
    recurrent: Recurrent = "lstm"
    recurrent_size: int = 64
    self_attention: int = 0
    pooling: Pooling = "attention"
    heads: int = 2
    with_deviation: bool = True
    embedding_size: int = 64
    encoder_dropout: float = 0.0
    dropout: float = 0.2
    ratings: tuple[str, ...] = ()
    members: int = 1
    centred: int = 0
    layers: int = 0
    encoder: str = ""
    tail_from: int = 0
    tail_to: int = 0
    adapter_rank: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot make a network."""
        if not self.channels or len(self.channels) != len(self.time_pools):
            raise ConfigurationError(
                "`channels` and `time_pools` must have one entry per block, at least one, but "
                f"got {self.channels} and {self.time_pools}"
            )
        reads_layers = bool(self.layers or self.encoder)
        for name, least in (_LEAST | ({} if reads_layers else {"embedding_size": 1})).items():
            value = getattr(self, name)
            if min(value if isinstance(value, tuple) else (value,)) < least:
                raise ConfigurationError(f"`{name}` must be ≥ {least}, but got {value}")
        for name, known in (("recurrent", Recurrent), ("pooling", Pooling)):
            if getattr(self, name) not in get_args(known):
                raise ConfigurationError(
                    f"`{name}` must be one of {list(get_args(known))}, but got "
                    f"`{getattr(self, name)}`"
                )
        for name in ("encoder_dropout", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigurationError(
                    f"`{name}` must lie in [0, 1), but got {getattr(self, name)}"
                )
        if self.centred > self.members or (self.centred and reads_layers):
            raise ConfigurationError(
                "`centred` counts `members` that read frames over time, but is "
                f"{self.centred} of {self.members}{' over layers' if reads_layers else ''}"
            )
        self._check_tail()
        if len(set(self.ratings)) != len(self.ratings) or not all(self.ratings):
            raise ConfigurationError(
                f"`ratings` must be distinct names, but got {list(self.ratings)}"
            )

    def _check_tail(self) -> None:
        """Refuse layers of no encoder, and what cannot be made of those of one."""
        if not self.encoder:
            named = [name for name in TAIL if getattr(self, name)]
            if named:
                raise ConfigurationError(
                    f"`{named[0]}` is about the layers of a pretrained encoder, but `encoder` is "
                    "empty; set that, or leave it 0"
                )
            return
        if not self.tail_from < self.tail_to:
            raise ConfigurationError(
                f"`tail_to` must lie above `tail_from`, which is {self.tail_from}, but got "
                f"{self.tail_to}"
            )
        if self.layers or self.members > 1:
            raise ConfigurationError(
                "`encoder` makes one network that reads frames over time, but `layers` is "
                f"{self.layers} and `members` {self.members}; leave them 0 and 1"
            )

    @property
    def reduction(self) -> int:
        """Frames of the features that become one state."""
        return math.prod(self.time_pools)


_LEAST = {
    "channels": 1,
    "time_pools": 1,
    "squeeze": 0,
    "recurrent_size": 1,
    "self_attention": 0,
    "heads": 1,
    "embedding_size": 0,
    "members": 1,
    "centred": 0,
    "layers": 0,
    "tail_from": 0,
    "tail_to": 0,
    "adapter_rank": 0,
}
TAIL = ("tail_from", "tail_to", "adapter_rank")

CRNN = NetworkParameters()
# For acquisition rounds on a few hundred clips: twice as fast as the CRNN and, within the
# same seconds on one core, more accurate (RAVDESS, 240 clips of 9 actors: dev UAR .43 / .41).
COMPACT_CRNN = NetworkParameters(channels=(8, 16, 32, 48), time_pools=(2, 2, 2, 1))
# Short clips leave a recurrent layer little to read: on training
# actors of RAVDESS .59 UAR to the CRNN's .53, in half the time.
CNN = NetworkParameters(time_pools=(2, 2, 2, 1), recurrent="none", pooling="statistics")
# The default of a full training, within the weights of 1.6 CRNNs. Left-out training actors of
# RAVDESS: .606 UAR by one that hears all, .588 by one that is centred, .632 by both together.
CNN_ENSEMBLE = replace(CNN, members=4, centred=2)
# For the layers of a frozen encoder, whose number `layers` has to say. Without a hidden layer:
# a few dozen speakers teach it nothing that the joined layers do not hold.
LAYER_HEAD = NetworkParameters(layers=1, embedding_size=0, encoder_dropout=0.5)

TAIL_LAYERS = 3  # that learn above the frozen ones, where nothing else is said


def encoder_tail(encoder: str, *, bottom: int, top: int) -> NetworkParameters:
    """Return a network that goes on learning above the frozen layers of a pretrained encoder.

    It ends as `LAYER_HEAD`; its layers learn through adapters.

    Args:
        encoder: From `ser.encoders.layers.describe_layers`.
        bottom: The layer whose states are the frames.
        top: The highest layer that is run and read.

    Raises:
        ConfigurationError: If `top` does not lie above `bottom`.
    """
    return replace(
        LAYER_HEAD, layers=0, encoder=encoder, tail_from=bottom, tail_to=top, adapter_rank=8
    )
