"""Recurrent layers kept whole, so that an exported program leaves their time free."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

KEY = torch._C.DispatchKey.CompositeImplicitAutograd
LAYERS = (torch.ops.aten.lstm.input, torch.ops.aten.gru.input)


@contextmanager
def whole_recurrence() -> Iterator[None]:
    """Let `torch.export` ask a recurrent layer of one direction for nothing but its shapes.

    The exporter keeps such a layer as one operator, but finds the shapes of its outputs by running
    it frame by frame, and so fixes the number of frames to that of the example. `torch.onnx`
    exchanges the same entries for loops while it exports; only shapes are needed, and the
    operator itself stays in the program.
    """
    saved: dict[Any, dict[Any, Any]] = {layer: dict(layer.py_kernels) for layer in LAYERS}
    try:
        for layer in LAYERS:
            _set_kernels(layer, {**saved[layer], KEY: infer_shapes})
        yield
    finally:
        for layer, kernels in saved.items():
            _set_kernels(layer, kernels)


def infer_shapes(
    states: Tensor, initial: Tensor | Sequence[Tensor], *_: object
) -> tuple[Tensor, ...]:
    """Return empty outputs of a layer of one direction whose batches come first.

    Args:
        states: ``(B, F, D)``.
        initial: One state of a GRU or two of an LSTM, ``(1, B, H)`` each.

    Returns:
        Outputs ``(B, F, H)``, and the last states.

    Example:
        >>> outputs, last = infer_shapes(torch.zeros(2, 5, 3), torch.zeros(1, 2, 4))
        >>> outputs.shape, last.shape
        (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))
    """
    last = [initial] if isinstance(initial, Tensor) else list(initial)
    outputs = states.new_empty(states.shape[0], states.shape[1], last[0].shape[2])
    return (outputs, *[torch.empty_like(state) for state in last])


def _set_kernels(layer: torch._ops.OpOverload, kernels: Mapping[Any, Any]) -> None:
    layer.py_kernels.clear()
    layer.py_kernels.update(kernels)
    # What it was last resolved to would be called instead.
    layer._dispatch_cache.clear()
