"""Prosody: melody, loudness and pace of speech, frame by frame."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import Waveform, from_pcm16
from ser.features.pitch import track_pitch
from ser.features.record import (
    Block,
    FeatureSet,
    Parameter,
    check_ranges,
    cut_frames,
)

COLUMNS = ("log_f0", "voicing", "log_energy", "rate_hz")
ENERGY_WINDOW_S = 0.05  # smooths over the periods of the voice, not over syllables
DECIBELS = 10 / np.log(10)  # of one neper of power


@dataclass(frozen=True)
class Prosody(FeatureSet):
    """Compute the prosody of many clips: four numbers per frame, named in `COLUMNS`.

    - ``log_f0``: natural logarithm of the pitch in Hz; 0 in frames without voice.
    - ``voicing``: how periodic the frame is, 0 … 1, voiced or not (`track_pitch`).
    - ``log_energy``: natural logarithm of the mean square over 50 ms, plus ``floor``.
    - ``rate_hz``: syllable nuclei per second within ``rate_window_s`` around the frame, a proxy
      of the speaking rate (`find_nuclei`).

    Frame ``t`` is centred on sample ``t · hop``, as in `ser.features.spectral.LogMel`. Four
    numbers are too few for the convolutional network; they are for statistics and reports.

    Args:
        sample_rate: Rate of the waveforms, Hz.
        hop: Samples between frames.
        f_min: Lowest pitch, Hz.
        f_max: Highest pitch, Hz.
        floor: Power added before the logarithm, > 0; 1e-8 is −80 dBFS.
        rate_window_s: Window that nuclei are counted in, s, cut at the ends of the clip.
        dip_db: A nucleus rises this far above the dip before it, dB.

    Raises:
        ConfigurationError: If a parameter lies outside its range.

    Example:
        >>> tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(8000) / 16000)
        >>> frames = Prosody(hop=1600).compute([tone.astype(np.float32)])[0]
        >>> np.exp(frames[2:4, 0]).round().tolist()
        [200.0, 200.0]

    Reference:
        Pitch: P. Boersma, Proc. Institute of Phonetic Sciences 17, Amsterdam, 1993. Rate: N. H.
        de Jong and T. Wempe, "Praat script to detect syllable nuclei and measure speech rate
        automatically", Behavior Research Methods 41(2), 2009.
        https://doi.org/10.3758/BRM.41.2.385
    """

    sample_rate: int = 16000
    hop: int = 256
    f_min: float = 60.0
    f_max: float = 500.0
    floor: float = 1e-8
    rate_window_s: float = 1.0
    dip_db: float = 2.0

    def __post_init__(self) -> None:
        """Refuse parameters that make no prosody."""
        check_ranges(
            self,
            {
                "sample_rate": (self.sample_rate > 0, "> 0"),
                "hop": (self.hop > 0, "> 0"),
                "f_min": (0 < self.f_min < self.f_max, "in (0, f_max)"),
                "f_max": (self.f_max <= self.sample_rate / 4, "at most sample_rate / 4"),
                "floor": (self.floor > 0, "> 0"),
                "rate_window_s": (self.rate_window_s > 0, "> 0"),
                "dip_db": (self.dip_db >= 0, "≥ 0"),
            },
        )

    @property
    def bands(self) -> int:
        """D, the numbers in each frame."""
        return len(COLUMNS)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON."""
        return {
            "kind": "prosody",
            **asdict(self),
            "columns": ",".join(COLUMNS),
            "pitch": "boersma_1993",
            "padding": "centred_zeros",
        }

    def count_frames(self, samples: int) -> int:
        """Return the number of frames of a clip of ``samples`` samples."""
        return 1 + samples // self.hop

    def _fill(self, waveform: Waveform, block: Block) -> None:
        samples = from_pcm16(waveform)
        pitch = track_pitch(samples, self.sample_rate, self.hop, f_min=self.f_min, f_max=self.f_max)
        is_voiced = pitch.f0_hz > 0
        size = 2 * round(ENERGY_WINDOW_S * self.sample_rate / 2)
        energy = np.square(cut_frames(samples, size, self.hop)).mean(axis=1)
        block[:, 0] = np.log(np.where(is_voiced, pitch.f0_hz, 1))
        block[:, 1] = pitch.strength
        block[:, 2] = np.log(energy + np.float32(self.floor))
        nuclei = find_nuclei(DECIBELS * block[:, 2], is_voiced, dip_db=self.dip_db)
        reach = max(1, round(self.rate_window_s * self.sample_rate / self.hop / 2))
        block[:, 3] = local_rate(nuclei, len(block), reach) * (self.sample_rate / self.hop)


def find_nuclei(
    levels_db: npt.NDArray[np.floating], is_voiced: npt.NDArray[np.bool_], *, dip_db: float
) -> list[int]:
    """Return the frames of syllable nuclei: voiced peaks of loudness between dips.

    Args:
        levels_db: Level of each frame, dB, ``(F,)``.
        is_voiced: Which frames are voiced, ``(F,)``.
        dip_db: A peak counts when it rises this far above the lowest level since the last one
            and above the median level of the clip.

    Returns:
        Ascending frame numbers.

    Example:
        >>> levels = np.array([-40, -20, -30, -10, -11, -10.5, -40])
        >>> find_nuclei(levels, np.ones(7, dtype=bool), dip_db=2.0)
        [1, 3]

    Reference:
        N. H. de Jong and T. Wempe, Behavior Research Methods 41(2), 2009.
    """
    padded = np.concatenate([[-np.inf], levels_db, [-np.inf]])
    is_peak = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:])
    is_peak &= is_voiced & (levels_db >= np.median(levels_db))
    nuclei: list[int] = []
    for frame in np.flatnonzero(is_peak).tolist():
        if not nuclei or levels_db[frame] - levels_db[nuclei[-1] : frame].min() >= dip_db:
            nuclei.append(frame)
        elif levels_db[frame] > levels_db[nuclei[-1]]:
            # No dip since the last peak: both belong to one syllable, whose top is here.
            nuclei[-1] = frame
    return nuclei


def local_rate(events: Sequence[int], frames: int, reach: int) -> npt.NDArray[np.float64]:
    """Return events per frame around each frame, ``(F,)``.

    Args:
        events: Frames at which something happens.
        frames: F.
        reach: Frames on either side that count; fewer at the ends.

    Example:
        >>> local_rate([0, 4], 5, 1).round(2).tolist()
        [0.5, 0.33, 0.0, 0.33, 0.5]
    """
    counts = np.zeros(frames + 1)
    np.add.at(counts, np.asarray(events, dtype=np.int64) + 1, 1)
    total = counts.cumsum()
    start = np.maximum(np.arange(frames) - reach, 0)
    end = np.minimum(np.arange(frames) + reach + 1, frames)
    rate: npt.NDArray[np.float64] = (total[end] - total[start]) / (end - start)
    return rate
