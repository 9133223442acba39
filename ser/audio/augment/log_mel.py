"""The same effects on log-mel features: a few per cent of a training step, no waveform needed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.audio.augment.channel import mu_law_noise, power_response
from ser.audio.augment.noise import NoiseBank, make_noise
from ser.audio.augment.record import Augmentation, Draw, draw_effects
from ser.features.spectral import LogMel

BANK_S = 60  # of each colour; a clip begins at any frame of it
BANK_SEED = 0  # of the noise itself; which part a clip gets is drawn


class LogMelAugmenter:
    """Vary batches of log-mel features as `augment_waveforms` varies their waveforms.

    Everything is done to mel powers ``P = exp(features) − floor``, where a gain is a factor, a
    filter one factor per band, and noise an addition. What is approximated:

    - Signal and noise add in power. Their product, zero in the mean, is left out, so single
      frames differ from the true ones as two pieces of noise differ, but no band is louder or
      quieter on average.
    - A filter takes from each band the mean of its response over the band's triangle. On slopes
      steeper than a frame can resolve, such as below 300 Hz of a telephone, up to 7 dB more or
      less is left than by the filter itself.
    - The codec adds white noise whose level follows each frame's (`mu_law_noise`); what is
      beyond full scale is not clipped.

    Args:
        log_mel: What the features are.
        settings: What is drawn, and how often.
        noises: Noise recordings at ``log_mel.sample_rate``, ``(S,)`` each, float32 or int16, to
            draw from instead of ``settings.colours``.

    Example:
        >>> augment = LogMelAugmenter(LogMel(), Augmentation(gain=1.0, gain_db=(-6.0, -6.0)))
        >>> generator = torch.Generator().manual_seed(0)
        >>> varied = augment(torch.zeros(1, 2, 64), torch.tensor([2]), generator)
        >>> round(float(varied[0, 0, 0]), 2)  # 6 dB are 1.38 nepers of power
        -1.38
    """

    def __init__(
        self,
        log_mel: LogMel,
        settings: Augmentation,
        noises: Sequence[npt.NDArray[np.float32]] = (),
    ) -> None:
        self.settings = settings
        self._floor = log_mel.floor
        filters = torch.from_numpy(log_mel.filters)
        self._hertz = torch.linspace(0, log_mel.sample_rate / 2, len(filters))
        self._weights = filters / filters.sum(dim=0)
        generator = torch.Generator().manual_seed(BANK_SEED)
        size = BANK_S * log_mel.sample_rate
        rate = log_mel.sample_rate
        white = _mel_powers(log_mel, make_noise("white", size, rate, generator).numpy())
        # What a mean square of 1 sums to over the bands: the triangles overlap to 1 everywhere.
        self._sum_of_one = white.sum(dim=1).mean()
        self._white = white
        self._noises = NoiseBank.join(
            [_mel_powers(log_mel, noise) for noise in noises]
            or [
                white
                if colour == "white"
                else _mel_powers(log_mel, make_noise(colour, size, rate, generator).numpy())
                for colour in settings.colours
            ]
        )

    def __call__(self, features: Tensor, lengths: Tensor, generator: torch.Generator) -> Tensor:
        """Return a batch with what was drawn for each clip.

        Args:
            features: Log-mel features, ``(B, F, D)``, padded at the end with finite values.
            lengths: True frames of each clip, ``(B,)``.
            generator: Source of all randomness; every call takes the same amount from it.

        Returns:
            ``(B, F, D)``; clips to which nothing happens are equal to what they were.
        """
        return self.apply(features, lengths, draw_effects(self.settings, len(lengths), generator))

    def apply(self, features: Tensor, lengths: Tensor, draw: Draw) -> Tensor:
        """Return a batch after given effects; see `__call__`."""
        power = features.exp().sub_(self._floor).clamp_(min=0)
        if draw.snr_db.isfinite().any():
            power += self._noise(power, lengths, draw)
        factor = power_response(self._hertz, draw.low_hz, draw.high_hz) @ self._weights
        factor *= 10 ** (draw.gain_db / 10)[:, None]
        power *= factor[:, None, :]
        if draw.mu_law.any():
            power += self._codec_noise(power, draw)
        varied = power.add_(self._floor).log_()
        # Untouched clips keep their bits: exp and log would round them.
        return torch.where(draw.is_changed[:, None, None], varied, features)

    def _noise(self, power: Tensor, lengths: Tensor, draw: Draw) -> Tensor:
        parts = self._noises.take(draw.noise, power.shape[1])
        is_real = (torch.arange(power.shape[1]) < lengths[:, None]).float()
        signal = torch.einsum("bfd,bf->b", power, is_real)
        noise = torch.einsum("bfd,bf->b", parts, is_real).clamp(min=1e-12)
        scale = signal / noise * 10 ** (-draw.snr_db / 10)
        return parts.mul_(scale[:, None, None])

    def _codec_noise(self, power: Tensor, draw: Draw) -> Tensor:
        level = mu_law_noise(power.sum(dim=2) / self._sum_of_one) * draw.mu_law[:, None]
        # The same frames for all: the error is far below the signal.
        frames = torch.arange(power.shape[1]) % len(self._white)
        return level[:, :, None] * self._white[frames]


def _mel_powers(log_mel: LogMel, waveform: npt.NDArray[np.float32]) -> Tensor:
    """Return the mel powers of a noise, ``(F, D)``."""
    features = log_mel.compute([waveform])[0]
    # The frames at the ends hold zeros from beyond the recording.
    inner = features[1:-1] if len(features) > 2 else features
    return torch.from_numpy(np.exp(inner) - np.float32(log_mel.floor)).clamp_(min=0)
