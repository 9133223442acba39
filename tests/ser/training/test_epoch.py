"""Single epochs: precision, devices, mixing, averages and the speed of loading."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.build import build_network
from ser.training.dataset import TrainingClips, band_statistics
from ser.training.distributed import Share
from ser.training.epoch import Trainer, choose_precision
from ser.training.parameters import TrainingParameters
from tests.ser.training.trainee import NETWORK, make_clips

# No LSTM: on many CPUs oneDNN has none of half precision.
GRU = replace(NETWORK, recurrent="gru", encoder_dropout=0.0, dropout=0.0)
CLASSES = ("anger", "neutral", "sadness")
QUICK = TrainingParameters(epochs=4, batch_size=8)


def make_trainer(settings: TrainingParameters = QUICK, **options: object) -> Trainer:
    """Return a trainer of a small network on 24 clips."""
    features, labels, ratings = make_clips(24, seed=1)
    options = {"ratings": ratings, "rated": NETWORK.ratings} | options
    clips = TrainingClips.checked([features], np.eye(3)[labels], CLASSES, decided=True, **options)
    torch.manual_seed(0)
    network = build_network(GRU, n_classes=3, n_bands=16)
    network.normalisation.set_statistics(*band_statistics(features))
    return Trainer(network, clips, settings=settings, augmenter=None, seed=0, share=Share())


def weights(trainer: Trainer) -> torch.Tensor:
    """Return all weights that training moves, end to end."""
    return torch.cat([weight.detach().flatten() for weight in trainer.network.parameters()])


@pytest.mark.parametrize(
    ("device", "precision", "expected"),
    [
        ("cpu", "auto", None),
        ("cuda", "auto", torch.float16),
        ("cuda:1", "single", None),
        ("cuda", "bfloat16", torch.bfloat16),
        ("cpu", "half", torch.float16),
    ],
)
def test_half_precision_is_automatic_on_a_gpu_alone(device, precision, expected):
    """What is asked for is done on either."""
    assert choose_precision(replace(QUICK, device=device, precision=precision)) is expected


def test_on_a_cpu_nothing_is_cast_or_scaled(monkeypatch):
    """The forward pass sees single precision, and the loss is not scaled."""
    trainer = make_trainer()
    seen = []
    judge = trainer.network.judge
    monkeypatch.setattr(
        trainer.network,
        "judge",
        lambda *batch: seen.append(torch.is_autocast_enabled("cpu")) or judge(*batch),
    )
    trainer.train_epoch()
    assert seen == [False] * 3
    assert not trainer.scaler.is_enabled()


@pytest.mark.parametrize("precision", ["bfloat16", "half"])
def test_half_precision_trains_close_to_single(precision):
    """Weights stay single; half precision scales its loss, so that small gradients survive."""
    exact, coarse = make_trainer(), make_trainer(replace(QUICK, precision=precision))
    start = weights(exact)
    losses = [[trainer.train_epoch() for _ in range(4)] for trainer in (exact, coarse)]
    assert weights(coarse).dtype == torch.float32
    assert not torch.equal(weights(exact), weights(coarse))
    moved = (weights(exact) - start).norm()
    assert (weights(exact) - weights(coarse)).norm() < 0.1 * moved
    assert losses[1] == pytest.approx(losses[0], rel=2e-3)
    assert coarse.scaler.is_enabled() == (precision == "half")


def test_scaled_gradients_are_clipped_at_their_true_size():
    """A norm that never clips and one that always does differ also under scaling."""
    settings = replace(QUICK, precision="half", epochs=1)
    free, tight = (make_trainer(replace(settings, clip_norm=c)) for c in (1e6, 1e-12))
    start = weights(free)
    free.train_epoch()
    tight.train_epoch()
    assert (weights(tight) - start).norm() < 0.5 * (weights(free) - start).norm()


def test_the_average_is_judged_where_there_is_one():
    """It lags behind the weights that are trained."""
    trainer = make_trainer(replace(QUICK, ema=0.9))
    start = weights(trainer)
    trainer.train_epoch()
    average = torch.cat([w.flatten() for w in trainer.judged.parameters()])
    assert 0 < (average - start).norm() < (weights(trainer) - start).norm()
    assert make_trainer().judged is not None


def test_mixup_and_weights_reach_the_weights():
    """Each changes what is learned."""
    trainers = [
        make_trainer(),
        make_trainer(replace(QUICK, mixup=0.4)),
        make_trainer(weights=np.linspace(0.1, 2, 24)),
    ]
    for trainer in trainers:
        trainer.train_epoch()
    plain, mixed, weighted = (weights(trainer) for trainer in trainers)
    assert not torch.equal(plain, mixed)
    assert not torch.equal(plain, weighted)


def test_the_uncertainties_of_the_tasks_are_trained():
    """They start equal and part."""
    trainer = make_trainer()
    trainer.train_epoch()
    first, second = trainer.objective.log_variances.tolist()
    assert 0 != first != second


def test_a_captured_training_goes_on_alike():
    """Weights, average and loss of the next epoch agree bit for bit, also with scaled losses."""
    settings = replace(QUICK, ema=0.9, mixup=0.3, precision="half", schedule="plateau")
    first = make_trainer(settings)
    first.train_epoch()
    first.rate.after_epoch(0.3)
    captured = first.capture()
    state = replace(captured, tensors={k: v.clone() for k, v in captured.tensors.items()})
    expected = first.train_epoch()
    again = make_trainer(settings)
    again.restore(state)
    assert again.train_epoch() == expected
    assert torch.equal(weights(first), weights(again))
    averages = [torch.cat([w.flatten() for w in t.judged.parameters()]) for t in (first, again)]
    assert torch.equal(*averages)


def test_more_processes_than_clips_in_a_batch_are_refused():
    """Before anything is trained."""
    features, labels, ratings = make_clips(24, seed=1)
    clips = TrainingClips.checked(
        [features], np.eye(3)[labels], CLASSES, decided=True, ratings=ratings, rated=NETWORK.ratings
    )
    network = build_network(NETWORK, n_classes=3, n_bands=16)
    with pytest.raises(ConfigurationError, match="each of 9 processes"):
        Trainer(network, clips, settings=QUICK, augmenter=None, seed=0, share=Share(0, 9))
