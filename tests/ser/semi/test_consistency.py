"""Who teaches whom, and how much it counts when."""

import numpy as np
import pytest
import torch

from ser.models.build import build_network
from ser.models.network import NetworkOutput
from ser.models.trained import Json
from ser.semi.mean_teacher import MeanTeacher
from ser.semi.views import choose_views
from ser.training.dev import DevSaid
from ser.training.parameters import TrainingParameters
from tests.ser.training.unlabelled_clips import BANDS, MEL, SMALL, make_clips

NOTHING = torch.zeros(4, 0)


def make_teacher(**options: object) -> MeanTeacher:
    """Return what is learned from eight clips, four at a time."""
    views = choose_views(MEL, has_layers=False)
    given = {"semi": "mean_teacher", "batch_size": 2, "semi_weight": 1.0, **options}
    settings = TrainingParameters(**given)
    features = make_clips(8, seed=1)[0]
    return MeanTeacher(features, torch.eye(2), views=views, settings=settings, seed=0)


def judge_of() -> torch.nn.Module:
    """Return a small network in evaluation mode."""
    torch.manual_seed(0)
    return build_network(SMALL, n_classes=2, n_bands=BANDS).eval()


def test_the_network_hears_another_view_than_its_teacher():
    """Of the same clips, `semi_ratio` of them for each labelled one in a batch."""
    teacher, judge = make_teacher(), judge_of()
    clips = teacher.draw(judge)
    assert clips.features.shape == (4, 12, BANDS)
    said = judge.judge(*clips).logits.softmax(dim=1)
    assert (said - teacher.posterior).abs().max() > 1e-4
    assert not teacher.posterior.requires_grad


def test_members_of_an_ensemble_are_taught_apart():
    """The mean of what each lacks, not what their mean lacks."""
    teacher = make_teacher()
    teacher.posterior = torch.tensor([[1.0, 0.0]] * 4)
    right = NetworkOutput(torch.tensor([[99.0, 0.0]] * 4), NOTHING, NOTHING)
    wrong = NetworkOutput(torch.tensor([[0.0, 99.0]] * 4), NOTHING, NOTHING)
    both = NetworkOutput(torch.zeros(4, 2), NOTHING, NOTHING, members=(right, wrong))
    assert teacher(both, both, 1.0).item() == 1.0
    assert teacher(right, right, 1.0).item() == 0.0


def test_at_first_the_labels_count_almost_alone():
    """The weight rises over the first third."""
    teacher = make_teacher()
    teacher.posterior = torch.tensor([[1.0, 0.0]] * 4)
    wrong = NetworkOutput(torch.tensor([[0.0, 99.0]] * 4), NOTHING, NOTHING)
    losses = [teacher(wrong, wrong, progress).item() for progress in (0.0, 0.1, 0.3, 0.9)]
    assert losses[0] < 0.02 < losses[1] < losses[2] == losses[3]
    assert teacher.finish_epoch(None)["semi_loss"] == 2.0


def hear(teacher: MeanTeacher) -> dict[str, Json]:
    """Return what an epoch of one update tells, after dev clips on which it is overconfident."""
    output = NetworkOutput(torch.zeros(4, 2), NOTHING, NOTHING)
    teacher.draw(judge_of())
    teacher(output, output, 1.0)
    sure = np.array([[0.99, 0.01], [0.01, 0.99]] * 4, dtype=np.float32)
    return teacher.finish_epoch(DevSaid(np.array([0, 0, 1, 1] * 2), sure))


def test_the_teacher_is_calibrated_on_dev_clips():
    """One that is right no more often than by chance comes to say nothing."""
    teacher = make_teacher(semi_balance=False)
    assert hear(teacher)["temperature"] == 1.0
    assert hear(teacher)["temperature"] == 20.0
    assert (teacher.posterior - 0.5).abs().max() < 0.05


def test_without_dev_clips_the_temperature_stays():
    """Labelled clips could not tell."""
    teacher = make_teacher()
    output = NetworkOutput(torch.zeros(4, 2), NOTHING, NOTHING)
    teacher.draw(judge_of())
    teacher(output, output, 1.0)
    teacher.finish_epoch(None)
    assert teacher.temperature.item() == 1.0


@pytest.mark.parametrize("is_balanced", [True, False])
def test_balance_turns_a_teacher_that_says_one_class_alone(is_balanced):
    """What it says least reluctantly becomes the other class, as the labels hold both."""
    judge = judge_of()
    judge.head.logits[1].bias.data += torch.tensor([1.0, 0.0])
    teacher = make_teacher(semi_balance=is_balanced, batch_size=4)
    said = []
    for _ in range(60):
        teacher.draw(judge)
        said.append(teacher.posterior)
    found = torch.cat(said[-4:]).mean(dim=0)
    assert (abs(found[0].item() - 0.5) < 0.02) == is_balanced
