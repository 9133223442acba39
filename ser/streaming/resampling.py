"""Another sample rate with a delay of milliseconds."""

from dataclasses import replace

from ser.audio.resample import Resampler

BLOCK_OUTPUTS = 320  # 20 ms at 16 kHz; a file is resampled in blocks of half a second


class PromptResampler(Resampler):
    """Resample as `Resampler` does, in blocks so short that a stream need not wait for them.

    What it returns depends on the samples and not on how they are cut, bit for bit; it differs
    from what `Resampler` returns by rounding. The delay is half the filter, 2 ms from 48 kHz to
    16, and up to 20 ms for a block to fill; 63 at rates without a common fraction, such as
    22,254 Hz.

    Args:
        source_rate: Rate of the blocks, Hz.
        target_rate: The rate wanted, Hz.

    Raises:
        ConfigurationError: If a rate is not positive.

    Example:
        >>> import numpy as np
        >>> resampler = PromptResampler(48000, 16000)
        >>> len(resampler.push(np.zeros(1200, np.float32)))  # of 400
        320
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        super().__init__(source_rate, target_rate)
        if self._bank is not None:
            rows = max(1, BLOCK_OUTPUTS // self._bank.outputs)
            self._bank = replace(self._bank, rows=rows)
