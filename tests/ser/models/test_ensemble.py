"""Members of an ensemble learn apart and judge together."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax

from ser.inference.predictor import predict
from ser.models.build import build_network, count_parameters
from ser.models.ensemble import EnsembleNetwork
from ser.models.parameters import NetworkParameters
from ser.training.checkpoint import load_model, save_model
from ser.training.dataset import Targets
from ser.training.loop import train_classifier
from ser.training.losses import build_loss
from ser.training.objective import Objective
from ser.training.parameters import TrainingParameters
from tests.ser.training.trainee import make_clips

SIZES = {"channels": (3, 4), "time_pools": (2, 2), "recurrent_size": 3, "embedding_size": 5}
ONE = NetworkParameters(**SIZES, ratings=("arousal",))
THREE = NetworkParameters(**SIZES, ratings=("arousal",), members=3)
CLIPS = torch.randn(4, 20, 8, generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([20, 9, 4, 13])


def build(parameters: NetworkParameters = THREE):
    """Return a random network of four classes and one rating, in evaluation mode."""
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=4, n_bands=8)
    network.set_rating_statistics(torch.tensor([3.0]), torch.tensor([2.0]))
    return network.eval()


def test_it_says_the_geometric_mean_of_its_members() -> None:
    """And the mean of their ratings; embeddings stand side by side."""
    network = build()
    output = network(CLIPS, LENGTHS)
    members = output.members
    posteriors = [of.logits.softmax(dim=1).detach().numpy() for of in members]
    expected = np.prod(posteriors, axis=0) ** (1 / 3)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(output.logits.softmax(dim=1).detach(), expected, rtol=1e-5)
    torch.testing.assert_close(output.ratings, sum(of.ratings for of in members) / 3)
    torch.testing.assert_close(output.embeddings[:, 5:10], members[1].embeddings)
    assert (network.n_classes, network.n_ratings, network.embedding_size) == (4, 1, 15)


def test_members_begin_apart_and_share_nothing_but_the_normalisation() -> None:
    """Three times the weights of one, and other answers from each."""
    network = build()
    assert count_parameters(network) == 3 * count_parameters(build(ONE))
    assert sum("normalisation.mean" in name for name, _ in network.named_buffers()) == 1
    first, second, _ = network(CLIPS, LENGTHS).members
    assert not torch.allclose(first.logits, second.logits, atol=1e-3)


def test_some_members_hear_clips_without_their_mean_spectrum() -> None:
    """The last ones; what colours a clip reaches the others alone."""
    network = build(replace(THREE, centred=2))
    coloured = CLIPS + torch.tensor([-3.0, 3, 0, 1, -1, 2, -2, 0])
    pairs = zip(network(CLIPS, LENGTHS).members, network(coloured, LENGTHS).members, strict=True)
    is_same = [torch.allclose(one.logits, other.logits, atol=1e-4) for one, other in pairs]
    assert is_same == [False, True, True]


def test_each_member_learns_from_its_own_loss() -> None:
    """Its gradient is a third of what it would be alone, whatever the others say."""
    network = build()
    targets = Targets(
        posterior=torch.eye(4), ratings=torch.tensor([[1.0], [2], [3], [4]]), weights=None
    )
    objective = Objective(
        build_loss("cross_entropy", targets.posterior, gamma=2.0, beta=1.0), ratings=True
    )
    objective(network(CLIPS, LENGTHS), targets).backward()
    member = network.members[1]
    together = [weights.grad.clone() for weights in member.parameters()]
    network.zero_grad()
    objective(member.judge(network.normalisation(CLIPS), LENGTHS), targets).backward()
    for shared, weights in zip(together, member.parameters(), strict=True):
        torch.testing.assert_close(3 * shared, weights.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("layers", [0, 2])
def test_it_is_trained_stored_and_loaded_like_any_other(tmp_path, layers: int) -> None:
    """Equal bytes when saved again, and equal answers; over the layers of an encoder as well."""
    features, labels, _ = make_clips(24, seed=1)
    if layers:
        values = features.values[: 24 * layers]
        features = type(features).from_list(list(values.reshape(24, layers, -1)))
    model = train_classifier(
        features,
        np.eye(3)[labels],
        classes=("a", "b", "c"),
        feature_set="x",
        sample_rate=16000,
        model=NetworkParameters(**SIZES, members=2, layers=layers),
        training=TrainingParameters(epochs=1, batch_size=8),
    )
    assert isinstance(model.network, EnsembleNetwork)
    sha256 = save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model", sha256=sha256)
    assert save_model(loaded, tmp_path / "again") == sha256
    found, expected = predict(loaded, features), predict(model, features)
    np.testing.assert_array_equal(found.posterior, expected.posterior)
    assert found.embeddings.shape == (24, 10)
    assert found.members.shape == (2, 24, 3)
    together = np.log(found.members).mean(axis=0)
    np.testing.assert_allclose(softmax(together, axis=1), found.posterior, atol=1e-5)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, rtol=1e-5)
