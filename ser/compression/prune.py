"""Networks with fewer channels: those that matter least are removed, the rest learns on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ser.compression.fuse import list_members, scale_and_shift
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.build import build_network
from ser.models.convolution import ConvolutionBlock
from ser.models.network import EmotionNetwork
from ser.models.pooling import AttentionPooling, StatisticsPooling
from ser.models.trained import TrainedModel
from ser.training.dataset import DevClips, TrainingClips
from ser.training.dev import DevPart
from ser.training.distributed import Share
from ser.training.epoch import Trainer
from ser.training.parameters import TrainingParameters
from ser.training.run import OnEpoch, Run

CHANNELS_AT_ONCE = 8  # processors take them in groups; a ragged rest is computed all the same
State = dict[str, Tensor]


def prune_channels(trained: TrainedModel, *, keep: float) -> TrainedModel:
    """Return a smaller network, of the channels of each convolution that weigh most.

    The weight of a channel is the sum of the magnitudes of its filter, normalisation included.
    Filters are cut out of the network and so is what later layers made of them: nothing is
    masked. Members of an ensemble lose equally many channels, each its own least.

    Args:
        trained: A model of plain convolution blocks, with or without a recurrent layer.
        keep: Share of channels to keep in each block, in (0, 1]; counts are rounded up to
            multiples of 8.

    Returns:
        A model that has still to learn on, see `fine_tune`.

    Raises:
        ConfigurationError: If ``keep`` is out of range, the network has other blocks, or
            self-attention reads its convolutions.

    Reference:
        H. Li et al., "Pruning filters for efficient ConvNets", ICLR 2017,
        https://arxiv.org/abs/1608.08710
    """
    if not 0 < keep <= 1:
        raise ConfigurationError(f"`keep` must lie in (0, 1], but got {keep}")
    members = list_members(trained.network)
    for member in members:
        _check(member)
    counts = tuple(_count(channels, keep) for channels in trained.parameters.channels)
    parameters = replace(trained.parameters, channels=counts)
    bands = trained.network.normalisation.mean.shape[-1]
    with torch.random.fork_rng(devices=[]):
        network = build_network(parameters, n_classes=len(trained.classes), n_bands=bands)
    state = trained.network.state_dict()
    for position, member in enumerate(members):
        prefix = f"members.{position}." if network.n_members else ""
        _cut(state, prefix, member, counts, bands)
    network.load_state_dict(state)
    return replace(trained, network=network.eval(), parameters=parameters, history=())


def fine_tune(
    trained: TrainedModel,
    features: RaggedFeatures,
    targets: npt.NDArray[np.floating],
    *,
    augmented: Sequence[RaggedFeatures] = (),
    dev: DevClips | None = None,
    training: TrainingParameters,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
) -> TrainedModel:
    """Train a network on from the weights it has.

    Args:
        trained: The model; left as it is.
        features: The N training clips.
        targets: Posterior of each clip, rows sum to 1, ``(N, C)``.
        augmented: Further versions of the clips, aligned clip by clip.
        dev: Clips of other speakers; when given, the best epoch on them is kept.
        training: How to train; augmentation may warp and mask.
        seed: Seed of batches and augmentation.
        on_epoch: Called after every epoch.

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        ConfigurationError: If counts do not match, augmentation changes the sound, or the
            training diverges.
    """
    if training.augmentation.changes_sound:
        raise ConfigurationError(
            "`training.augmentation` must leave the sound as it is when a network learns on; "
            "leave it to speed copies, warping and masks"
        )
    clips = TrainingClips.checked(
        (features, *augmented),
        targets,
        trained.classes,
        decided=training.loss != "soft_label",
        ratings=None,
        rated=trained.parameters.ratings,
        weights=None,
    )
    share = Share.of_this_process()
    judges = None if dev is None else DevPart.checked(dev, clips, share)
    bands = trained.network.normalisation.mean.shape[-1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network(
            trained.parameters, n_classes=len(trained.classes), n_bands=bands
        ).to(training.device)
        network.load_state_dict(trained.network.state_dict())
        trainer = Trainer(network, clips, settings=training, augmenter=None, seed=seed, share=share)
        run = Run(trainer, dev=judges, store=None)
        run.finish(on_epoch)
    network.load_state_dict(run.best)
    return replace(
        trained,
        network=network.cpu().eval(),
        best_epoch=run.best_epoch,
        history=tuple(run.history),
    )


def _check(member: EmotionNetwork) -> None:
    is_plain = hasattr(member, "encoder") and all(
        isinstance(block, ConvolutionBlock)
        and isinstance(block.convolution, nn.Conv2d)
        and block.squeeze is None
        for block in member.encoder.blocks
    )
    if not is_plain or (member.attention is not None and member.recurrent is None):
        raise ConfigurationError(
            "`trained` must be plain convolution blocks to lose channels, but has residual, "
            "separable or squeezed ones, self-attention right above them, or no blocks at all; "
            "distil it instead (`serloop distil`)"
        )


def _count(channels: int, keep: float) -> int:
    groups = int(np.ceil(channels * keep / CHANNELS_AT_ONCE))
    return min(channels, groups * CHANNELS_AT_ONCE)


def _cut(
    state: State, prefix: str, member: EmotionNetwork, counts: Sequence[int], bands: int
) -> None:
    """Cut the weights of one member down to the channels it keeps."""
    before = torch.arange(1)
    for number, (block, count) in enumerate(zip(member.encoder.blocks, counts, strict=True)):
        kept = _strongest(block, count)
        path = f"{prefix}encoder.blocks.{number}."
        name = f"{path}convolution.weight"
        state[name] = state[name][kept][:, before]
        for part in ("weight", "bias", "running_mean", "running_variance"):
            name = f"{path}normalisation.{part}"
            state[name] = state[name][kept]
        before = kept
    left = bands // 2 ** len(counts)
    columns = (before[:, None] * left + torch.arange(left)).flatten()
    size = member.encoder.size
    for name, repeats in _readers(member).items():
        each = torch.cat([columns + size * repeat for repeat in range(repeats)])
        state[prefix + name] = state[prefix + name][:, each]


def _strongest(block: nn.Module, count: int) -> Tensor:
    """Return the channels of a block that weigh most, in their order."""
    if not isinstance(block, ConvolutionBlock) or not isinstance(block.convolution, nn.Conv2d):
        raise TypeError(f"`block` must be a plain convolution block, but is {type(block)}")
    scale, _ = scale_and_shift(block.normalisation)
    weights = block.convolution.weight.detach() * scale[:, None, None, None]
    order = weights.abs().sum(dim=(1, 2, 3)).argsort(descending=True, stable=True)
    return order[:count].sort().values


def _readers(member: EmotionNetwork) -> dict[str, int]:
    """Return the weights that read the states of the encoder, and how often side by side."""
    if member.recurrent is not None:
        return {"recurrent.forwards.weight_ih_l0": 1, "recurrent.backwards.weight_ih_l0": 1}
    pooling = member.pooling
    readers = {"head.embedding.1.weight": pooling.size // member.encoder.size}
    if isinstance(pooling, AttentionPooling):
        readers["pooling.hidden.weight"] = 1
    elif not isinstance(pooling, StatisticsPooling):
        raise TypeError(f"`pooling` is {type(pooling)}")
    return readers
