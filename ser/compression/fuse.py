"""A network that judges as before with fewer steps: folded, shared and joined."""

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.models.convolution import ConvolutionBlock, map_mask
from ser.models.encoder import ConvolutionEncoder
from ser.models.ensemble import EnsembleNetwork
from ser.models.masking import zero_padding
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.normalisation import MaskedBatchNorm, centre_clips
from ser.models.pooling import SMALLEST_VARIANCE, StatisticsPooling

Part = TypeVar("Part")


def fuse(network: EmotionNetwork) -> EmotionNetwork:
    """Return a network for evaluation alone that says the same, up to rounding, with less work.

    Batch normalisation is folded into the convolution below it where that is possible. Plain
    convolutional networks and ensembles of them come back as a `JoinedNetwork`; of others the
    blocks are folded and the rest is as it was.

    Args:
        network: In evaluation mode; not changed.
    """
    members = list_members(network)
    if members and all(_is_plain(member) for member in members):
        return JoinedNetwork(members, network).eval()
    fused = copy.deepcopy(network)
    for encoder in [part for part in fused.modules() if isinstance(part, ConvolutionEncoder)]:
        for number, block in enumerate(encoder.blocks):
            if _is_foldable(block):
                encoder.blocks[number] = FoldedBlock(_part(block, ConvolutionBlock))
    return fused.eval()


