"""The log-mel spectrogram as layers, for graphs that hear waveforms."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.features.spectral import LogMel
from ser.models.masking import zero_padding


class LogMelLayers(nn.Module):
    """Compute what `ser.features.spectral.LogMel` does, with products of matrices alone.

    A transform of N real samples takes N² multiplications as a product. Halves of each frame
    added to and taken off each other, once for the mirror symmetry of cosine and sine, leave half
    of them; runtimes elsewhere have fast products, but no fast transform worth the name.

    Args:
        settings: What is computed.
        frames_beyond: Further frames of silence after the longest clip, at least 0.
    """

    window: Tensor
    cosines: Tensor
    sines: Tensor
    filters: Tensor

    def __init__(self, settings: LogMel, *, frames_beyond: int = 0) -> None:
        super().__init__()
        self.hop = settings.hop
        self.n_fft = settings.n_fft
        self.floor = settings.floor
        self.frames_beyond = frames_beyond
        turn = 2 * np.pi * np.arange(settings.n_fft) / settings.n_fft
        angles = circle_positions(settings.n_fft)
        for name, values in (
            ("window", 0.5 - 0.5 * np.cos(turn)),
            ("cosines", np.cos(turn)[angles]),
            ("sines", np.sin(turn)[angles[1:-1]]),
            ("filters", settings.filters),
        ):
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frames of a padded batch and how many each clip has.

        Args:
            waveforms: ``(B, S)`` in [−1, 1], finite on padding.
            lengths: Samples of each clip, int64 ``(B,)``, at least 1.

        Returns:
            Features ``(B, F, D)`` and lengths int64 ``(B,)``.
        """
        frames = self._cut(zero_padding(waveforms, lengths)) * self.window
        half = self.n_fft // 2
        middle, end = frames[:, :, 1:half], frames[:, :, half + 1 :].flip(2)
        even = torch.cat([frames[:, :, :1], middle + end, frames[:, :, half : half + 1]], dim=2)
        real = even @ self.cosines
        imaginary = (middle - end) @ self.sines
        energy = (real.square() + imaginary.square()) @ self.filters
        return (energy + self.floor).log(), lengths // self.hop + 1

    def _cut(self, waveforms: Tensor) -> Tensor:
        """Return overlapping frames ``(B, F, n_fft)``, each centred on a multiple of the hop."""
        half = self.n_fft // 2
        beyond = self.frames_beyond * self.hop
        hops = -(-self.n_fft // self.hop)
        # Enough for the last frame to be cut from whole hops.
        padded = functional.pad(waveforms, (half, half + beyond + hops * self.hop))
        count = (waveforms.shape[1] + beyond) // self.hop + 1
        whole = padded[:, : (count + hops - 1) * self.hop]
        blocks = whole.reshape(whole.shape[0], -1, self.hop)
        shifted = [blocks[:, step : step + count] for step in range(hops)]
        return torch.cat(shifted, dim=2)[:, :, : self.n_fft]


def circle_positions(n_fft: int) -> npt.NDArray[np.int64]:
    """Return where on a circle of N positions each bin is at each sample of half a frame.

    Args:
        n_fft: N, even.

    Returns:
        ``(N / 2 + 1, N / 2 + 1)``, samples by bins, in [0, N).

    Example:
        >>> circle_positions(4).tolist()
        [[0, 0, 0], [0, 1, 2], [0, 2, 0]]
    """
    half = np.arange(n_fft // 2 + 1)
    return half[:, None] * half % n_fft
