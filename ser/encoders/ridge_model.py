"""A solved head as a trained model, to be stored and used like any other."""

import time
from collections.abc import Sequence

import numpy as np
import torch

from ser.encoders.kernel_ridge import LayerStatistics
from ser.encoders.ridge import Targets, as_posterior, fit_ridge
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.metrics.classification import Labels, unweighted_average_recall
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import EpochSummary, TrainedModel

MOST_FOLDS = 5


def train_ridge(
    features: RaggedFeatures,
    targets: Targets,
    speakers: Sequence[str],
    *,
    classes: Sequence[str],
    feature_set: str,
    sample_rate: int,
    model: NetworkParameters,
    dev: tuple[RaggedFeatures, Labels] | None = None,
    seed: int = 0,
) -> TrainedModel:
    """Solve for a light head, see `ser.encoders.ridge`.

    Args:
        features: Of the N training clips, one frame per layer of an encoder.
        targets: Class of each clip, int ``(N,)``, or P(class), ``(N, C)``.
        speakers: Speaker of each clip, N names of at least two people.
        classes: Names of the C classes.
        feature_set: Name of the feature set, kept with the model.
        sample_rate: Rate of the audio under the features, Hz, kept with the model.
        model: Sizes of a network of layers without a hidden layer.
        dev: Clips of other speakers to judge the result on; it changes nothing.
        seed: Of the inner folds of speakers.

    Returns:
        The model, with one epoch in its history.

    Raises:
        ConfigurationError: If clips differ in their layers, or as `fit_ridge`.
    """
    started = time.perf_counter()
    folds = max(2, min(MOST_FOLDS, len(set(speakers))))
    solved = fit_ridge(
        layer_statistics(features),
        targets,
        speakers,
        n_classes=len(classes),
        n_folds=folds,
        seed=seed,
    )
    with torch.random.fork_rng(devices=[]):
        network = build_network(model, n_classes=len(classes), n_bands=features.bands)
    network.normalisation.set_statistics(
        torch.from_numpy(solved.mean), torch.from_numpy(solved.deviation)
    )
    (linear,) = (part for part in network.head.modules() if isinstance(part, torch.nn.Linear))
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(solved.weights))
        linear.bias.zero_()
    trained = TrainedModel(
        network=network.eval(),
        parameters=model,
        classes=tuple(classes),
        feature_set=feature_set,
        sample_rate=sample_rate,
        training={
            "solver": "ridge",
            "penalty": solved.penalty,
            "inner_uar": solved.dev_uar,
            "seed": seed,
            "clips": len(features),
        },
        best_epoch=1,
    )
    seconds = time.perf_counter() - started
    posterior = torch.from_numpy(predict(trained, features).posterior)
    truth = torch.from_numpy(as_posterior(targets, len(classes)))
    surprise = -torch.xlogy(truth, posterior.double()).sum(dim=1)
    summary = EpochSummary(
        epoch=1,
        epochs=1,
        loss=float(surprise.mean()),
        dev_uar=None if dev is None else _judge(trained, *dev),
        learning_rate=0.0,
        clips_per_s=len(features) / seconds,
    )
    return TrainedModel(**{**vars(trained), "history": (summary,)})


def layer_statistics(features: RaggedFeatures) -> LayerStatistics:
    """Return the clips of an encoder's feature set as one array ``(N, L, 2·D)``, uncopied.

    Args:
        features: N clips, each with one frame per layer.

    Raises:
        ConfigurationError: If clips differ in their number of frames.
    """
    lengths = np.unique(features.lengths)
    if len(lengths) != 1:
        raise ConfigurationError(
            "`features` must have one frame per layer, the same number for every clip, but have "
            f"{lengths[:5].tolist()}; choose features of the kind `encoder_statistics`"
        )
    return features.values.reshape(len(features), int(lengths[0]), features.bands)


def _judge(model: TrainedModel, features: RaggedFeatures, labels: Labels) -> float:
    return unweighted_average_recall(labels, predict(model, features).labels, len(model.classes))
