"""ONNX files in eight bits: a quarter of the bytes, and whole numbers to multiply."""

import itertools
import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.export.onnx_file import LOG_MEL_NODES
from ser.files import write_whole

if TYPE_CHECKING:
    import onnx

Batch = Mapping[str, npt.NDArray[np.generic]]
# Fewer numbers than a processor adds in one step: such a convolution is slower in whole numbers,
# and it is the one that meets what was recorded, in whose range a few bits are few.
FEWEST_INPUTS = 4
WEIGHED = ("Conv", "Gemm", "MatMul")
# What can be done to whole numbers between two convolutions.
PASSED = ("Relu", "MaxPool", "Split")


def quantise_static(source: Path, target: Path, calibration: Iterable[Batch]) -> None:
    """Write an ONNX file whose convolutions and products multiply whole numbers of eight bits.

    Weights are scaled per channel, activations by the range they take on `calibration`. Features
    computed inside, a first convolution of few inputs and recurrent layers stay in float, as
    does arithmetic without weights.

    Args:
        source: What `ser.export.onnx_file.export_onnx` wrote, best of a network from
            `ser.compression.fuse.fuse`: what is not folded cannot stay whole.
        target: The file to write; its folder is created, an older file replaced.
        calibration: Inputs of the graph by name, one batch at a time; of clips that were
            learned from, for whoever is judged must have no part in the model.

    Raises:
        ConfigurationError: If there is no such input, nothing to quantise, or ONNX Runtime is
            not installed.

    Reference:
        B. Jacob et al., "Quantization and training of neural networks for efficient
        integer-arithmetic-only inference", CVPR 2018, https://arxiv.org/abs/1712.05877
        R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference",
        2018, https://arxiv.org/abs/1806.08342
    """
    quantisation = _import_quantisation()
    batches = iter(calibration)
    first = next(batches, None)
    if first is None:
        raise ConfigurationError(
            "`calibration` must hold at least one batch, since activations are scaled by the "
            "range they take; pass some clips that the model learned from"
        )

    class Reader(quantisation.CalibrationDataReader):  # type: ignore[name-defined, misc]
        """Hand over one batch after the other, as ONNX Runtime asks for them."""

        def __init__(self) -> None:
            self._left = itertools.chain([first], batches)

        def get_next(self) -> dict[str, Any] | None:
            found = next(self._left, None)
            return dict(found) if found else None

    def convert(prepared: Path, written: Path) -> None:
        nodes = _choose(_load(prepared))
        if not nodes:
            raise ConfigurationError(
                f"`{source}` must hold a convolution or a product with weights, but has none "
                "that can be quantised"
            )
        quantisation.quantize_static(
            str(prepared),
            str(written),
            Reader(),
            quant_format=quantisation.QuantFormat.QOperator,
            per_channel=True,
            activation_type=quantisation.QuantType.QUInt8,
            weight_type=quantisation.QuantType.QInt8,
            nodes_to_quantize=nodes,
        )

    _convert(source, target, convert)


def quantise_dynamic(source: Path, target: Path) -> None:
    """Write an ONNX file with weights of eight bits whose activations are scaled as they come.

    Needs no clips, and takes recurrent layers along. Convolutions are left in float: found to be
    several times slower that way, for their activations are many.

    Args:
        source: What `ser.export.onnx_file.export_onnx` wrote.
        target: The file to write; its folder is created, an older file replaced.

    Raises:
        ConfigurationError: If ONNX Runtime is not installed.
    """
    quantisation = _import_quantisation()

    def convert(prepared: Path, written: Path) -> None:
        excluded = [of.name for of in _load(prepared).graph.node if _is_of_features(of)]
        quantisation.quantize_dynamic(
            str(prepared),
            str(written),
            op_types_to_quantize=["Gemm", "MatMul", "LSTM"],
            nodes_to_exclude=excluded,
            per_channel=True,
            weight_type=quantisation.QuantType.QInt8,
        )

    _convert(source, target, convert)


def _convert(source: Path, target: Path, convert: Callable[[Path, Path], None]) -> None:
    """Prepare a file, convert it, and write what came out under short names."""
    with tempfile.TemporaryDirectory() as folder:
        prepared, written = Path(folder, "prepared.onnx"), Path(folder, "written.onnx")
        model = _load(source)
        # Not ONNX Runtime's own preparation: it would work out what features are computed with,
        # and write it all down. Of it, nothing but shapes is left to be dropped here.
        del model.graph.value_info[:]
        prepared.write_bytes(model.SerializeToString(deterministic=True))
        root = logging.getLogger()
        level = root.level
        # It recommends that preparation at every call.
        root.setLevel(logging.ERROR)
        try:
            convert(prepared, written)
        finally:
            root.setLevel(level)
        quantised = _load(written)
    _shorten(quantised)
    write_whole(target, quantised.SerializeToString(deterministic=True))


def _choose(model: "onnx.ModelProto") -> list[str]:
    """Return the nodes to work on whole numbers."""
    shapes = {of.name: tuple(of.dims) for of in model.graph.initializer}
    chosen: list[str] = []
    whole: set[str] = set()  # tensors that are whole numbers already
    makers: dict[str, str] = {}
    for node in model.graph.node:
        makers.update(dict.fromkeys(node.output, node.op_type))
        if _is_of_features(node):
            continue
        is_weighed = node.op_type in WEIGHED and any(name in shapes for name in node.input)
        if is_weighed and node.op_type == "Conv":
            is_weighed = shapes.get(node.input[1], (0, 0))[1] >= FEWEST_INPUTS
        is_mask = node.op_type == "Mul" and any(makers.get(of) == "MaxPool" for of in node.input)
        is_passed = node.op_type in PASSED or is_mask
        if is_weighed or (is_passed and whole.intersection(node.input)):
            chosen.append(node.name)
            whole.update(node.output)
        elif node.op_type == "Split":
            chosen.append(node.name)
    return chosen


def _shorten(model: "onnx.ModelProto") -> None:
    """Give everything inside the graph a short name: they would be a tenth of a small file."""
    graph = model.graph
    kept = {of.name for of in (*graph.input, *graph.output)}
    names: dict[str, str] = {"": ""}

    def rename(name: str) -> str:
        return name if name in kept else names.setdefault(name, f"{len(names):x}")

    for initializer in graph.initializer:
        initializer.name = rename(initializer.name)
    for node in graph.node:
        node.name = ""
        node.doc_string = ""
        for side in (node.input, node.output):
            side[:] = [rename(name) for name in side]
    del graph.value_info[:]


def _is_of_features(node: "onnx.NodeProto") -> bool:
    return str(node.name).startswith(LOG_MEL_NODES)


def _load(path: Path) -> "onnx.ModelProto":
    import onnx  # noqa: PLC0415 - an optional extra

    return onnx.load(str(path))


def _import_quantisation() -> Any:  # noqa: ANN401 - a module without types
    try:
        from onnxruntime import quantization  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigurationError(
            "quantisation needs ONNX Runtime, which is not installed: run `pip install "
            "'serloop[export]'`"
        ) from error
    return quantization
