"""A solved head as a trained model, to be stored and used like any other."""

import time
from collections.abc import Sequence

import numpy as np
import torch

from ser.encoders.kernel_ridge import LayerStatistics
from ser.encoders.ridge import RidgeHead, Targets, as_posterior, fit_ridge
from ser.encoders.ridge_beside import Beside, teach_itself
from ser.encoders.ridge_members import solve_members
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.metrics.classification import Labels, unweighted_average_recall
from ser.metrics.posteriors import Posterior
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
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
    beside: Beside | None = None,
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
        model: Sizes of a network of layers without a hidden layer; several members say together
            what one would, and apart what it would say of other speakers (`solve_members`).
        dev: Clips of other speakers to judge the result on; it changes nothing.
        beside: Clips without labels to learn from as well, see `ser.encoders.ridge_beside`.
        seed: Of the inner folds of speakers, and of those that members are drawn from.

    Returns:
        The model, with one epoch in its history.

    Raises:
        ConfigurationError: If clips differ in their layers, or as `fit_ridge`.
    """
    started = time.perf_counter()
    solved, weights = _solve(
        layer_statistics(features),
        as_posterior(targets, len(classes)),
        speakers,
        beside=beside,
        members=model.members,
        seed=seed,
    )
    trained = TrainedModel(
        network=_build_network(model, solved, weights),
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
            **({} if beside is None else {"unlabelled": len(beside.features)}),
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


def output_layers(network: EmotionNetwork) -> list[torch.nn.Linear]:
    """Return the linear layer of a solved head, or those of its members, in their order."""
    return [part for part in network.modules() if isinstance(part, torch.nn.Linear)]


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


def _solve(
    features: LayerStatistics,
    targets: Posterior,
    speakers: Sequence[str],
    *,
    beside: Beside | None,
    members: int,
    seed: int,
) -> tuple[RidgeHead, LayerStatistics]:
    """Return the head, and the weights of its members, ``(M, C, L · 2·D)``; M is 1 for itself."""
    folds = max(2, min(MOST_FOLDS, len(set(speakers))))
    head = fit_ridge(
        features, targets, speakers, n_classes=targets.shape[1], n_folds=folds, seed=seed
    )
    if beside is not None:
        head = teach_itself(head, features, targets, speakers, beside, n_folds=folds, seed=seed)
    if members == 1:
        return head, head.weights[None]
    return head, solve_members(head, features, targets, speakers, members=members, seed=seed)


def _build_network(
    model: NetworkParameters, solved: RidgeHead, weights: LayerStatistics
) -> EmotionNetwork:
    """Return the network that says what heads of these weights, ``(M, C, L · 2·D)``, say."""
    with torch.random.fork_rng(devices=[]):
        network = build_network(model, n_classes=weights.shape[1], n_bands=solved.mean.shape[1])
    statistics = (solved.mean, solved.deviation)
    network.normalisation.set_statistics(*(torch.from_numpy(each) for each in statistics))
    with torch.no_grad():
        for linear, own in zip(output_layers(network), weights, strict=True):
            linear.weight.copy_(torch.from_numpy(own))
            linear.bias.zero_()
    return network.eval()


def _judge(model: TrainedModel, features: RaggedFeatures, labels: Labels) -> float:
    return unweighted_average_recall(labels, predict(model, features).labels, len(model.classes))
