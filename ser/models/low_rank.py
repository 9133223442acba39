"""Low-rank adapters: few weights that change what a large layer does."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

ADAPTED = ("q_proj", "k_proj", "v_proj", "out_proj")


class LowRank(nn.Module):
    """Add a product of two narrow matrices to a weight, which itself stays as it is.

    It begins as nothing: the second matrix is zero.

    Args:
        outputs: Rows of the weight.
        inputs: Its columns.
        rank: r, the width of the matrices, at least 1.

    Reference:
        E. J. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022.
        https://arxiv.org/abs/2106.09685
    """

    def __init__(self, outputs: int, inputs: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.empty(rank, inputs))
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight, ``(outputs, inputs)``."""
        return weight + self.up @ self.down


def add_adapters(module: nn.Module, rank: int) -> None:
    """Give the projections of every attention in a module an adapter.

    The weight becomes a function of itself and the adapter, so that it does not matter whether
    a layer calls its projections or takes their weights, as WavLM's does.

    Args:
        module: Layers of an encoder.
        rank: Of the adapters.
    """
    for name, part in list(module.named_modules()):
        if name.rpartition(".")[2] in ADAPTED and isinstance(part, nn.Linear):
            adapter = LowRank(part.out_features, part.in_features, rank)
            parametrize.register_parametrization(part, "weight", adapter)


def adapters_of(module: nn.Module) -> Iterator[nn.Parameter]:
    """Yield the weights of all adapters in a module."""
    for part in module.modules():
        if isinstance(part, LowRank):
            yield from part.parameters()
