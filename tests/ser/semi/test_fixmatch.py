"""FixMatch: what it chooses, what it learns of it, and that this helps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.inference.predictor import predict
from ser.metrics.classification import unweighted_average_recall
from ser.models.network import NetworkOutput
from ser.semi.fixmatch import FixMatch
from ser.semi.views import choose_views
from ser.training.parameters import TrainingParameters
from tests.ser.training.unlabelled_clips import MEL, make_clips, train

PLAIN = TrainingParameters(semi="fixmatch", semi_threshold=0.8, semi_balance=False)
POSTERIOR = torch.tensor([[3.0, 0.0], [0.0, 0.5], [0.0, 3.0]]).softmax(dim=1)
CLIPS = np.array([4, 0, 2])


def make_fixmatch(settings: TrainingParameters = PLAIN) -> FixMatch:
    """Return what is learned from six clips of two classes."""
    views = choose_views(MEL, has_layers=False)
    features = make_clips(6, seed=1)[0]
    return FixMatch(features, torch.eye(2), views=views, settings=settings, seed=0)


def test_clips_it_is_sure_of_teach_their_class():
    """The loss is their cross-entropy over the number of all clips."""
    fixmatch = make_fixmatch()
    fixmatch.believe(CLIPS, POSTERIOR)
    said = torch.tensor([[1.0, 0.0], [5.0, 0.0], [1.0, 0.0]], requires_grad=True)
    loss = fixmatch.compare(said)
    expected = (np.log1p(np.exp(-1)) + np.log1p(np.exp(1))) / 3
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    loss.backward()
    assert said.grad[1].tolist() == [0.0, 0.0]


def test_sure_clips_are_remembered_one_by_one():
    """For the thresholds of the classes."""
    fixmatch = make_fixmatch()
    fixmatch.believe(CLIPS, POSTERIOR)
    assert fixmatch.decided.tolist() == [-1, -1, 1, -1, 0, -1]


def test_classes_seldom_believed_are_asked_less_of_with_balance_alone():
    """With three classes there is room for it."""
    views = choose_views(MEL, has_layers=False)
    features = make_clips(6, seed=1)[0]
    for is_balanced, expected in ((True, [0.8, 2 / 3, 2 / 3]), (False, [0.8] * 3)):
        settings = replace(PLAIN, semi_balance=is_balanced)
        fixmatch = FixMatch(features, torch.eye(3), views=views, settings=settings, seed=0)
        fixmatch.believe(np.arange(6), torch.tensor([[0.9, 0.1, 0.0]] * 6))
        said = NetworkOutput(torch.zeros(6, 3), torch.zeros(6, 0), torch.zeros(6, 0))
        fixmatch(said, said, 1.0)
        assert fixmatch.finish_epoch(None)["thresholds"] == pytest.approx(expected)


def test_an_epoch_tells_its_pseudo_labels_and_begins_anew():
    """How many of the clips were used, and for which class."""
    fixmatch = make_fixmatch()
    said = NetworkOutput(torch.zeros(3, 2), torch.zeros(3, 0), torch.zeros(3, 0))
    for share in (2 / 3, 2 / 3):
        fixmatch.believe(CLIPS, POSTERIOR)
        fixmatch(said, said, 1.0)
        told = fixmatch.finish_epoch(None)
        assert (told["pseudo_share"], told["pseudo_labels"]) == (pytest.approx(share), [1, 1])
        assert told["semi_loss"] == pytest.approx(2 / 3 * np.log(2))


LONG = TrainingParameters(
    epochs=60,
    batch_size=8,
    learning_rate=5e-3,
    augmentation=Augmentation(speed_factors=()),
    ema=0.9,
)


@pytest.mark.parametrize(
    "semi",
    [{"semi": "fixmatch", "semi_threshold": 0.8}, {"semi": "mean_teacher"}],
    ids=lambda semi: semi["semi"],
)
def test_clips_without_labels_make_up_for_few_labels(semi):
    """Four labelled clips and 120 others, on new clips, over seeds; `none` reaches .79."""
    without = make_clips(120, seed=3)[0]
    features, labels = make_clips(200, seed=4)
    found = {}
    for name, settings in {"none": LONG, "semi": replace(LONG, **semi)}.items():
        given = None if name == "none" else without
        models = [train(settings, labelled=4, seed=s, unlabelled=given) for s in range(3)]
        found[name] = np.mean(
            [unweighted_average_recall(labels, predict(m, features).labels, 2) for m in models]
        )
    assert found["semi"] > found["none"] + 0.05
