"""What every kind of features has in common: parameters, a name, and how clips become frames."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import Waveform
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures

HASH_DIGITS = 12  # 48 bits: no clash among any number of settings people will try
Parameter = int | float | str
Block = npt.NDArray[np.float32]


class FeatureSet(ABC):
    """One way to compute features: a frozen record of parameters that can be applied."""

    sample_rate: int

    @property
    @abstractmethod
    def bands(self) -> int:
        """D, the numbers in each frame."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON; ``kind`` names the class."""

    @property
    def feature_set(self) -> str:
        """Name of this parameter set: its kind and a hash of `parameters`."""
        return name_feature_set(self.parameters)

    @abstractmethod
    def count_frames(self, samples: int) -> int:
        """Return the number of frames of a clip of ``samples`` samples."""

    def compute(self, waveforms: Sequence[Waveform]) -> RaggedFeatures:
        """Return the frames of each clip; a clip's frames never depend on its batch mates.

        Args:
            waveforms: One mono ``(S,)`` array per clip, S ≥ 1: float32 in [−1, 1], or int16,
                which is divided by 32768.

        Returns:
            One ``(F, bands)`` block per clip, F from `count_frames`.

        Raises:
            ConfigurationError: If a waveform is not 1-D, is empty, has another dtype, or holds
                NaN or infinity, or if a library that it takes is not installed.
        """
        for position, waveform in enumerate(waveforms):
            _check_waveform(waveform, position)
        frames = np.array([self.count_frames(len(w)) for w in waveforms], dtype=np.int64)
        values = np.empty((int(frames.sum()), self.bands), dtype=np.float32)
        features = RaggedFeatures.from_flat(values, frames, self.bands)
        for waveform, block in zip(waveforms, features, strict=True):
            self._fill(waveform, block)
        return features

    @abstractmethod
    def _fill(self, waveform: Waveform, block: Block) -> None:
        """Write the frames of one clip into its ``(F, bands)`` block."""


def name_feature_set(parameters: Mapping[str, Parameter]) -> str:
    """Return the name of a parameter set: its ``kind``, a dash and a hash.

    Args:
        parameters: Everything the values depend on, in any order.

    Example:
        >>> name_feature_set({"kind": "demo", "hop": 256, "bands": 2})
        'demo-49bcc2c07a4f'
    """
    canonical = json.dumps(parameters, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{parameters['kind']}-{digest[:HASH_DIGITS]}"


def cut_frames(
    waveform: Waveform, size: int, hop: int, *, first: int = 0, count: int | None = None
) -> Block:
    """Return frames of one clip as overlapping views, ``(F, size)``.

    Frame ``t`` is centred on sample ``t · hop``; samples before the start and after the end
    count as zeros.

    Args:
        waveform: Mono ``(S,)``; int16 counts become float32 unscaled.
        size: Samples in a frame, even.
        hop: Samples between frames.
        first: The first frame wanted.
        count: How many frames are wanted, at least 1; all ``1 + S // hop`` by default.

    Example:
        >>> cut_frames(np.array([1, 2, 3], dtype=np.int16), 4, 2).tolist()
        [[0.0, 0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 0.0]]
    """
    count = 1 + len(waveform) // hop if count is None else count
    padded = np.zeros((count - 1) * hop + size, dtype=np.float32)
    start = first * hop - size // 2
    real = slice(max(start, 0), min(start + len(padded), len(waveform)))
    padded[real.start - start : real.stop - start] = waveform[real]
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]


def check_ranges(settings: object, checks: Mapping[str, tuple[bool, str]]) -> None:
    """Refuse a parameter outside its range, by name.

    Args:
        settings: The record the parameters are attributes of.
        checks: Whether each parameter is good, and what is expected of it.

    Raises:
        ConfigurationError: For the first that is not.
    """
    for name, (holds, expected) in checks.items():
        if not holds:
            raise ConfigurationError(
                f"`{name}` must be {expected}, but got {getattr(settings, name)}"
            )


def _check_waveform(waveform: Waveform, position: int) -> None:
    if waveform.dtype not in (np.float32, np.int16) or waveform.ndim != 1 or not waveform.size:
        raise ConfigurationError(
            f"`waveforms[{position}]` must be float32 or int16 with the shape (S,), S ≥ 1, but "
            f"is {waveform.dtype} {waveform.shape}"
        )
    if waveform.dtype == np.float32 and not np.isfinite(waveform).all():
        raise ConfigurationError(
            f"`waveforms[{position}]` must be finite, but holds NaN or infinity"
        )
