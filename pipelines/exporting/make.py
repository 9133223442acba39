"""Make one bundle of a model: write its file, prove it equal, add the card, record it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.convert import to_table
from pipelines.errors import PipelineError
from pipelines.exporting.card import Exported, write_card
from pipelines.exporting.parity import (
    LARGEST_DIFFERENCE,
    Judge,
    Parity,
    Waveform,
    draw_cuts,
    measure_parity,
)
from pipelines.identity import code_version, digest
from pipelines.settings import Settings
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.export.bundle import Bundle, Format, Place, Precision
    from ser.features.record import FeatureSet
    from ser.models.trained import TrainedModel

FOLDER = "bundles"
EXACT: Final = "float32"
LIBRARIES = ("numpy", "onnx", "onnxruntime", "torch")


@dataclass(frozen=True, kw_only=True)
class Making:
    """How one bundle is made.

    Args:
        format: What reads the file.
        precision: Of its weights.
        features: `inside` where it hears waveforms, else `outside`.
        write: Writes the file, given its path.
        how: What else it depends on, ready for JSON, such as clips it was quantised with.
        open: Opens the file for the proof of parity; default: in this process.
        tolerance: Largest difference of a posterior that passes; None for any, which is what
            rounded weights need.
        versions: Libraries of other environments that it is made with, by name.
        window: Samples or frames of the one size of clip that it reads; None where it is free.
        longest: Samples of the longest clip that it hears; None for any.
    """

    format: "Format"
    precision: "Precision"
    features: "Place"
    write: Callable[[Path], None]
    how: Mapping[str, Any]
    open: Callable[[Path], Judge] | None = None
    tolerance: float | None = LARGEST_DIFFERENCE
    versions: Mapping[str, str] = field(default_factory=dict)
    window: int | None = None
    longest: int | None = None


@dataclass(frozen=True)
class Made:
    """A bundle and its row.

    Args:
        row: The row of `bundles`.
        folder: Where it lies.
        is_new: Whether it was made just now.
    """

    row: Mapping[str, Any]
    folder: Path
    is_new: bool


def make_bundle(  # noqa: PLR0917 - a model is its row, its weights and its features
    settings: Settings,
    store: Warehouse,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    features: "FeatureSet",
    making: Making,
) -> Made:
    """Make a bundle of a model, or find the one that was made like this before.

    Args:
        settings: Where artifacts are kept, and which calibration travels along.
        store: The warehouse; gets a row of `bundles`.
        model: A row from `require_model`.
        trained: Its weights.
        features: The features that it reads.
        making: How it is made.

    Returns:
        The bundle.

    Raises:
        PipelineError: If the file says something else than PyTorch does.
        ConfigurationError: If the model cannot be exported like this.
    """
    from ser.export.bundle import FILES  # noqa: PLC0415 - keeps help fast

    calibration = find_calibration(settings, store, model["model_id"])
    config = {
        "how": dict(making.how),
        "versions": {**_versions(), **making.versions},
        "code": code_version(),
        "calibration": calibration["calibration_id"] if calibration else None,
        "evaluations": _evaluations(store, model["model_id"]),
    }
    kind = (making.format, making.precision, making.features)
    bundle_id = f"{model['model_id']}-{digest(model['artifact_sha256'], kind, config)}"
    folder = settings.artifacts / FOLDER / bundle_id
    known = _find_known(store, model["model_id"], bundle_id, folder)
    if known is not None:
        return Made(known, folder, is_new=False)
    path = folder / FILES[making.format]
    making.write(path)
    parity = _prove(
        trained, features, path, making, draw_cuts(store, model, longest=making.longest)
    )
    exported = Exported(
        *kind,
        size=path.stat().st_size,
        sample_rate=trained.sample_rate,
        parity=parity.difference,
        clips=parity.clips,
        changed=parity.changed,
        window=making.window,
    )
    bundle = _complete(
        store,
        model,
        trained=trained,
        features=features,
        folder=folder,
        exported=exported,
        config=config,
        calibration=calibration,
    )
    row = {
        "bundle_id": bundle_id,
        "model_id": model["model_id"],
        "format": making.format,
        "precision": making.precision,
        "features": making.features,
        "bytes": exported.size,
        "parity": exported.parity,
        "parity_clips": exported.clips,
        "config": json.dumps(config, sort_keys=True),
        "artifact": f"{FOLDER}/{bundle_id}",
        "artifact_sha256": bundle.sha256,
    }
    if bundle_id in queries.select_bundles(store)["bundle_id"].to_pylist():
        _require_same(store, row)
    store.commit({"bundles": to_table("bundles", [row])}, message=f"export {bundle_id}")
    return Made(row, folder, is_new=True)


def find_calibration(
    settings: Settings, store: Warehouse, model_id: str
) -> Mapping[str, Any] | None:
    """Return the newest calibration of a model that the settings ask for, or None.

    Args:
        settings: Coverage, method and groups wanted.
        store: The warehouse.
        model_id: The model.
    """
    wanted = settings.abstain
    rows = [
        row
        for row in queries.select_calibrations(store, model_id=model_id).to_pylist()
        if (row["coverage"], row["method"], row["group_name"])
        == (wanted.coverage, wanted.method, wanted.group)
    ]
    return max(rows, key=lambda row: (row["snapshot"], row["calibration_id"]), default=None)


def _find_known(
    store: Warehouse, model_id: str, bundle_id: str, folder: Path
) -> Mapping[str, Any] | None:
    """Return the row of a bundle that is whole, or None where it must be made (again)."""
    from ser.errors import ArtifactError  # noqa: PLC0415 - keeps help fast
    from ser.export.bundle import load_bundle  # noqa: PLC0415 - keeps help fast

    for row in queries.select_bundles(store, model_id=model_id).to_pylist():
        if row["bundle_id"] == bundle_id:
            try:
                is_whole = load_bundle(folder).sha256 == row["artifact_sha256"]
            except ArtifactError:
                return None
            return row if is_whole else None
    return None


def _require_same(store: Warehouse, row: Mapping[str, Any]) -> None:
    """Refuse to lay another bundle where a recorded one was lost."""
    for known in queries.select_bundles(store, model_id=row["model_id"]).to_pylist():
        if (
            known["bundle_id"] == row["bundle_id"]
            and known["artifact_sha256"] != (row["artifact_sha256"])
        ):
            raise PipelineError(
                f"bundle `{row['bundle_id']}` was recorded with the SHA-256 "
                f"{known['artifact_sha256']}, but made again it has {row['artifact_sha256']}; this "
                "machine computes otherwise than the one that made it, so restore its folder"
            )


def _prove(
    trained: "TrainedModel",
    features: "FeatureSet",
    path: Path,
    making: Making,
    batches: Sequence[Sequence[Waveform]],
) -> Parity:
    from ser.export.runtime import open_model  # noqa: PLC0415 - keeps help fast

    judge = making.open(path) if making.open else open_model(path, making.format)
    hears = making.features == "inside"
    parity = measure_parity(trained, features, judge, batches, hears=hears)
    # A comparison that NaN fails too.
    if making.tolerance is not None and not parity.difference <= making.tolerance:
        raise PipelineError(
            f"the exported `{path.name}` differs from PyTorch by {parity.difference:.1e} in a "
            f"probability, more than {making.tolerance:.0e}, over {parity.clips} clips; it is not "
            "recorded; export in another format"
        )
    return parity


def _complete(
    store: Warehouse,
    model: Mapping[str, Any],
    *,
    trained: "TrainedModel",
    features: "FeatureSet",
    folder: Path,
    exported: Exported,
    config: Mapping[str, Any],
    calibration: Mapping[str, Any] | None,
) -> "Bundle":
    """Add the card and the description to a folder that holds the file."""
    from ser.export.bundle import CARD, write_bundle  # noqa: PLC0415 - keeps help fast
    from ser.files import write_whole  # noqa: PLC0415 - keeps help fast

    write_whole(folder / CARD, write_card(store, model, exported).encode())
    return write_bundle(
        folder,
        format=exported.format,
        precision=exported.precision,
        features=exported.features,
        model_id=model["model_id"],
        classes=list(trained.classes),
        sample_rate=trained.sample_rate,
        feature_parameters=features.parameters,
        window=exported.window,
        parity=exported.parity,
        parity_clips=exported.clips,
        versions={**config["versions"], "serloop": config["code"]},
        calibration=json.loads(calibration["thresholds"]) if calibration else None,
    )


def _evaluations(store: Warehouse, model_id: str) -> list[str]:
    rows = queries.select_evaluations(store).to_pylist()
    return sorted(row["evaluation_id"] for row in rows if row["model_id"] == model_id)


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # Optional for all formats but one, which says so itself.
            continue
    return found
