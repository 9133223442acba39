"""How much sound and words are to be trusted, each by what it says of speakers it never heard."""

import torch
from torch import Tensor
from torch.nn import functional

from ser.metrics.classification import Labels

LOG_WEIGHTS = (-5.0, 5.0)  # e^±5: a side that is always wrong is as good as silent
PRIOR = 0.1  # keeps the weights finite where the dev clips are few and all judged right


def fit_late_weights(sound: Tensor, words: Tensor, labels: Labels) -> Tensor:
    """Return the weights of two log posteriors that make their sum most probable, ``(2,)``.

    The mean surprise ``−log p_y`` with ``p ∝ p_sound^a · p_words^b`` is made small over a and b,
    both above 0. It is convex in them, so that the result does not depend on where it starts.

    Args:
        sound: Logits by the sound, ``(N, C)``, of clips that neither side learned from.
        words: Logits by the words, ``(N, C)``.
        labels: Class number of each, ``(N,)``.

    Reference:
        G. E. Hinton, "Training products of experts by minimizing contrastive divergence", Neural
        Computation 14(8), 2002, for the product. https://doi.org/10.1162/089976602760128018

    Example:
        >>> truth = torch.eye(2).repeat(20, 1)
        >>> noise = torch.tensor([[1.0, 0.0], [1.0, 0.0]]).repeat(20, 1)
        >>> trusted = fit_late_weights(truth, noise, truth.argmax(dim=1).numpy())
        >>> bool(trusted[0] > trusted[1])
        True
    """
    said = torch.stack([sound, words]).double().log_softmax(dim=2)
    truth = torch.from_numpy(labels.astype("int64"))
    logs = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([logs], max_iter=100, line_search_fn="strong_wolfe")

    def surprise() -> Tensor:
        optimiser.zero_grad()
        logits = (logs.clamp(*LOG_WEIGHTS).exp()[:, None, None] * said).sum(dim=0)
        loss = functional.cross_entropy(logits, truth) + PRIOR * logs.square().sum() / len(truth)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(surprise)  # type: ignore[no-untyped-call]
    return logs.detach().clamp(*LOG_WEIGHTS).exp().float()
