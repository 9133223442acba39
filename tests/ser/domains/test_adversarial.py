"""Domain-adversarial training: the discriminator learns, the network learns against it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.domains.adversarial import DomainAdversarial
from ser.inference.predictor import predict
from ser.metrics.classification import unweighted_average_recall
from ser.models.build import build_network
from ser.models.network import NetworkOutput
from ser.training.parameters import TrainingParameters
from ser.training.view import View
from tests.ser.training.unlabelled_clips import BANDS, SMALL, make_clips, train

LONG = TrainingParameters(
    epochs=12,
    batch_size=16,
    learning_rate=5e-3,
    augmentation=Augmentation(speed_factors=()),
    domain="adversarial",
)
SETTINGS = TrainingParameters(domain="adversarial", batch_size=4)


def make_adversary(members: int = 1, weight: float = 1.0) -> DomainAdversarial:
    """Return one for a small network."""
    torch.manual_seed(0)
    shape = replace(SMALL, members=members)
    return DomainAdversarial(
        make_clips(8, seed=1)[0],
        network=build_network(shape, n_classes=2, n_bands=BANDS),
        view=View(),
        settings=replace(SETTINGS, domain_weight=weight),
        seed=0,
    )


def say(embeddings: torch.Tensor) -> NetworkOutput:
    """Return an output with given embeddings."""
    return NetworkOutput(torch.zeros(len(embeddings), 2), torch.zeros(0), embeddings)


def gradients(weight: float, progress: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients of the discriminator's first layer and of the embeddings."""
    adversary = make_adversary(weight=weight)
    embeddings = torch.randn(3, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    adversary(say(embeddings), say(torch.ones(5, 8)), progress).backward()
    return adversary.discriminators[0][0].weight.grad, embeddings.grad


def test_the_gradient_turns_between_discriminator_and_network():
    """The network's grows with weight and progress; the discriminator's is always its own."""
    (own, turned), (same, double) = gradients(1.0, 0.9), gradients(2.0, 0.9)
    torch.testing.assert_close(own, same)
    torch.testing.assert_close(2 * turned, double)
    assert gradients(1.0, 0.0)[1].abs().max() == 0
    adversary = make_adversary()
    embeddings = torch.randn(3, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    said = adversary.discriminators[0](embeddings).squeeze(1)
    torch.nn.functional.softplus(said).mean().mul(0.5).backward()
    torch.testing.assert_close(turned / -0.99975, embeddings.grad, rtol=1e-3, atol=1e-7)


def test_both_domains_have_equal_say():
    """A discriminator that always says the same is right half of the time."""
    adversary = make_adversary()
    for weights in adversary.discriminators.parameters():
        torch.nn.init.zeros_(weights)
    loss = adversary(say(torch.ones(3, 8)), say(torch.ones(5, 8)), 0.5)
    assert loss.item() == pytest.approx(0.6931, abs=1e-4)
    assert adversary.finish_epoch(None)["domain_accuracy"] == pytest.approx(0.5)


def test_each_member_has_a_discriminator_of_its_own():
    """As wide as its own embeddings."""
    adversary = make_adversary(members=2)
    assert [d[0].in_features for d in adversary.discriminators] == [8, 8]
    both = NetworkOutput(
        torch.zeros(3, 2), torch.zeros(0), torch.zeros(3, 16), (say(torch.ones(3, 8)),) * 2
    )
    assert adversary(both, both, 0.5).isfinite()


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_no_training_falls_apart_however_much_it_counts(weight):
    """Without a price of steepness, one in two ends near chance on the other microphone at 1."""
    clips = make_clips(96, seed=1, loud=0.6)
    without = make_clips(96, seed=2, loud=0.6, microphone=2.0)[0]
    features, labels = make_clips(200, seed=3, loud=0.6, microphone=2.0)
    found = []
    for seed in range(4):
        settings = replace(LONG, domain_weight=weight)
        model = train(settings, clips=clips, seed=seed, unlabelled=without)
        found.append(unweighted_average_recall(labels, predict(model, features).labels, 2))
    assert min(found) > 0.7
    assert np.mean(found) > 0.85
