"""The measures of drift: of each a distance, what is too little to matter, and words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.drift.sides import Sides
from pipelines.judgement import SNR_EDGES_DB

if TYPE_CHECKING:
    from ser.metrics.drift import Bundles, Distance

Floats = npt.NDArray[np.floating]
Describe = Callable[[Floats, Floats], str]
# Cohen (1988) calls a fifth of a standard deviation a small effect; of shares we say a tenth.
SMALL_SD = 0.2
SMALL_SHARE = 0.1
# Digital silence has no level; nobody hears a difference below this.
SILENCE_DBFS = -100.0


@dataclass(frozen=True, eq=False)
class Measure:
    """Something to compare clips by.

    Args:
        name: Such as `loudness`.
        unit: Of the distance.
        distance: The distance.
        bundles: Whose clips are on which side.
        floor: Distance that does not matter, however sure it is.
        detail: Known and incoming clips in words.
    """

    name: str
    unit: str
    distance: "Distance"
    bundles: "Bundles"
    floor: float
    detail: str

    @property
    def clips(self) -> tuple[int, int]:
        """How many known and how many incoming clips are compared."""
        sizes, came = self.bundles.sizes, self.bundles.is_incoming
        return int(sizes[~came].sum()), int(sizes[came].sum())


def measure_sound(sides: Sides) -> list[Measure]:
    """Compare loudness, noise and duration, as far as they are known."""
    level = np.maximum(_floats(sides, "level_dbfs"), SILENCE_DBFS)
    speech = _floats(sides, "speech_end_s") - _floats(sides, "speech_start_s")
    found = [
        _figure("loudness", "dB", level, sides, _means("mean level", "dBFS")),
        _noise(_floats(sides, "snr_db"), sides),
        _figure("duration", "s", speech, sides, _means("mean speech", "s")),
    ]
    return [of for of in found if of is not None]


def measure_features(profiles: Floats, sides: Sides) -> Measure:
    """Compare the mean frames of clips.

    Args:
        profiles: Mean over the frames of each clip, ``(N, D)``.
        sides: The clips.
    """
    return _vectors("features", "band", profiles, sides)


def measure_words(
    posterior: Floats, embeddings: Floats, classes: Sequence[str], sides: Sides
) -> list[Measure]:
    """Compare what a model says of clips it did not learn from, and how it sees them.

    Args:
        posterior: P(class) of each clip, ``(N, C)``; C is 0 for ratings alone.
        embeddings: The layer under the outputs, ``(N, E)``.
        classes: C names.
        sides: The clips.
    """
    found = [_vectors("embedding", "dimension", embeddings, sides)]
    return [_shares("classes", posterior, classes, sides), *found] if len(classes) else found


def _figure(
    name: str, unit: str, values: Floats, sides: Sides, describe: Describe
) -> Measure | None:
    from ser.metrics.distances import MeanDistance  # noqa: PLC0415 - keeps help fast

    told = np.flatnonzero(np.isfinite(values))
    chosen = sides.take(told)
    if not chosen.known or not chosen.incoming:
        return None
    bundles, values = chosen.bundle(), values[told]
    known, came = values[: chosen.known], values[chosen.known :]
    return Measure(
        name=name,
        unit=unit,
        distance=MeanDistance.of_values(values, bundles.of_clip),
        bundles=bundles,
        floor=SMALL_SD * float(known.std()),
        detail=describe(known, came),
    )


def _noise(snr_db: Floats, sides: Sides) -> Measure:
    """Compare how many clips are how noisy: of clean ones the ratio is often undefined."""
    bins = np.digitize(np.nan_to_num(snr_db, nan=0.0), SNR_EDGES_DB)
    bins = np.where(np.isnan(snr_db), len(SNR_EDGES_DB) + 1, bins)
    edges = [f"{edge:g}" for edge in SNR_EDGES_DB]
    names = [
        f"below {edges[0]} dB",
        *(f"{low} to {high} dB" for low, high in pairwise(edges)),
        f"above {edges[-1]} dB",
        "no noise to be told from speech",
    ]
    return _shares("snr", np.eye(len(names))[bins], names, sides)


def _shares(name: str, shares: Floats, names: Sequence[str], sides: Sides) -> Measure:
    from ser.metrics.distances import MeanDistance  # noqa: PLC0415 - keeps help fast

    bundles = sides.bundle()
    known, came = (part.mean(axis=0) for part in (shares[: sides.known], shares[sides.known :]))
    most = int(np.abs(came - known).argmax())
    return Measure(
        name=name,
        unit="share",
        distance=MeanDistance.of_shares(shares, bundles.of_clip),
        bundles=bundles,
        floor=SMALL_SHARE,
        detail=f"{names[most]}: {came[most]:.0%} of the clips against {known[most]:.0%}",
    )


def _vectors(name: str, dimension: str, vectors: Floats, sides: Sides) -> Measure:
    from ser.metrics.distances import EnergyDistance, standardise  # noqa: PLC0415

    bundles = sides.bundle()
    known = vectors[: sides.known].astype(np.float64)
    spread = known.std(axis=0)
    moved = vectors[sides.known :].mean(axis=0) - known.mean(axis=0)
    moved = np.divide(moved, spread, out=np.zeros_like(moved, np.float64), where=spread > 0)
    most = int(np.abs(moved).argmax())
    return Measure(
        name=name,
        unit="SD",
        distance=EnergyDistance.of_vectors(standardise(vectors), bundles.of_clip),
        bundles=bundles,
        floor=SMALL_SD,
        detail=f"most moved is {dimension} {most + 1} of {len(moved)}, by {moved[most]:+.1f} SD",
    )


def _means(what: str, unit: str) -> Describe:
    def describe(known: Floats, came: Floats) -> str:
        return f"{what} {came.mean():.1f} {unit} against {known.mean():.1f} {unit}"

    return describe


def _floats(sides: Sides, name: str) -> npt.NDArray[np.float64]:
    column = sides.clips[name].to_numpy()
    return np.asarray(column, dtype=np.float64)
