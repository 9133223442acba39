"""Begin above a pretrained encoder with a head that is solved for."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ser.encoders.ridge import Targets, fit_ridge
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.build import build_network
from ser.models.encoder_tail import TailNetwork
from ser.models.parameters import NetworkParameters
from ser.training.initial import load_initial

MOST_FOLDS = 5


def with_ridge_head(
    initial: Mapping[str, Tensor],
    features: RaggedFeatures,
    targets: Targets,
    speakers: Sequence[str],
    *,
    model: NetworkParameters,
    n_classes: int,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Return the weights of an encoder and the head that suits what it says before it learns.

    Descent then begins where ridge regression ends, rather than with a head that knows nothing and
    pulls at the encoder at random.

    Args:
        initial: Weights of the encoder, from `ser.models.encoder_tail.encoder_weights`.
        features: The N training clips, states of the layer below.
        targets: Class of each clip, int ``(N,)``, or P(class), ``(N, C)``.
        speakers: Speaker of each clip, N names of at least two people.
        model: Sizes of the network, without a hidden layer and ratings.
        n_classes: C.
        seed: Of the inner folds of speakers that choose the penalty.

    Raises:
        ConfigurationError: If the network is another one, or as `fit_ridge`.

    Reference:
        A. Kumar et al., "Fine-tuning can distort pretrained features and underperform
        out-of-distribution", ICLR 2022. https://arxiv.org/abs/2202.10054
    """
    with torch.random.fork_rng(devices=[]):
        network = build_network(model, n_classes=n_classes, n_bands=features.bands)
    if not isinstance(network, TailNetwork) or model.embedding_size or model.ratings:
        raise ConfigurationError(
            "`model` must go on from a pretrained encoder, without a hidden layer and ratings, for "
            f"a head to be solved for, but has `encoder` = {model.encoder[:20]!r}, "
            f"`embedding_size` = {model.embedding_size} and `ratings` = {list(model.ratings)}"
        )
    load_initial(network, initial)
    solved = fit_ridge(
        network.eval().pool(features).numpy(),
        targets,
        speakers,
        n_classes=n_classes,
        n_folds=max(2, min(MOST_FOLDS, len(set(speakers)))),
        seed=seed,
    )
    (name,) = (name for name, part in network.named_modules() if _is_output(name, part))
    return {
        **initial,
        f"{name}.weight": torch.from_numpy(solved.weights),
        f"{name}.bias": torch.zeros(n_classes),
    }


def _is_output(name: str, part: nn.Module) -> bool:
    return name.startswith("head.") and isinstance(part, nn.Linear)
