"""What is varied in training, how strongly and how often: one record for every augmentation."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ser.errors import ConfigurationError

Colour = Literal["white", "pink"]
Range = tuple[float, float]
TELEPHONE_HZ: Range = (300.0, 3400.0)  # the band of a narrow-band telephone line, ITU-T G.712
# In the order in which sound meets them; the draws of a batch are columns in this order.
EFFECTS = ("noise", "telephone", "low_pass", "gain", "mu_law")


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Say what is varied while training.

    `speed_factors` make copies of all clips before training, of which each epoch draws one. All
    else is drawn anew for every clip of every batch, each with its own probability.

    Args:
        speed_factors: Speeds of the copies, 0.5 … 2; empty for none.
        noise: P(noise is added).
        snr_db: Range of its signal-to-noise ratio, dB, drawn uniformly.
        colours: Which noises are drawn: `white` has equal power per Hz, `pink` per octave.
        telephone: P(only 300 – 3400 Hz are left).
        low_pass: P(high frequencies are cut off).
        low_pass_hz: Range of the cut-off, Hz, drawn uniformly.
        gain: P(the level changes).
        gain_db: Range of the change, dB, drawn uniformly.
        mu_law: P(samples pass through an 8-bit µ-law codec).
        warp: P(bands are stretched or squeezed, as in the voice of a shorter or taller person).
        warp_factors: Range of the factor, drawn log-uniformly.
        masks: P(SpecAugment masks two spans of time and two bands); it needs longer trainings.
        masked_time_share: Longest mask, as a share of the clip.
        masked_band_share: Widest mask, as a share of the bands.

    Raises:
        ConfigurationError: If a probability or share lies outside 0 … 1, a range is empty, or a
            speed lies outside 0.5 … 2.

    Example:
        >>> Augmentation().changes_sound, Augmentation(noise=0.5).changes_sound
        (False, True)

    Reference:
        T. Ko et al., "A study on data augmentation of reverberant speech for robust speech
        recognition", ICASSP 2017 (noise). D. S. Park et al., "SpecAugment", Interspeech 2019.
        ITU-T Recommendation G.711, 1988 (µ-law).
    """

    speed_factors: tuple[float, ...] = (0.9, 1.1)
    noise: float = 0.0
    snr_db: Range = (5.0, 25.0)
    colours: tuple[Colour, ...] = ("white", "pink")
    telephone: float = 0.0
    low_pass: float = 0.0
    low_pass_hz: Range = (2000.0, 7000.0)
    gain: float = 0.0
    gain_db: Range = (-10.0, 6.0)
    mu_law: float = 0.0
    warp: float = 0.0
    warp_factors: Range = (0.89, 1.13)
    masks: float = 0.0
    masked_time_share: float = 0.1
    masked_band_share: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for name in (*EFFECTS, "warp", "masks", "masked_time_share", "masked_band_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigurationError(
                    f"`{name}` must lie in 0 … 1, but got {getattr(self, name)}"
                )
        for name in ("snr_db", "low_pass_hz", "gain_db", "warp_factors"):
            low, high = getattr(self, name)
            if not low <= high:
                raise ConfigurationError(
                    f"`{name}` must be (lowest, highest), but got ({low}, {high})"
                )
            if name in {"low_pass_hz", "warp_factors"} and not low > 0:
                raise ConfigurationError(f"`{name}` must be > 0, but got ({low}, {high})")
        if not all(0.5 <= factor <= 2 for factor in self.speed_factors):
            raise ConfigurationError(
                f"`speed_factors` must lie in 0.5 … 2, but got {self.speed_factors}"
            )
        if not self.colours or not set(self.colours) <= {"white", "pink"}:
            raise ConfigurationError(
                f"`colours` must name `white`, `pink` or both, but got {self.colours}"
            )

    @property
    def changes_sound(self) -> bool:
        """Whether an effect is drawn that needs to know what the features are."""
        return any(getattr(self, name) > 0 for name in EFFECTS)


@dataclass(frozen=True, eq=False)
class Draw:
    """What happens to each clip of a batch; all tensors are ``(B,)``, on the CPU.

    Args:
        snr_db: Signal-to-noise ratio, dB; infinite without noise.
        noise: Where in the noise each clip's part begins, in [0, 1).
        low_hz: Lower edge of the band that is left, Hz; 0 for none.
        high_hz: Upper edge, Hz; infinite for none.
        gain_db: Change of level, dB; 0 for none.
        mu_law: Whether the clip passes the codec.
    """

    snr_db: Tensor
    noise: Tensor
    low_hz: Tensor
    high_hz: Tensor
    gain_db: Tensor
    mu_law: Tensor

    @property
    def is_changed(self) -> Tensor:
        """Whether anything happens to each clip, boolean ``(B,)``."""
        return (
            self.snr_db.isfinite()
            | (self.low_hz > 0)
            | self.high_hz.isfinite()
            | (self.gain_db != 0)
            | self.mu_law
        )


def draw_effects(settings: Augmentation, clips: int, generator: torch.Generator) -> Draw:
    """Draw what happens to each clip of a batch.

    Args:
        settings: Probabilities and ranges.
        clips: B.
        generator: Source of all randomness; every call takes the same amount from it.

    Example:
        >>> settings = Augmentation(gain=1.0, gain_db=(3.0, 3.0))
        >>> draw = draw_effects(settings, 2, torch.Generator().manual_seed(0))
        >>> draw.gain_db.tolist(), draw.mu_law.tolist(), draw.is_changed.tolist()
        ([3.0, 3.0], [False, False], [True, True])
    """
    # The first half decides whether, the second how much.
    uniform = torch.rand((2, len(EFFECTS), clips), generator=generator)
    happens = {
        name: uniform[0, column] < getattr(settings, name) for column, name in enumerate(EFFECTS)
    }
    amount = dict(zip(EFFECTS, uniform[1], strict=True))
    cut_off = torch.where(
        happens["low_pass"], _within(settings.low_pass_hz, amount["low_pass"]), torch.inf
    )
    line = torch.where(happens["telephone"], TELEPHONE_HZ[1], torch.inf)
    return Draw(
        snr_db=torch.where(happens["noise"], _within(settings.snr_db, amount["noise"]), torch.inf),
        # Of these two no amount is needed, so their numbers serve to choose the noise.
        noise=amount["mu_law"],
        low_hz=torch.where(happens["telephone"], TELEPHONE_HZ[0], 0.0),
        high_hz=torch.minimum(cut_off, line),
        gain_db=torch.where(happens["gain"], _within(settings.gain_db, amount["gain"]), 0.0),
        mu_law=happens["mu_law"],
    )


def _within(ends: Range, share: Tensor) -> Tensor:
    low, high = ends
    return low + (high - low) * share
