"""What a network is shown while it trains."""

import torch

from ser.audio.augment.record import Augmentation
from ser.models.normalisation import BandNormalisation
from ser.training.view import View

CLIPS, LENGTHS = torch.randn(64, 30, 8), torch.full((64,), 30)
NORMALISATION = BandNormalisation(8)
NORMALISATION.set_statistics(torch.full((8,), 1.0), torch.full((8,), 2.0))


def show(view: View, seed: int = 0) -> torch.Tensor:
    """Return what is seen of the clips."""
    return view(CLIPS, LENGTHS, NORMALISATION, torch.Generator().manual_seed(seed))


def test_a_plain_view_normalises_and_draws_nothing():
    """The generator is where it was."""
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    found = View()(CLIPS, LENGTHS, NORMALISATION, generator)
    torch.testing.assert_close(found, (CLIPS - 1) / 2)
    assert torch.equal(generator.get_state(), before)


def test_jitter_has_the_deviation_that_was_asked_for():
    """On normalised numbers."""
    noise = show(View(jitter=0.3)) - show(View())
    assert abs(noise.std().item() - 0.3) < 0.01
    assert abs(noise.mean().item()) < 0.01


def test_dropped_numbers_are_at_their_mean():
    """As many as asked for, and the others are as they were."""
    found, plain = show(View(dropped=0.3)), show(View())
    is_dropped = found == 0
    assert abs(is_dropped.float().mean().item() - 0.3) < 0.02
    assert torch.equal(found[~is_dropped], plain[~is_dropped])


def test_masks_and_warping_are_drawn_by_the_generator():
    """Equal ones show the same, others something else."""
    view = View(augmentation=Augmentation(masks=1.0, warp=1.0))
    assert torch.equal(show(view), show(view))
    assert not torch.equal(show(view), show(view, seed=1))
