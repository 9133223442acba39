"""The forms a model can take: as it was trained, and as bundles in float and in eight bits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from pipelines.clipset import read_features, read_waveforms
from pipelines.errors import PipelineError
from pipelines.exporting.make import EXACT, Made, Making, make_bundle
from pipelines.exporting.parity import LARGEST_DIFFERENCE
from pipelines.settings import Settings
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.export.bundle import Place, Precision
    from ser.models.trained import TrainedModel

Batch = Mapping[str, npt.NDArray[np.generic]]
CALIBRATION_CLIPS = 200
SPEED = "onnx of folded and joined layers"


def make_variants(
    settings: Settings,
    store: Warehouse,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    *,
    features: str,
) -> Iterator[Made]:
    """Make the ONNX bundles of a model: in float32, with dynamic and with static eight bits.

    Static ranges are taken from clips of the training speakers, and of nobody else.

    Args:
        settings: Where artifacts are kept; the seed of which clips are taken.
        store: The warehouse; gets rows of `bundles`.
        model: A row from `require_model`.
        trained: Its weights.
        features: `inside` for files that hear waveforms, `outside` for those that read features.

    Yields:
        Each bundle.

    Raises:
        PipelineError: If features can lie nowhere else, or a file says something else.
        ConfigurationError: If the model cannot be exported.
    """
    from ser.compression.fuse import fuse  # noqa: PLC0415 - these load torch
    from ser.compression.quantise import quantise_dynamic, quantise_static  # noqa: PLC0415
    from ser.export.bundle import Place  # noqa: PLC0415
    from ser.export.onnx_file import export_onnx  # noqa: PLC0415
    from ser.features.registry import rebuild_features  # noqa: PLC0415

    places: dict[str, Place] = {name: name for name in get_args(Place)}
    if features not in places:
        raise PipelineError(f"features lie `inside` or `outside`, but got `{features}`")
    place = places[features]
    read = rebuild_features(model["config"]["features"])
    inside = read if place == "inside" else None
    fused = replace(trained, network=fuse(trained.network))
    chosen = _choose(settings, model["config"]["clips"])
    clips = partial(_batches, store, model["feature_set"], chosen, place)

    def write_exact(path: Path) -> None:
        export_onnx(fused, inside, path)

    def write_static(path: Path) -> None:
        _through(write_exact, path, lambda source, target: quantise_static(source, target, clips()))

    def write_dynamic(path: Path) -> None:
        # As it was trained: products of joined layers are none that are quantised like this.
        _through(partial(export_onnx, trained, inside), path, quantise_dynamic)

    writers: dict[Precision, tuple[Callable[[Path], None], Mapping[str, Any]]] = {
        "float32": (write_exact, {"layers": SPEED}),
        "int8_dynamic": (write_dynamic, {"weights": "int8 per channel"}),
        "int8_static": (write_static, {"layers": SPEED, "calibration_clips": chosen}),
    }
    for precision, (write, how) in writers.items():
        making = Making(
            format="onnx",
            precision=precision,
            features=place,
            write=write,
            how=how,
            tolerance=LARGEST_DIFFERENCE if precision == EXACT else None,
        )
        yield make_bundle(settings, store, model, trained, read, making)


def _choose(settings: Settings, clips: Sequence[str]) -> list[str]:
    """Return some of the training clips, always the same."""
    generator = np.random.default_rng(settings.training.seed)
    count = min(CALIBRATION_CLIPS, len(clips))
    return sorted(generator.choice(sorted(clips), count, replace=False).tolist())


def _batches(
    store: Warehouse, feature_set: str, clips: Sequence[str], place: "Place"
) -> Iterator[Batch]:
    if place == "outside":
        for frames in read_features(store, feature_set, clips):
            yield {"features": frames[None], "lengths": np.array([len(frames)])}
        return
    for waveform in read_waveforms(store, clips):
        yield {"waveforms": waveform[None], "lengths": np.array([len(waveform)])}


def _through(
    first: Callable[[Path], object], path: Path, then: Callable[[Path, Path], object]
) -> None:
    """Write a file by way of another, which is removed."""
    between = path.with_suffix(".whole.onnx")
    first(between)
    try:
        then(between, path)
    finally:
        between.unlink(missing_ok=True)
