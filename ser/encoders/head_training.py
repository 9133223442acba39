"""Train light heads on encoder statistics, in seconds on a CPU core."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.metrics.classification import Labels, check_labels, unweighted_average_recall
from ser.models.layer_head import LayerHead
from ser.training.folds import speaker_folds

LayerStatistics = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class HeadTraining:
    """Say how a head is built and trained.

    Args:
        size: E, size of the hidden layer, 0 for none.
        input_dropout: Share of standardised statistics dropped in training, in [0, 1).
        dropout: Share of hidden numbers dropped in training, in [0, 1).
        epochs: Most passes over the training clips.
        patience: Epochs without a better UAR of the dev part after which training ends.
        batch_size: Clips per step.
        learning_rate: Of AdamW at the start; it falls to 0 as half a cosine.
        weight_decay: Decoupled, of AdamW.
        label_smoothing: Share of the target spread over all classes, in [0, 1).
        mixup: α of the Beta distribution that pairs of clips are mixed by; 0 for no mixing.

    Reference:
        I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019,
        https://arxiv.org/abs/1711.05101; H. Zhang et al., "mixup: Beyond empirical risk
        minimization", ICLR 2018, https://arxiv.org/abs/1710.09412
    """

    size: int = 0
    input_dropout: float = 0.8
    dropout: float = 0.5
    epochs: int = 20
    patience: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.5
    label_smoothing: float = 0.1
    mixup: float = 0.0


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A trained head in evaluation mode.

    Args:
        network: The head, at its best epoch.
        best_epoch: The epoch whose weights these are, from 1.
        dev_uar: UAR of the dev part after it.
    """

    network: LayerHead
    best_epoch: int
    dev_uar: float


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


def fit_head(
    features: LayerStatistics,
    labels: Labels,
    *,
    n_classes: int,
    train: npt.NDArray[np.integer],
    dev: npt.NDArray[np.integer],
    training: HeadTraining | None = None,
    seed: int = 0,
) -> FittedHead:
    """Train one head, and keep the epoch of the best UAR on the dev part.

    Standardisation uses the training clips alone. The result is a function of the arguments and
    torch's thread count; torch's global generator is left as it was found.

    Args:
        features: ``(N, L, 2·D)``, see `layer_statistics`.
        labels: Class of each clip, int ``(N,)`` in 0 … C − 1.
        n_classes: C.
        train: Positions to learn from.
        dev: Positions to choose the epoch on, of other speakers.
        training: How; the defaults were chosen on training speakers of RAVDESS.
        seed: Of initial weights, order, dropout and mixing.

    Raises:
        ConfigurationError: If a label leaves its range or a part is empty.
    """
    check_labels("labels", labels, n_classes)
    if not len(train) or not len(dev):
        raise ConfigurationError(
            f"`train` and `dev` must hold clips, but have {len(train)} and {len(dev)}"
        )
    training = training or HeadTraining()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _build(features[train], n_classes, training)
        run = _Run(network, features, labels, train, training)
        best = FittedHead(network, 0, -1.0)
        weights: dict[str, Tensor] = {}
        for epoch in range(1, training.epochs + 1):
            run.epoch()
            said = judge_with([network], features[dev]).argmax(axis=1)
            uar = unweighted_average_recall(labels[dev], said, n_classes)
            if uar > best.dev_uar:
                best = FittedHead(network, epoch, uar)
                weights = {name: value.clone() for name, value in network.state_dict().items()}
            elif epoch - best.best_epoch >= training.patience:
                break
    network.load_state_dict(weights)
    return best


