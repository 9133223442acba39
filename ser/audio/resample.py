"""Change the sample rate of waveforms, the filter kernel computed once per ratio."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import PCM16_SCALE, Waveform
from ser.errors import ConfigurationError

# Zero crossings of the windowed sinc. At 48 → 16 kHz torchaudio's default of 6 passes 8.5 kHz at
# −11 dB (folded to 7.5 kHz) and loses 1.8 dB at 7 kHz; 32 gives −50 dB and 0.0 dB (measured).
FILTER_WIDTH = 32
ROLLOFF = 0.99  # cut-off as a share of the lower of the two half rates
GROUP_OUTPUTS = 32  # columns of one product; 16 … 64 are within 5 % of each other on one core
PRODUCT_OUTPUTS = 8192  # half a second at 16 kHz: its windows fit into the second-level cache
MAX_TERM = 1000  # an odd rate such as 22,254 Hz would need a kernel of 360 MB


def resample(waveform: Waveform, source_rate: int, target_rate: int) -> Waveform:
    """Return a waveform at another sample rate.

    Args:
        waveform: Mono ``(S,)``, float32 in [−1, 1] or int16.
        source_rate: Its rate, Hz.
        target_rate: The rate wanted, Hz. The ratio is taken as the nearest fraction with a
            denominator of at most 1000: exact for all usual rates, else at most 0.05 % fast
            or slow.

    Returns:
        Float32 in [−1, 1], exactly ``ceil(S · target_rate / source_rate)`` samples;
        ``waveform`` itself when the rates are equal.

    Raises:
        ConfigurationError: If a rate is not positive.

    Example:
        >>> resample(np.zeros(48001, dtype=np.float32), 48000, 16000).shape
        (16001,)

    Reference:
        J. O. Smith, "Digital Audio Resampling",
        https://ccrma.stanford.edu/~jos/resample/
    """
    bank = _find_bank(source_rate, target_rate)
    if bank is None:
        return waveform
    length = _length_after(len(waveform), source_rate, target_rate)
    rows = -(-length // bank.outputs)
    padded = np.zeros(max(bank.lead + len(waveform), bank.reach(rows)), np.float32)
    padded[bank.lead : bank.lead + len(waveform)] = waveform
    ready = _convolve(padded, rows, bank, bank.fit(PRODUCT_OUTPUTS))
    return _to_full_scale(ready[:length], waveform.dtype)


class Resampler:
    """Resample a waveform that comes in blocks; bit for bit what `resample` makes of the whole.

    What it returns never depends on how the waveform is cut. With products of another size it
    differs from what `resample` returns by rounding. The delay is half the filter, 2 ms from 48 kHz
    to 16, and the time for a product to fill.

    Args:
        source_rate: Rate of the blocks, Hz.
        target_rate: The rate wanted, Hz.
        product_outputs: About how many samples are computed, and returned, at a time: a period of
            the ratio at least, which is 63 ms at rates without a common fraction, such as
            22,254 Hz.

    Raises:
        ConfigurationError: If a rate is not positive.

    Example:
        >>> resampler = Resampler(48000, 16000)
        >>> noise = np.random.default_rng(0).standard_normal(50000).astype(np.float32)
        >>> parts = [resampler.push(noise[:40000]), resampler.push(noise[40000:])]
        >>> joined = np.concatenate([*parts, resampler.finish()])
        >>> np.array_equal(joined, resample(noise, 48000, 16000))
        True
    """

    def __init__(
        self, source_rate: int, target_rate: int, *, product_outputs: int = PRODUCT_OUTPUTS
    ) -> None:
        self._bank = _find_bank(source_rate, target_rate)
        self._together = self._bank.fit(product_outputs) if self._bank else 0
        self._rates = (source_rate, target_rate)
        lead = self._bank.lead if self._bank else 0
        self._pending: npt.NDArray[np.float32] = np.zeros(lead, np.float32)
        self._received = 0
        self._returned = 0
        self._dtype: np.dtype[np.float32] | np.dtype[np.int16] = np.dtype(np.float32)

    def push(self, block: Waveform) -> Waveform:
        """Take the next samples and return those that no later sample can change.

        Args:
            block: Mono ``(S,)``, float32 in [−1, 1] or int16, the same in every block.
        """
        if self._bank is None:
            return block
        self._dtype = block.dtype
        self._received += len(block)
        self._extend(block)
        rows = (len(self._pending) - self._bank.reach(1)) // self._bank.stride + 1
        due = _length_after(self._received, *self._rates) - self._returned
        # A rounded ratio runs ahead of the rates, so the samples due are counted by the rates.
        rows = max(0, min(rows, due // self._bank.outputs))
        return self._advance(rows - rows % self._together)

    def finish(self) -> Waveform:
        """Return the samples that are left."""
        if self._bank is None:
            return np.zeros(0, np.int16)
        due = _length_after(self._received, *self._rates) - self._returned
        rows = -(-due // self._bank.outputs)
        missing = max(0, self._bank.reach(rows) - len(self._pending))
        self._extend(np.zeros(missing, np.int16))
        return self._advance(rows)[:due]

    def _extend(self, samples: Waveform) -> None:
        longer = np.empty(len(self._pending) + len(samples), np.float32)
        longer[: len(self._pending)] = self._pending
        longer[len(self._pending) :] = samples
        self._pending = longer

    def _advance(self, rows: int) -> npt.NDArray[np.float32]:
        bank = self._bank
        if bank is None or not rows:
            return np.zeros(0, np.float32)
        ready = _convolve(self._pending, rows, bank, self._together)
        self._pending = self._pending[rows * bank.stride :].copy()
        self._returned += len(ready)
        return _to_full_scale(ready, self._dtype)


@dataclass(frozen=True, eq=False)
class _Bank:
    """The filters of a row of outputs, cut into groups so that few of their taps are 0.

    Args:
        groups: First output, first tap and the filters ``(taps, outputs)`` of each group.
        lead: Zeros before the first sample.
        stride: Samples from one row to the next.
        outputs: Outputs of a row.
        taps: Samples that a row reads.
    """

    groups: tuple[tuple[int, int, npt.NDArray[np.float32]], ...]
    lead: int
    stride: int
    outputs: int
    taps: int

    def reach(self, rows: int) -> int:
        """Return how many samples a number of rows reads."""
        return max(0, rows - 1) * self.stride + self.taps

    def fit(self, outputs: int) -> int:
        """Return how many rows of a product make no more than a number of outputs, at least 1."""
        return max(1, outputs // self.outputs)


def _convolve(
    padded: npt.NDArray[np.float32], rows: int, bank: _Bank, together: int
) -> npt.NDArray[np.float32]:
    """Return ``rows · outputs`` filtered samples as products of windows and filters.

    Products of ``together`` rows, never more: another number may add up in another order.
    """
    result = np.empty((rows, bank.outputs), np.float32)
    # One place for all windows: new ones would be new pages of memory each time.
    place = np.empty(min(rows, together) * bank.taps, np.float32)
    for first in range(0, rows, together):
        part = result[first : first + together]
        for output, tap, filters in bank.groups:
            taps, outputs = filters.shape
            windows = place[: len(part) * taps].reshape(len(part), taps)
            windows[:] = np.lib.stride_tricks.as_strided(
                padded[first * bank.stride + tap :],
                windows.shape,
                (bank.stride * padded.itemsize, padded.itemsize),
                writeable=False,
            )
            np.matmul(windows, filters, out=part[:, output : output + outputs])
    return result.reshape(-1)


def _find_bank(source_rate: int, target_rate: int) -> _Bank | None:
    if source_rate <= 0 or target_rate <= 0:
        raise ConfigurationError(
            f"`source_rate` and `target_rate` must be > 0 Hz, but got {source_rate} and "
            f"{target_rate}"
        )
    if source_rate == target_rate:
        return None
    ratio = Fraction(target_rate, source_rate).limit_denominator(MAX_TERM)
    return _build_bank(ratio.denominator, ratio.numerator)


def _length_after(samples: int, source_rate: int, target_rate: int) -> int:
    return -(-samples * target_rate // source_rate)


def _to_full_scale(
    samples: npt.NDArray[np.float32], dtype: np.dtype[np.float32] | np.dtype[np.int16]
) -> npt.NDArray[np.float32]:
    # A power of two changes no digit, so it is left to the end, where the samples are fewest.
    if dtype != np.float32:
        samples *= np.float32(1 / PCM16_SCALE)
    return samples


@lru_cache(maxsize=16)
def _build_bank(source: int, target: int) -> _Bank:
    """Return the filters for a ratio in lowest terms.

    With 3:1 there is one filter: shifted copies for 32 outputs at a time turn the sums into a
    matrix product. With 441:160 there are 160 filters, which of the 621 samples of a row need
    about 200 each: groups of 32 neighbours share a window of 264.
    """
    kernel, lead = _windowed_sinc(source, target)
    repeats = -(-GROUP_OUTPUTS // target)
    taps = kernel.shape[1] + (repeats - 1) * source
    filters = np.zeros((repeats * target, taps), np.float32)
    for repeat in range(repeats):
        copy = filters[repeat * target : (repeat + 1) * target, repeat * source :]
        copy[:, : kernel.shape[1]] = kernel
    groups = []
    for output in range(0, len(filters), GROUP_OUTPUTS):
        group = filters[output : output + GROUP_OUTPUTS]
        used = np.flatnonzero(group.any(axis=0))
        trimmed = group[:, used[0] : used[-1] + 1]
        groups.append((output, int(used[0]), np.ascontiguousarray(trimmed.T)))
    return _Bank(tuple(groups), lead, repeats * source, len(filters), taps)


def _windowed_sinc(source: int, target: int) -> tuple[npt.NDArray[np.float32], int]:
    """Return one filter per output of a period, ``(target, taps)``, and the taps before it.

    Output ``j`` lies at the time ``t = j / target``, its neighbours ``k`` at ``k / source``, and
    with the cut-off ``c = 0.99 · min(source, target)`` and ``u = c · (k / source − t)``::

        h[j, k] = c / source · sinc(u) · cos²(π u / (2 · width)),    |u| ≤ width

    The window is Hann's, as in ``torchaudio.functional.resample``.
    """
    cutoff = min(source, target) * ROLLOFF
    lead = math.ceil(FILTER_WIDTH * source / cutoff)
    neighbours = np.arange(-lead, lead + source) / source
    outputs = np.arange(target)[:, None] / target
    crossings = np.clip((neighbours - outputs) * cutoff, -FILTER_WIDTH, FILTER_WIDTH)
    window = np.cos(crossings * (np.pi / 2 / FILTER_WIDTH)) ** 2
    return (np.sinc(crossings) * window * (cutoff / source)).astype(np.float32), lead
