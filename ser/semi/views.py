"""How clips without labels are changed: little for the teacher, much for the learner."""

from typing import NamedTuple

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.record import Augmentation
from ser.features.spectral import LogMel
from ser.training.view import View

# Level is left alone: it tells anger from sadness.
WEAK = Augmentation(speed_factors=(), warp=0.5, warp_factors=(0.95, 1.05))
STRONG = Augmentation(
    speed_factors=(),
    noise=0.5,
    warp=1.0,
    warp_factors=(0.85, 1.18),
    masks=1.0,
    masked_time_share=0.15,
    masked_band_share=0.15,
)
MASKS = Augmentation(speed_factors=(), masks=1.0, masked_time_share=0.15, masked_band_share=0.15)
JITTER = 0.3  # deviations of a normalised number
DROPPED = 0.3  # of the numbers of layers


class Views(NamedTuple):
    """Two ways to change a clip.

    Args:
        weak: What the teacher hears.
        strong: What the learner hears.
    """

    weak: View
    strong: View


def choose_views(log_mel: LogMel | None, *, has_layers: bool) -> Views:
    """Return views that make sense for a kind of features.

    Log-mel features are warped, masked and covered with noise. Of other frames over time nobody
    knows what they mean: they are masked and jittered. What a frozen encoder says, layer by
    layer, has no time or pitch to mask: it is jittered and thinned out.

    Args:
        log_mel: What the features are, if they are log-mel.
        has_layers: Whether frames are the layers of a frozen encoder.

    Example:
        >>> choose_views(None, has_layers=True).strong.augmentation.masks
        0.0
    """
    if has_layers:
        plain = View(augmentation=Augmentation())
        return Views(plain, View(augmentation=Augmentation(), jitter=JITTER, dropped=DROPPED))
    if log_mel is None:
        plain = View(augmentation=Augmentation())
        return Views(plain, View(augmentation=MASKS, jitter=JITTER))
    strong = View(augmentation=STRONG, augmenter=LogMelAugmenter(log_mel, STRONG))
    return Views(View(augmentation=WEAK), strong)