def fit_heads(
    features: LayerStatistics,
    labels: Labels,
    speakers: Sequence[str],
    *,
    n_classes: int,
    train: npt.NDArray[np.integer],
    n_heads: int = 5,
    training: HeadTraining | None = None,
    seed: int = 0,
) -> list[FittedHead]:
    """Train one head per group of dev speakers, so that together they learn from all speakers.

    A single dev part would take speakers from training, who are what these corpora lack. Each
    speaker of the training part is a dev speaker of one head and a training speaker of the others.

    Args:
        features: ``(N, L, 2·D)``.
        labels: Class of each clip, int ``(N,)``.
        speakers: Speaker of each clip, N names.
        n_classes: C.
        train: Positions of the training part; nothing else is looked at.
        n_heads: Number of groups.
        training: How.
        seed: Of the groups and of each head.

    Raises:
        ConfigurationError: If there are fewer training speakers than heads, or as `fit_head`.
    """
    names = [speakers[position] for position in train]
    return [
        fit_head(
            features,
            labels,
            n_classes=n_classes,
            train=train[group.train],
            dev=train[group.test],
            training=training,
            seed=1000 * seed + number,
        )
        for number, group in enumerate(speaker_folds(names, n_heads, seed=seed))
    ]


def judge_with(networks: Sequence[LayerHead], features: LayerStatistics) -> npt.NDArray[np.float32]:
    """Return the mean posterior of several heads, ``(N, C)``; they are left in evaluation mode.

    Args:
        networks: At least one head.
        features: ``(N, L, 2·D)``.
    """
    clips = torch.from_numpy(features)
    with torch.inference_mode():
        posteriors = [network.eval()(clips).logits.softmax(dim=1) for network in networks]
    mean: npt.NDArray[np.float32] = torch.stack(posteriors).mean(dim=0).numpy()
    return mean


def fit_logistic(features: LayerStatistics, labels: Labels, *, strength: float = 1e-3) -> Pipeline:
    """Fit the reference: standardisation and multinomial logistic regression of scikit-learn.

    Args:
        features: Of the training clips, ``(N, L, 2·D)``.
        labels: Class of each, int ``(N,)``.
        strength: C of scikit-learn, the inverse of the L2 penalty.

    Returns:
        A pipeline whose ``predict_proba`` takes ``(N, L · 2·D)``.
    """
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    return pipeline.fit(features.reshape(len(features), -1), labels)


def _build(features: LayerStatistics, n_classes: int, training: HeadTraining) -> LayerHead:
    _, layers, bands = features.shape
    network = LayerHead(
        layers=layers,
        bands=bands,
        n_classes=n_classes,
        size=training.size,
        input_dropout=training.input_dropout,
        dropout=training.dropout,
    )
    clips = torch.from_numpy(features)
    network.set_statistics(clips.mean(dim=0), clips.std(dim=0, correction=0))
    return network


class _Run:
    """The standardised training clips and the state of the optimisation."""

    def __init__(
        self,
        network: LayerHead,
        features: LayerStatistics,
        labels: Labels,
        train: npt.NDArray[np.integer],
        training: HeadTraining,
    ) -> None:
        self.network = network
        self.training = training
        clips = torch.from_numpy(features[train])
        self.clips = (clips - network.mean) / network.deviation
        classes = torch.from_numpy(labels[train].astype(np.int64))
        hard = torch.nn.functional.one_hot(classes, network.n_classes).float()
        self.targets = hard.lerp(
            torch.full_like(hard, 1 / network.n_classes), training.label_smoothing
        )
        self.optimizer = torch.optim.AdamW(
            network.parameters(), training.learning_rate, weight_decay=training.weight_decay
        )
        steps = training.epochs * -(-len(train) // training.batch_size)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps)

    def epoch(self) -> None:
        """Pass once over the clips in a new order."""
        self.network.train()
        for batch in torch.split(torch.randperm(len(self.clips)), self.training.batch_size):
            clips, targets = self._mix(self.clips[batch], self.targets[batch])
            log_posterior = self.network.judge(clips).logits.log_softmax(dim=1)
            loss = -(targets * log_posterior).sum(dim=1).mean()
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.schedule.step()

    def _mix(self, clips: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        alpha = self.training.mixup
        if alpha == 0:
            return clips, targets
        share = torch.distributions.Beta(alpha, alpha).sample((len(clips),))
        other = torch.randperm(len(clips))
        return (
            torch.lerp(clips[other], clips, share[:, None, None]),
            torch.lerp(targets[other], targets, share[:, None]),
        )
