"""Mean teacher: how far network and teacher are apart. That it helps, `test_fixmatch` shows."""

import numpy as np
import pytest
import torch

from ser.semi.mean_teacher import WEIGHT, MeanTeacher
from ser.semi.views import choose_views
from ser.training.parameters import TrainingParameters
from tests.ser.training.unlabelled_clips import MEL, make_clips


def make_teacher(**settings: object) -> MeanTeacher:
    """Return what is learned from six clips."""
    views = choose_views(MEL, has_layers=False)
    given = TrainingParameters(semi="mean_teacher", **settings)
    features = make_clips(6, seed=1)[0]
    return MeanTeacher(features, torch.eye(2), views=views, settings=given, seed=0)


def test_the_loss_is_the_squared_distance_of_the_posteriors():
    """Nothing where they agree, two where they contradict each other."""
    teacher = make_teacher()
    logits = torch.tensor([[50.0, 0.0], [0.0, 50.0]])
    teacher.believe(np.array([0, 1]), logits.softmax(dim=1))
    assert teacher.compare(logits).item() == 0.0
    assert teacher.compare(-logits).item() == pytest.approx(2.0)
    assert teacher.compare(torch.zeros(2, 2)).item() == pytest.approx(0.5)


def test_its_weight_is_its_own_until_one_is_set():
    """Squares of probabilities are smaller than a cross-entropy."""
    assert make_teacher().weight == WEIGHT == 10
    assert make_teacher(semi_weight=3.0).weight == 3.0
