"""Models that never heard a speaker, so that what they say of them is what strangers will get."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ser.encoders.kernel_ridge import LayerStatistics, Matrix, mean_product, solve_ridge
from ser.encoders.ridge_model import layer_statistics, output_layers
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.metrics.classification import Labels
from ser.metrics.posteriors import one_hot
from ser.models.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class Stranger:
    """A model and speakers whom it never heard.

    Args:
        trained: The model.
        speakers: Their names.
    """

    trained: TrainedModel
    speakers: tuple[str, ...]


def solve_strangers(
    trained: TrainedModel, features: RaggedFeatures, labels: Labels, speakers: Sequence[str]
) -> list[Stranger]:
    """Solve for a light head again without each of the speakers it was solved for, in turn.

    Penalty, scale of the logits and standardisation stay those of the head.

    Args:
        trained: A head from `ser.encoders.ridge_model.train_ridge`.
        features: Of its N training clips.
        labels: Class of each, int ``(N,)``.
        speakers: Speaker of each, N names.

    Returns:
        One per speaker, by name.

    Raises:
        ConfigurationError: If it is no such head.
    """
    penalty = trained.training.get("penalty")
    if trained.training.get("solver") != "ridge" or not isinstance(penalty, float):
        raise ConfigurationError("`trained` must be a head that ridge regression solved for")
    rule = trained.network.normalisation
    heard = layer_statistics(features) - rule.mean.numpy()
    standard = (heard / rule.deviation.numpy()).reshape(len(features), -1)
    kernel = mean_product(standard)
    truth = one_hot(labels, len(trained.classes))
    named = np.array(speakers)
    whole = np.ones(len(named), dtype=bool)
    solved = _solve(standard, kernel, truth, is_known=whole, penalty=penalty)
    # Members say together what one head would.
    own = np.mean([each.weight.numpy(force=True) for each in output_layers(trained.network)], 0)
    scale = float((own * solved).sum() / (solved * solved).sum())
    found = []
    for name in sorted(set(speakers)):
        others = _solve(standard, kernel, truth, is_known=named != name, penalty=penalty)
        network = deepcopy(trained.network)
        with torch.no_grad():
            for linear in output_layers(network):
                linear.weight.add_(torch.from_numpy(scale * others - own))
        found.append(Stranger(replace(trained, network=network), (name,)))
    return found


def _solve(
    standard: LayerStatistics,
    kernel: Matrix,
    truth: Matrix,
    *,
    is_known: npt.NDArray[np.bool_],
    penalty: float,
) -> LayerStatistics:
    """Return weights ``(C, L · 2·D)`` of the clips that are known, logits unscaled."""
    targets = truth[is_known] - truth[is_known].mean(axis=0)
    alpha = solve_ridge(kernel[np.ix_(is_known, is_known)], targets, penalty)
    weights = standard[is_known].T @ alpha.astype(np.float32) / standard.shape[1]
    return np.ascontiguousarray(weights.T, dtype=np.float32)
