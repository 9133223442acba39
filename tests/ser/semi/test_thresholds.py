"""Which beliefs are strong enough, and how often each class is believed."""

import pytest
import torch

from ser.semi.thresholds import UNDECIDED, align, class_thresholds


def test_what_is_learned_best_has_the_whole_threshold():
    """Others are asked less of, by the papers' convex map."""
    decided = torch.tensor([0] * 8 + [1] * 6 + [2] * 4)
    found = class_thresholds(decided, 3, threshold=0.9)
    torch.testing.assert_close(found, torch.tensor([0.9, 2 / 3, 2 / 3]))
    many = class_thresholds(decided, 10, threshold=0.9)
    torch.testing.assert_close(many[:3], torch.tensor([0.9, 0.9 * 0.75 / 1.25, 0.45]))


def test_before_the_teacher_is_sure_of_anything_all_are_at_the_floor():
    """Half the threshold, or twice a guess among equal classes, but never above it."""
    nothing = torch.full((9,), UNDECIDED)
    assert class_thresholds(nothing, 8, threshold=0.75).tolist() == [0.375] * 8
    assert class_thresholds(nothing, 4, threshold=0.75).tolist() == [0.5] * 4
    assert class_thresholds(nothing, 2, threshold=0.75).tolist() == [0.75] * 2


def test_clips_it_never_was_sure_of_keep_thresholds_low():
    """One sure clip among many says little about its class."""
    decided = torch.full((100,), UNDECIDED)
    decided[0] = 1
    assert class_thresholds(decided, 10, threshold=0.9).max() < 0.46


def test_alignment_makes_the_mean_what_it_should_be():
    """Where what was found lately is the mean of the batch, up to the sums of rows."""
    posterior = torch.rand(5000, 3, generator=torch.Generator().manual_seed(0)).softmax(dim=1)
    posterior = align(posterior, torch.tensor([3.0, 1.0, 1.0]), torch.ones(3))
    wanted = torch.full((3,), 1 / 3)
    found = align(posterior, wanted, posterior.mean(dim=0))
    torch.testing.assert_close(found.sum(dim=1), torch.ones(5000))
    assert (found.mean(dim=0) - wanted).abs().max() < 0.02
    assert (posterior.mean(dim=0) - wanted).abs().max() > 0.2


@pytest.mark.parametrize("wanted", [[1.0, 0.0], [0.5, 0.5]])
def test_a_class_that_no_label_has_is_never_believed(wanted):
    """Nothing could be learned about it."""
    said = torch.tensor([[0.2, 0.8]])
    assert (align(said, torch.tensor(wanted), torch.ones(2) / 2)[0, 1] == 0) == (wanted[1] == 0)
