"""Share each batch between processes so that together they train what one would alone.

Every process prepares the whole batch, so that all draws are those of a single process, and takes
its rows of it through the network. What a clip learns from its batch mates is shared: batch
normalisation sums over the processes, losses are taken of the gathered outputs of all rows, and
the gradients are summed. The weights stay equal in all processes bit for bit, and equal those of
one process up to the order in which numbers are added.
"""

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn

from ser.errors import ConfigurationError
from ser.models.network import EmotionNetwork, NetworkOutput
from ser.models.normalisation import MaskedBatchNorm


@contextmanager
def join_processes() -> Iterator[None]:
    """Join the other processes that `torchrun` started, and leave them at the end.

    Does nothing in a process that `torchrun` did not start.
    """
    if not distributed.is_torchelastic_launched():
        yield
        return
    distributed.init_process_group("gloo")
    try:
        yield
        # Whoever leaves while another still sends has that one's process aborted.
        distributed.barrier()
    finally:
        distributed.destroy_process_group()


@dataclass(frozen=True)
class Share:
    """The part of the work that falls to one process.

    Args:
        rank: Number of the process, from 0.
        processes: Number of processes.
    """

    rank: int = 0
    processes: int = 1

    @classmethod
    def of_this_process(cls) -> "Share":
        """Return the share of this process in its group, or everything without a group."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    def rows(self, clips: int) -> slice:
        """Return which of ``clips`` rows fall to this process.

        Example:
            >>> [Share(rank, 2).rows(5) for rank in range(2)]
            [slice(0, 2, None), slice(2, 5, None)]
        """
        ends = [clips * rank // self.processes for rank in (self.rank, self.rank + 1)]
        return slice(*ends)

    def check_batches(self, smallest: int) -> None:
        """Refuse batches that leave a process without a clip.

        Args:
            smallest: Clips in the smallest batch.

        Raises:
            ConfigurationError: If there are fewer clips than processes.
        """
        if smallest < self.processes:
            raise ConfigurationError(
                f"each of {self.processes} processes needs a clip of every batch, but the "
                f"smallest batch has {smallest}; start fewer processes or raise `batch_size`"
            )

    def gather(self, part: Tensor, clips: int) -> Tensor:
        """Return the rows of all processes, ``(clips, …)``; only this process's have a gradient.

        Args:
            part: The rows of this process.
            clips: Rows of all processes.
        """
        if self.processes == 1:
            return part
        rows = self.rows(clips)
        whole = part.new_zeros(clips, *part.shape[1:])
        whole[rows] = part.detach()
        distributed.all_reduce(whole)
        return torch.cat([whole[: rows.start], part, whole[rows.stop :]])

    def gather_output(self, output: NetworkOutput, clips: int) -> NetworkOutput:
        """Return what the network says about the rows of all processes; see `gather`."""
        if self.processes == 1:
            return output
        parts = (output.logits, output.ratings, output.embeddings)
        joined = self.gather(torch.cat(parts, dim=1), clips)
        sizes = [part.shape[1] for part in parts]
        logits, ratings, embeddings = torch.split(joined, sizes, dim=1)
        members = tuple(self.gather_output(member, clips) for member in output.members)
        return NetworkOutput(logits, ratings, embeddings, members)

    def sum_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Add up the gradients of all processes, in place."""
        if self.processes == 1:
            return
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        joined = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(joined)
        parts = torch.split(joined, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view(gradient.shape))


class SharedBatch:
    """The batch that is going through the network: how many clips, and which are ours.

    Args:
        share: The part of this process.
    """

    def __init__(self, share: Share) -> None:
        self.share = share
        self.clips = 0

    @property
    def rows(self) -> slice:
        """The rows of this process."""
        return self.share.rows(self.clips)


def share_network(network: EmotionNetwork, batch: SharedBatch) -> EmotionNetwork:
    """Return a copy whose layers see the whole batch; its weights have the same names.

    Args:
        network: The network.
        batch: Kept up to date by whoever calls the copy.
    """
    shared = copy.deepcopy(network)
    for module in list(shared.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, MaskedBatchNorm):
                setattr(module, name, SharedBatchNorm.like(layer))
            elif isinstance(layer, nn.Dropout | nn.Dropout2d):
                setattr(module, name, SharedDropout(layer, batch))
    return shared


class SharedBatchNorm(MaskedBatchNorm):
    """Masked batch normalisation with the statistics of all processes' rows."""

    @classmethod
    def like(cls, layer: MaskedBatchNorm) -> "SharedBatchNorm":
        """Return a layer with the same weights and statistics."""
        shared = cls(len(layer.weight), momentum=layer.momentum, epsilon=layer.epsilon)
        shared.load_state_dict(layer.state_dict())
        return shared.to(layer.weight.device)

    def _batch_statistics(self, maps: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        masked = maps * mask
        count = mask.sum() * maps.shape[3]
        sums = [masked.sum((0, 2, 3)), (masked * maps).sum((0, 2, 3)), count.expand(maps.shape[1])]
        mean, square = _sum_over_processes(torch.stack(sums))
        variance = (square - mean.square()).clamp(min=0.0)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_variance.lerp_(variance, self.momentum)
        return mean, variance


class SharedDropout(nn.Module):
    """Draw for the whole batch what torch's dropout would, and apply the rows of this process.

    Args:
        layer: `Dropout`, or `Dropout2d` which drops whole channels.
        batch: The whole batch.
    """

    def __init__(self, layer: nn.Dropout | nn.Dropout2d, batch: SharedBatch) -> None:
        super().__init__()
        self.layer = layer
        self.batch = batch

    def forward(self, states: Tensor) -> Tensor:
        """Return ``states``, rows of a batch, with some numbers or channels set to zero."""
        if not self.training or self.layer.p == 0:
            return states
        whole_channels = isinstance(self.layer, nn.Dropout2d)
        ends = [1] * (states.ndim - 2) if whole_channels else states.shape[2:]
        ones = states.new_ones(self.batch.clips, states.shape[1], *ends)
        factor: Tensor = self.layer(ones)[self.batch.rows]
        return states * factor


def _sum_over_processes(values: Tensor) -> tuple[Tensor, Tensor]:
    total: Tensor = _Sum.apply(values)
    return total[0] / total[2], total[1] / total[2]


class _Sum(torch.autograd.Function):
    """Add over the processes, forwards and backwards: each sum reaches every process's loss."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:  # noqa: ANN401 - the context's type is torch's
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        total = gradient.clone()
        distributed.all_reduce(total)
        return total
