"""From a trained model to an ONNX file with free batch and time axes."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ser.errors import ConfigurationError
from ser.export.graph import WaveformGraph, build_graph, example_batch
from ser.features.record import FeatureSet
from ser.files import write_whole
from ser.models.trained import TrainedModel

OPSET = 17
LOG_MEL_NODES = "/log_mel/"  # names of the nodes that compute features begin with it
TURN, BINS = f"{LOG_MEL_NODES}turn", f"{LOG_MEL_NODES}bins"


def export_onnx(trained: TrainedModel, features: FeatureSet | None, path: Path) -> None:
    """Write a model as one ONNX file that judges batches of any size and length.

    The graph has two inputs and one output: ``waveforms``, float32 ``(B, S)`` in [−1, 1] padded
    with anything finite, or ``features``, float32 ``(B, F, D)``; ``lengths``, int64 ``(B,)``, true
    samples or frames of each clip, at least 1, which a head over the layers of an encoder does not
    ask for; and ``posterior``, float32 ``(B, C)``. Equal models give equal bytes.

    Args:
        trained: The model, with classes.
        features: The feature set that the graph shall compute from waveforms; ``None`` for a
            graph that reads features.
        path: The file to write; its folder is created, an older file replaced.

    Raises:
        ConfigurationError: If the model has no classes, the feature set is not the model's, or it
            cannot be computed inside a graph, or ONNX is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigurationError(
            "export to ONNX needs onnx, which is not installed: run `pip install 'serloop[export]'`"
        ) from error
    graph = build_graph(trained, features)
    name = "waveforms" if isinstance(graph, WaveformGraph) else "features"
    axes = {name: {0: "clips", 1: "time"}, "lengths": {0: "clips"}, "posterior": {0: "clips"}}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of every shape it reads; that they stay free is tested.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            example_batch(graph),
            buffer,  # type: ignore[arg-type]  # the older exporter writes to it
            dynamo=False,  # quantize_dynamic cannot read LSTMs of the newer exporter
            opset_version=OPSET,
            input_names=[name, "lengths"],
            output_names=["posterior"],
            dynamic_axes=axes,
        )
    model = onnx.load_from_string(buffer.getvalue())
    # Shapes the tracer noted mislead quantisation.
    del model.graph.value_info[:]
    if isinstance(graph, WaveformGraph):
        _derive_transform(model.graph, graph.log_mel.n_fft)
    write_whole(path, model.SerializeToString(deterministic=True))


def _derive_transform(graph: Any, n_fft: int) -> None:  # noqa: ANN401 - onnx has no useful types
    """Let the matrices of the transform be looked up on one turn of the circle.

    ONNX Runtime does so once, when it loads the file, which need not hold half a megabyte of
    cosines; and what no file holds, no quantisation rounds.
    """
    from onnx import helper, numpy_helper  # noqa: PLC0415 - an optional extra

    turn = 2 * np.pi * np.arange(n_fft) / n_fft
    half = np.arange(n_fft // 2 + 1)
    constants = {TURN: np.array(n_fft), BINS: half[None, :]}
    nodes = []
    for name, values, samples in (
        ("cosines", np.cos(turn), half),
        ("sines", np.sin(turn), half[1:-1]),
    ):
        own = f"{LOG_MEL_NODES}{name}/"
        constants |= {f"{own}circle": values.astype(np.float32), f"{own}samples": samples[:, None]}
        for operator, inputs, output in (
            ("Mul", (f"{own}samples", BINS), f"{own}products"),
            ("Mod", (f"{own}products", TURN), f"{own}positions"),
            ("Gather", (f"{own}circle", f"{own}positions"), f"log_mel.{name}"),
        ):
            nodes.append(helper.make_node(operator, inputs, [output], name=f"{own}{operator}"))
    derived = {output for node in nodes for output in node.output}
    kept = [entry for entry in graph.initializer if entry.name not in derived]
    kept += [numpy_helper.from_array(values, name) for name, values in constants.items()]
    computed = [*nodes, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(computed)
