"""A model as a program over one clip of fixed size, which converters for phones read."""

import io
from pathlib import Path

import torch
from torch import Tensor, nn

from ser.export.bundle import Place
from ser.export.graph import FeatureGraph, WaveformGraph, build_graph
from ser.features.record import FeatureSet
from ser.files import write_whole
from ser.models.trained import TrainedModel


class WindowGraph(nn.Module):
    """Judge one padded clip whose length is told in 32 bits, as phones count.

    Args:
        judge: From `build_graph`.
    """

    def __init__(self, judge: FeatureGraph | WaveformGraph) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, clip: Tensor, lengths: Tensor) -> Tensor:
        """Return P(class), ``(1, C)``.

        Args:
            clip: ``(1, S)`` or ``(1, F, D)``, finite on padding.
            lengths: Samples or frames of the clip, int32 ``(1,)``, at least 1.
        """
        posterior: Tensor = self.judge(clip, lengths.long())
        return posterior


def count_window(features: FeatureSet, samples: int, place: Place) -> int:
    """Return how long the clips are that a file reads, in samples or in frames.

    Args:
        features: The features that the model reads.
        samples: Samples of the longest clip, at least 1.
        place: Whether features are computed inside.
    """
    return samples if place == "inside" else features.count_frames(samples)


def export_window(
    trained: TrainedModel, features: FeatureSet | None, path: Path, *, window: int
) -> None:
    """Write a model over clips of one size for `torch.export.load`.

    A shorter clip is padded with anything finite and its true length told, which changes nothing.

    Args:
        trained: The model, with classes.
        features: The feature set to compute inside, or ``None``.
        path: The file to write; its folder is created, an older file replaced.
        window: From `count_window`.

    Raises:
        ConfigurationError: As for `ser.export.onnx_file.export_onnx`.
    """
    graph = WindowGraph(build_graph(trained, features)).eval()
    for values in [*graph.parameters(), *graph.buffers()]:
        # litert-torch 0.10 knows a weight by where it lies, and copies one that is laid out
        # channels last to a place that the next of its shape, of another member, may get too.
        values.data = values.data.contiguous()
    buffer = io.BytesIO()
    with torch.no_grad():
        program = torch.export.export(graph, _example(graph.judge, window))
        torch.export.save(program, buffer)
    write_whole(path, buffer.getvalue())


def _example(judge: FeatureGraph | WaveformGraph, window: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    bands = () if isinstance(judge, WaveformGraph) else judge.network.normalisation.mean.shape[-1:]
    clip = torch.rand(1, window, *bands, generator=generator) - 0.5
    return clip, torch.tensor([window], dtype=torch.int32)
