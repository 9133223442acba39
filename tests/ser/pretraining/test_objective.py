"""Who is compared with whom."""

import pytest
import torch

from ser.models.build import build_network
from ser.models.network import NetworkOutput
from ser.models.parameters import NetworkParameters
from ser.pretraining.objective import Batch, ContrastiveObjective, MemberObjectives
from ser.pretraining.parameters import PretrainingParameters

SIZE = 6
BATCH = Batch(
    clips=torch.tensor([10, 11, 12, 13]),
    speakers=torch.tensor([0, 0, 1, 1]),
    labels=torch.tensor([0, -1, 1, 1]),
)


def build(**settings: object) -> ContrastiveObjective:
    """Return a comparison with weights that do not change from run to run."""
    torch.manual_seed(0)
    return ContrastiveObjective(SIZE, PretrainingParameters(projection_size=4, **settings))


def random_embeddings(views: int) -> torch.Tensor:
    """Return embeddings that are the same in every run."""
    return torch.randn(views, SIZE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("objective", ["simclr", "cola"])
def test_clips_of_another_speaker_are_no_negatives(objective):
    """Moving them leaves the loss of a speaker's clips as it was."""
    alone = build(objective=objective, negatives="speaker")
    embeddings = random_embeddings(8)
    rows = [0, 1, 4, 5]
    own = alone(embeddings[rows], Batch(*(numbers[:2] for numbers in BATCH)))
    rest = alone(embeddings[[2, 3, 6, 7]], Batch(*(numbers[2:] for numbers in BATCH)))
    torch.testing.assert_close(alone(embeddings, BATCH), (own + rest) / 2)
    everyone = build(objective=objective, negatives="all")
    assert everyone(embeddings, BATCH).item() > alone(embeddings, BATCH).item()


@pytest.mark.parametrize("objective", ["simclr", "cola"])
def test_a_clip_of_the_same_class_is_no_negative(objective):
    """Where nothing else is left to be told apart from, nothing is lost."""
    comparison = build(objective=objective)
    embeddings = random_embeddings(4)
    pair = Batch(*(numbers[2:] for numbers in BATCH))
    assert comparison(embeddings, pair).item() == pytest.approx(0, abs=1e-6)
    unknown = pair._replace(labels=torch.tensor([-1, -1]))
    assert comparison(embeddings, unknown).item() > 0


def test_labels_draw_clips_of_different_speakers_together():
    """Steps against the gradient make the same class alike, whoever speaks."""
    objective = build()
    embeddings = random_embeddings(8).requires_grad_()
    batch = Batch(torch.arange(4), torch.arange(4), torch.tensor([0, 0, 1, 1]))
    optimiser = torch.optim.Adam([embeddings], lr=0.1)
    for _ in range(150):
        optimiser.zero_grad()
        objective(embeddings, batch, by_label=True).backward()
        optimiser.step()
    vectors = objective.supervised(embeddings)[:4]
    alike = vectors @ vectors.T
    assert min(alike[0, 1], alike[2, 3]) > alike[:2, 2:].max() + 0.3


def test_a_sharper_comparison_has_larger_gradients():
    """The temperature divides the cosines."""
    sizes = []
    for temperature in (1.0, 0.1):
        embeddings = random_embeddings(8).requires_grad_()
        build(temperature=temperature)(embeddings, BATCH).backward()
        sizes.append(float(embeddings.grad.norm()))
    assert sizes[1] > 2 * sizes[0]


def test_members_of_an_ensemble_are_compared_apart():
    """The loss is the mean of what each loses by its own embedding."""
    torch.manual_seed(0)
    parameters = NetworkParameters(
        channels=(2, 2), time_pools=(2, 2), embedding_size=SIZE, members=2
    )
    network = build_network(parameters, n_classes=2, n_bands=8)
    objectives = MemberObjectives(network, PretrainingParameters())
    nothing = torch.zeros(8, 0)
    said = [NetworkOutput(nothing, nothing, n * random_embeddings(8) + n) for n in (1.0, 2.0)]
    joined = torch.cat([member.embeddings for member in said], dim=1)
    together = NetworkOutput(nothing, nothing, joined, members=tuple(said))
    apart = [
        objective(member.embeddings, BATCH)
        for objective, member in zip(objectives.each, said, strict=True)
    ]
    found = objectives(together, BATCH, by_label=False)
    torch.testing.assert_close(found, torch.stack(apart).mean())
