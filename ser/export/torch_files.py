"""From a trained model to files that PyTorch alone runs, without this package."""

import io
import warnings
from pathlib import Path

import torch
from torch.export import Dim

from ser.export.graph import build_graph, example_batch
from ser.export.recurrence import whole_recurrence
from ser.features.record import FeatureSet
from ser.files import write_whole
from ser.models.trained import TrainedModel


def export_torchscript(trained: TrainedModel, features: FeatureSet | None, path: Path) -> None:
    """Write a model for `torch.jit.load`, which also runs it from C++.

    Inputs and output are those of `ser.export.onnx_file.export_onnx`.

    Args:
        trained: The model, with classes.
        features: The feature set to compute inside, or ``None``.
        path: The file to write; its folder is created, an older file replaced.

    Raises:
        ConfigurationError: As for `export_onnx`.
    """
    graph = build_graph(trained, features)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of every shape it reads; that they stay free is tested.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(graph, example_batch(graph), check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, buffer)
    write_whole(path, buffer.getvalue())


def export_program(trained: TrainedModel, features: FeatureSet | None, path: Path) -> None:
    """Write a model for `torch.export.load`.

    Inputs and output are those of `ser.export.onnx_file.export_onnx`.

    Args:
        trained: The model, with classes.
        features: The feature set to compute inside, or ``None``.
        path: The file to write; its folder is created, an older file replaced.

    Raises:
        ConfigurationError: As for `export_onnx`.
    """
    # With one state the layout of its memory would be ambiguous, and be fixed as it is.
    graph = build_graph(trained, features, states=2)
    clips, time = Dim("clips"), Dim("time")
    is_timed = not trained.parameters.layers
    shapes = ({0: clips, 1: time} if is_timed else {0: clips}, {0: clips})
    buffer = io.BytesIO()
    with torch.no_grad(), whole_recurrence():
        program = torch.export.export(
            graph,
            example_batch(graph),
            dynamic_shapes=shapes,
            # Some sizes divide evenly in the example; the program must not ask that of others.
            prefer_deferred_runtime_asserts_over_guards=True,
        )
        torch.export.save(program, buffer)
    write_whole(path, buffer.getvalue())
