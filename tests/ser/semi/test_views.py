"""How clips without labels are changed, by the kind of their features."""

import torch

from ser.models.normalisation import BandNormalisation
from ser.semi.views import choose_views
from tests.ser.training.unlabelled_clips import BANDS, MEL

CLIPS, LENGTHS = torch.randn(32, 20, BANDS) - 6, torch.full((32,), 20)
NORMALISATION = BandNormalisation(BANDS)


def distance(view) -> float:
    """Return how far a view is from the clips."""
    shown = view(CLIPS, LENGTHS, NORMALISATION, torch.Generator().manual_seed(0))
    return (shown - CLIPS).square().mean().item()


def test_the_strong_view_changes_more_than_the_weak_one():
    """Of every kind of features."""
    for log_mel, has_layers in ((MEL, False), (None, False), (None, True)):
        views = choose_views(log_mel, has_layers=has_layers)
        assert distance(views.strong) > 2 * distance(views.weak)


def test_only_the_bands_of_log_mel_are_warped():
    """What is unknown is shown to the teacher as it is."""
    assert distance(choose_views(MEL, has_layers=False).weak) > 0
    assert distance(choose_views(None, has_layers=False).weak) == 0