class FoldedBlock(nn.Module):
    """A convolution block in evaluation mode, its normalisation folded into its convolution.

    Args:
        block: Whose normalisation multiplies every channel by a number above 0, so that maxima
            stay maxima and pooling may come last.
    """

    def __init__(self, block: ConvolutionBlock) -> None:
        super().__init__()
        self.pools = (block.time_pool, block.band_pool)
        self.convolution = _fold(block)

    def forward(self, maps: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Transform maps as `ConvolutionBlock.forward` does."""
        maps = functional.max_pool2d(functional.relu(self.convolution(maps)), self.pools)
        lengths = lengths // self.pools[0]
        return maps * map_mask(lengths, maps), lengths


class JoinedNetwork(EmotionNetwork):
    """Members of an ensemble, or one network, whose work is shared wherever it can be.

    The first layer, too narrow for a processor by itself, is one convolution for all members;
    the others stay apart, for small whole products are faster than grouped ones. Masks are made
    once, statistics and heads are taken of all members at once.

    Args:
        members: Plain convolutional networks of equal shape.
        network: What they belong to.
    """

    def __init__(self, members: Sequence[EmotionNetwork], network: EmotionNetwork) -> None:
        nn.Module.__init__(self)
        self.normalisation = network.normalisation
        self.count = len(members)
        self.sizes = (network.n_classes, network.embedding_size)
        blocks = [_blocks(member) for member in members]
        self.pools = [(block.time_pool, block.band_pool) for block in blocks[0]]
        self.reduction = members[0].encoder.reduction
        self.pooled = members[0].encoder.size
        self.centred = [member.is_centred for member in members]
        self.first = self._join_first([row[0] for row in blocks])
        self.others = nn.ModuleList(
            nn.ModuleList(_fold(block) for block in level)
            for level in zip(*(row[1:] for row in blocks), strict=True)
        )
        pooling = members[0].pooling
        self.with_deviation = isinstance(pooling, StatisticsPooling) and pooling.with_deviation
        heads = [member.head for member in members]
        self.embedding = _join_linear([_part(head.embedding[1], nn.Linear) for head in heads])
        norms = [_part(head.embedding[2], nn.LayerNorm) for head in heads]
        self.scale = nn.Parameter(torch.stack([norm.weight.detach() for norm in norms]))
        self.shift = nn.Parameter(torch.stack([norm.bias.detach() for norm in norms]))
        self.logits = _join_linear(
            [_part(head.logits[1], nn.Linear) for head in heads if head.logits is not None]
        )

    @property
    def n_classes(self) -> int:
        """C."""
        return self.sizes[0]

    @property
    def n_ratings(self) -> int:
        """None are judged."""
        return 0

    @property
    def embedding_size(self) -> int:
        """Size of the members' embeddings together."""
        return self.sizes[1]

    def judge(self, normalised: Tensor, lengths: Tensor) -> NetworkOutput:
        """Judge a padded batch of normalised features; nothing is said of single members.

        Args:
            normalised: ``(B, F, D)``.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        maps, lengths = self._encode(normalised, lengths)
        vectors = self._pool(maps, lengths)
        hidden = self.embedding(vectors).unflatten(1, (self.count, -1)).squeeze(3)
        hidden = functional.layer_norm(hidden, hidden.shape[2:]) * self.scale + self.shift
        embeddings = functional.relu(hidden).flatten(1)
        logits = self.logits(embeddings[:, :, None]).unflatten(1, (self.count, -1)).squeeze(3)
        return NetworkOutput(
            logits=logits.log_softmax(dim=2).mean(dim=1) if self.count > 1 else logits[:, 0],
            ratings=embeddings.new_zeros(len(embeddings), 0),
            embeddings=embeddings,
        )

    def _encode(self, normalised: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps of all members, ``(B, M · C, F, D)``, and their lengths."""
        missing = max(0, self.reduction - normalised.shape[1])
        heard = [normalised] if not all(self.centred) else []
        heard += [centre_clips(normalised, lengths)] if any(self.centred) else []
        heard = [functional.pad(zero_padding(of, lengths), (0, 0, 0, missing)) for of in heard]
        lengths = lengths.clamp(min=self.reduction) // self.pools[0][0]
        maps = functional.relu(self.first(torch.stack(heard, dim=1)))
        maps = functional.max_pool2d(maps, self.pools[0])
        members = (maps * map_mask(lengths, maps)).chunk(self.count, dim=1)
        for level, pools in zip(self._levels(), self.pools[1:], strict=True):
            lengths = lengths // pools[0]
            pooled = [
                functional.max_pool2d(functional.relu(convolution(maps)), pools)
                for convolution, maps in zip(level, members, strict=True)
            ]
            mask = map_mask(lengths, pooled[0])
            members = tuple(maps * mask for maps in pooled)
        return torch.cat(members, dim=1), lengths

    def _levels(self) -> list[nn.ModuleList]:
        return [_part(level, nn.ModuleList) for level in self.others]

    def _pool(self, maps: Tensor, lengths: Tensor) -> Tensor:
        """Return the statistics of each member in turn, ``(B, M · size, 1)``."""
        count = lengths[:, None, None]
        # Activations are at least 0, and what lies behind the end is 0: it is no maximum.
        mean = maps.sum(dim=2) / count
        statistics = [mean, maps.amax(dim=2)]
        if self.with_deviation:
            square = (maps - mean[:, :, None]).square() * map_mask(lengths, maps)
            variance = square.sum(dim=2) / count
            statistics.append(variance.clamp(min=SMALLEST_VARIANCE).sqrt())
        each = [of.reshape(-1, self.count, self.pooled) for of in statistics]
        return torch.cat(each, dim=2).flatten(1)[:, :, None]

    def _join_first(self, blocks: Sequence[ConvolutionBlock]) -> nn.Conv2d:
        """Return one convolution of what is heard, each member reading what it hears."""
        folded = [_fold(block) for block in blocks]
        kinds = len(set(self.centred))
        weights = []
        for convolution, is_centred in zip(folded, self.centred, strict=True):
            apart = torch.zeros_like(convolution.weight).repeat(1, kinds, 1, 1)
            apart[:, [int(is_centred) if kinds > 1 else 0]] = convolution.weight.detach()
            weights.append(apart)
        shifts = [_part(of.bias, Tensor).detach() for of in folded]
        return _convolution(torch.cat(weights), torch.cat(shifts))


def list_members(network: EmotionNetwork) -> list[EmotionNetwork]:
    """Return the members of an ensemble, or the network itself."""
    if not isinstance(network, EnsembleNetwork):
        return [network]
    return [of for of in network.members if isinstance(of, EmotionNetwork)]


def _blocks(member: EmotionNetwork) -> list[ConvolutionBlock]:
    return [block for block in member.encoder.blocks if isinstance(block, ConvolutionBlock)]


def _is_plain(member: EmotionNetwork) -> bool:
    """Tell whether a network is convolutions, statistics and a head of classes alone."""
    return (
        isinstance(getattr(member, "encoder", None), ConvolutionEncoder)
        and member.recurrent is None
        and member.attention is None
        and isinstance(member.pooling, StatisticsPooling)
        and member.head.logits is not None
        and member.head.ratings is None
        and all(_is_foldable(block) for block in member.encoder.blocks)
    )


def _is_foldable(block: nn.Module) -> bool:
    return (
        isinstance(block, ConvolutionBlock)
        and isinstance(block.convolution, nn.Conv2d)
        and block.squeeze is None
        and bool((block.normalisation.weight > 0).all())
    )


def _part(part: object, kind: type[Part]) -> Part:
    """Return a part of a network as what it is."""
    if not isinstance(part, kind):
        raise TypeError(f"`part` must be {kind}, but is {type(part)}")
    return part


def _fold(block: ConvolutionBlock) -> nn.Conv2d:
    convolution = _part(block.convolution, nn.Conv2d)
    scale, shift = scale_and_shift(block.normalisation)
    return _convolution(convolution.weight.detach() * scale[:, None, None, None], shift)


def scale_and_shift(normalisation: MaskedBatchNorm) -> tuple[Tensor, Tensor]:
    """Return by what a normalisation multiplies each channel in evaluation, and what it adds."""
    with torch.no_grad():
        deviation = torch.sqrt(normalisation.running_variance + normalisation.epsilon)
        scale = normalisation.weight / deviation
        return scale, normalisation.bias - normalisation.running_mean * scale


def _convolution(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    outputs, inputs = weight.shape[:2]
    made = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
    made.weight, made.bias = nn.Parameter(weight), nn.Parameter(bias)
    return made


def _join_linear(layers: Sequence[nn.Linear]) -> nn.Conv1d:
    """Return linear layers side by side, each reading its own part."""
    count, first = len(layers), layers[0]
    made = nn.Conv1d(
        count * first.in_features, count * first.out_features, kernel_size=1, groups=count
    )
    made.weight = nn.Parameter(torch.cat([of.weight.detach() for of in layers])[:, :, None])
    made.bias = nn.Parameter(torch.cat([_part(of.bias, Tensor).detach() for of in layers]))
    return made
