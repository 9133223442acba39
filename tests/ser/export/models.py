"""Small models of every family with weights as after a training, for tests of exported files."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from ser.features.record import FeatureSet
from ser.features.spectral import LogMel
from ser.inference.predictor import predict
from ser.models.build import build_network
from ser.models.normalisation import MaskedBatchNorm
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

LOG_MEL = LogMel(bands=16)
SMALL = NetworkParameters(
    channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=6, recurrent="none"
)
FAMILIES = {
    "statistics": replace(SMALL, pooling="statistics"),
    "lstm": replace(SMALL, recurrent="lstm"),
    "gru": replace(SMALL, recurrent="gru", residual=True, squeeze=2),
    "self-attention": replace(SMALL, self_attention=4, separable=True),
    "ensemble": replace(SMALL, pooling="statistics", members=3, centred=2),
    "ratings-too": replace(SMALL, recurrent="gru", ratings=("arousal",)),
}
CLASSES = ("anger", "neutral", "sadness")


def make_model(
    parameters: NetworkParameters, features: FeatureSet = LOG_MEL, *, classes: int = 3
) -> TrainedModel:
    """Return a model whose statistics are not those it was built with."""
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=classes, n_bands=features.bands)
    for module in network.modules():
        if isinstance(module, MaskedBatchNorm):
            module.running_mean.normal_()
            module.running_variance.uniform_(0.5, 2)
            torch.nn.init.normal_(module.weight, 1.0, 0.5)
    mean = torch.full_like(network.normalisation.mean, -7.0)
    network.normalisation.set_statistics(mean, torch.full_like(mean, 3.0))
    return TrainedModel(
        network=network.eval(),
        parameters=parameters,
        classes=CLASSES[:classes],
        feature_set=features.feature_set,
        sample_rate=16000,
    )


def draw_batches(*, clips: int, seed: int, longest: int = 9000) -> list[list[npt.NDArray]]:
    """Return batches of 1 … 8 clips of random length and level, the first of one sample."""
    rng = np.random.default_rng(seed)
    lengths = [1, *rng.integers(1, longest, clips - 1)]
    levels = 10 ** rng.uniform(-4, -0.7, clips)
    waveforms = [
        (rng.normal(size=length) * level).clip(-1, 1).astype(np.float32)
        for length, level in zip(lengths, levels, strict=True)
    ]
    ends = np.cumsum(rng.integers(1, 9, clips))
    ends = [0, *ends[ends < clips], clips]
    return [waveforms[start:end] for start, end in pairwise(ends)]


def largest_difference(model, judge, batches, *, hears: bool, features=LOG_MEL) -> float:
    """Return how far a file is from PyTorch, with junk where batches are padded."""
    worst = 0.0
    for batch in batches:
        frames = features.compute(batch)
        clips = batch if hears else list(frames)
        lengths = np.array([len(clip) for clip in clips])
        padded = np.full((len(clips), lengths.max(), *clips[0].shape[1:]), 0.7, np.float32)
        for row, clip in zip(padded, clips, strict=True):
            row[: len(clip)] = clip
        found = judge(padded, lengths)
        worst = max(worst, float(np.abs(found - predict(model, frames).posterior).max()))
    return worst
