"""What a channel does to sound: band limits and the companding codec of telephony."""

import torch
import torchaudio
from torch import Tensor

ORDER = 8  # of the Butterworth slopes: 48 dB per octave
CODEC_LEVELS = 256  # 8 bits


def power_response(hertz: Tensor, low_hz: Tensor, high_hz: Tensor) -> Tensor:
    """Return the share of power that a band-pass lets through.

    ``|H|² = 1 / (1 + (f / high)^16) / (1 + (low / f)^16)``: Butterworth slopes of order 8.

    Args:
        hertz: Frequencies, Hz, ``(K,)``.
        low_hz: Lower edges, Hz, 0 for none, ``(B,)``.
        high_hz: Upper edges, Hz, infinite for none, ``(B,)``.

    Returns:
        ``(B, K)`` in [0, 1]; ½ at the edges.

    Example:
        >>> edges = torch.tensor([300.0]), torch.tensor([3400.0])
        >>> power_response(torch.tensor([100.0, 300.0, 1000.0, 3400.0]), *edges).round(decimals=2)
        tensor([[0.0000, 0.5000, 1.0000, 0.5000]])

    Reference:
        S. Butterworth, "On the theory of filter amplifiers", Wireless Engineer 7, 1930.
    """
    above = (hertz / high_hz[:, None]) ** (2 * ORDER)
    below = (low_hz[:, None] / hertz.clamp(min=1e-3)) ** (2 * ORDER)
    response: Tensor = 1 / ((1 + above) * (1 + below))
    return response


def band_limit(waveforms: Tensor, sample_rate: int, low_hz: Tensor, high_hz: Tensor) -> Tensor:
    """Return waveforms of which only a band is left, without delay.

    Args:
        waveforms: ``(B, S)``, padded with zeros at the end.
        sample_rate: Hz.
        low_hz: Lower edges, Hz, 0 for none, ``(B,)``.
        high_hz: Upper edges, Hz, infinite for none, ``(B,)``.

    Returns:
        ``(B, S)``; the filter is symmetric in time, so it rings a few milliseconds into padding.
    """
    size = waveforms.shape[1]
    # Room for the ringing, or the end of a clip would ring into its start.
    length = size + sample_rate // 10
    spectrum = torch.fft.rfft(waveforms, n=length)
    hertz = torch.linspace(0, sample_rate / 2, spectrum.shape[1])
    spectrum *= power_response(hertz, low_hz, high_hz).sqrt()
    limited: Tensor = torch.fft.irfft(spectrum, n=length)[:, :size]
    return limited


def mu_law(waveforms: Tensor) -> Tensor:
    """Return waveforms after an 8-bit µ-law codec; beyond full scale they are clipped.

    Args:
        waveforms: ``(B, S)`` in [−1, 1].

    Example:
        >>> mu_law(torch.tensor([[0.0, 0.5, -2.0]])).round(decimals=3)
        tensor([[ 0.0000,  0.4970, -1.0000]])

    Reference:
        ITU-T Recommendation G.711, "Pulse code modulation of voice frequencies", 1988.
    """
    codes = torchaudio.functional.mu_law_encoding(waveforms.clamp(-1, 1), CODEC_LEVELS)
    decoded: Tensor = torchaudio.functional.mu_law_decoding(codes, CODEC_LEVELS)
    return decoded


def mu_law_noise(mean_square: Tensor) -> Tensor:
    """Return the mean square of the error that `mu_law` makes on speech of some level.

    A step at amplitude x is ``Δ (1 + µ|x|)`` high, with Δ the step at zero, and an error uniform
    within it has a twelfth of its square. ``E|x| = 0.8 √E[x²]`` as in Gaussian signals.

    Args:
        mean_square: E[x²], any shape.

    Example:
        >>> 10 * torch.log10(torch.tensor(0.01) / mu_law_noise(torch.tensor(0.01)))  # ratio in dB
        tensor(37.7531)
    """
    largest = CODEC_LEVELS - 1
    step = 2 / largest * torch.log1p(torch.tensor(float(largest))) / largest
    spread = 1 + 2 * largest * 0.8 * mean_square.sqrt() + largest**2 * mean_square
    return step.square() / 12 * spread
