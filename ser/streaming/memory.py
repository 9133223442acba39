"""What a stream remembers: samples, their levels and their spectra, on one grid of time."""

import numpy as np
import numpy.typing as npt

from ser.audio.levels import HOP_S, WINDOW_HOPS, measure_levels
from ser.audio.timing import seconds_to_samples
from ser.features.spectral import LogMel
from ser.streaming.speech import MEMORY_S


class SampleMemory:
    """Keep the last samples, and the levels of the last 20 s.

    Args:
        sample_rate: Hz.
        samples: How many samples are kept, besides those of the last hop.

    Attributes:
        end: Sample after the last one, from the start of the stream.
        levels_dbfs: Level of each 10 ms, the oldest first, ``(F,)``.
    """

    def __init__(self, sample_rate: int, samples: int) -> None:
        self.end = 0
        self.levels_dbfs: npt.NDArray[np.float64] = np.empty(0, np.float64)
        self._rate = sample_rate
        self._hop = seconds_to_samples(HOP_S, sample_rate)
        self._samples: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self._kept = max(samples, (WINDOW_HOPS + 1) * self._hop)

    def append(self, samples: npt.NDArray[np.float32]) -> None:
        """Take the samples of a hop, ``(S,)``."""
        heard = self.end // self._hop
        self._samples = np.concatenate([self._samples[-self._kept :], samples])
        self.end += len(samples)
        # A level depends on the frames at both sides, so the last one before is measured again.
        first = max(0, heard - WINDOW_HOPS)
        last = self.end // self._hop
        if last > heard:
            fresh = measure_levels(self.read(first * self._hop, last * self._hop), self._rate)
            settled = max(0, heard - 1)
            levels = self.levels_dbfs[: len(self.levels_dbfs) - (heard - settled)]
            joined = np.concatenate([levels, fresh[settled - first :]])
            self.levels_dbfs = joined[-round(MEMORY_S / HOP_S) :]

    def read(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """Return the samples from one to before another, ``(S,)``.

        Raises:
            IndexError: If they are no longer kept, or not heard yet.
        """
        first = self.end - len(self._samples)
        if not first <= start <= end <= self.end:
            msg = f"samples {start} … {end} are wanted, but {first} … {self.end} are kept"
            raise IndexError(msg)
        return self._samples[start - first : end - first]


class FrameMemory:
    """Keep the last log-mel frames, each computed once.

    Frame ``t`` is centred on sample ``t · hop`` of the stream, whatever was cut where.

    Args:
        features: How they are computed.
        samples: Length of the stream whose frames are kept.
    """

    def __init__(self, features: LogMel, samples: int) -> None:
        self.features = features
        self._known = 0
        self._frames: npt.NDArray[np.float32] = np.empty((0, features.bands), np.float32)
        self._kept = 2 + samples // features.hop

    @property
    def reach(self) -> int:
        """Samples before those of a hop that its frames need."""
        return self.features.n_fft + 2 * self.features.hop

    def update(self, samples: SampleMemory, *, is_last: bool = False) -> None:
        """Compute the frames that the samples complete.

        Args:
            samples: The memory of the samples, which keeps `reach` of them.
            is_last: Whether the stream ends here, so that zeros complete the last frames.
        """
        hop, half = self.features.hop, self.features.n_fft // 2
        known = 1 + samples.end // hop if is_last else max(0, (samples.end - half) // hop + 1)
        if known <= self._known or not samples.end:
            return
        # Frames next to the cut would hear zeros before it.
        first = max(0, self._known - -(-half // hop))
        computed = self.features.compute([samples.read(first * hop, samples.end)])[0]
        fresh = computed[self._known - first : known - first]
        self._frames = np.concatenate([self._frames, fresh])[-self._kept :]
        self._known = known

    def read(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """Return the frames centred from one sample to before another, ``(F, D)``.

        Where there is none between, the nearest before: a clip has a frame at least.
        """
        oldest = self._known - len(self._frames)
        hop = self.features.hop
        last = min(-(-end // hop), self._known) - oldest
        first = min(-(-start // hop) - oldest, last - 1)
        return self._frames[max(0, first) : max(1, last)]
