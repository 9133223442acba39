"""Two views of a clip: different parts of it, varied in what should not matter."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.batching import pad_clips
from ser.models.normalisation import BandNormalisation
from ser.pretraining.parameters import PretrainingParameters
from ser.training.view import View

Positions = npt.NDArray[np.int64]


class ViewMaker:
    """Draw views of clips.

    Args:
        versions: The clips, then further versions of them (speed copies), aligned clip by clip.
        settings: `shortest_crop` and `augmentation`.
        log_mel: What the features are, if they are log-mel.

    Raises:
        ConfigurationError: If augmentation would change the sound of features that are not
            log-mel.
    """

    def __init__(
        self,
        versions: Sequence[RaggedFeatures],
        settings: PretrainingParameters,
        log_mel: LogMel | None,
    ) -> None:
        augmentation, bands = settings.augmentation, versions[0].bands
        if (augmentation.changes_sound or augmentation.warp) and (
            log_mel is None or log_mel.bands != bands
        ):
            raise ConfigurationError(
                "`augmentation` changes the sound or its bands, which works on log-mel features "
                f"alone: pass `log_mel` with {bands} bands, or set all but masks to 0"
            )
        augmenter = (
            LogMelAugmenter(log_mel, augmentation)
            if log_mel is not None and augmentation.changes_sound
            else None
        )
        self._versions = versions
        self._shortest = settings.shortest_crop
        self._vary = View(augmentation=augmentation, augmenter=augmenter)

    def draw(
        self, clips: Positions, normalisation: BandNormalisation, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return one view of each clip.

        Args:
            clips: Positions of the B clips.
            normalisation: Of the network, on its device.
            generator: Source of all randomness, on the CPU.

        Returns:
            Normalised features ``(B, F, D)`` and lengths ``(B,)``, on the device of the network.
        """
        version = torch.randint(len(self._versions), (len(clips),), generator=generator)
        features, lengths = pad_clips(self._versions, clips, version.numpy())
        features, lengths = crop_clips(
            features, lengths, shortest=self._shortest, generator=generator
        )
        varied = self._vary(features, lengths, normalisation, generator)
        return varied, lengths.to(varied.device)


def crop_clips(
    features: Tensor, lengths: Tensor, *, shortest: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a part of each clip, cut at a random place.

    Its length is uniform between a share of the clip's frames, rounded up, and all of them.

    Args:
        features: ``(B, F, D)``, padded at the end with finite values.
        lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        shortest: That share, in (0, 1]; 1 leaves clips whole.
        generator: Source of all randomness; every call takes the same amount from it.

    Returns:
        Features ``(B, F', D)`` that repeat the last frame as padding, and lengths ``(B,)``.

    Example:
        >>> clips = torch.arange(6.0).reshape(1, 6, 1)
        >>> generator = torch.Generator().manual_seed(4)
        >>> part, length = crop_clips(clips, torch.tensor([6]), shortest=0.5, generator=generator)
        >>> part.flatten().tolist(), length.tolist()
        ([2.0, 3.0, 4.0, 5.0], [4])
    """
    # float64, or a draw just below 1 could round up to the excluded end.
    uniform = torch.rand((2, len(lengths)), generator=generator, dtype=torch.float64)
    least = (lengths * shortest).ceil().clamp(min=1)
    kept = (least + (uniform[0] * (lengths - least + 1)).floor()).long()
    start = (uniform[1] * (lengths - kept + 1)).floor().long()
    frames = torch.minimum(torch.arange(int(kept.max())), kept[:, None] - 1) + start[:, None]
    return features[torch.arange(len(lengths))[:, None], frames], kept
