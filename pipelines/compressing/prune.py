"""Prune: a model loses the channels that matter least, and learns on without them."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from pipelines.clipset import ClipSet, read_features, read_waveforms
from pipelines.errors import PipelineError
from pipelines.fitting import Plan
from pipelines.identity import code_version, digest
from pipelines.model_record import record_model, select_recorded_clips
from pipelines.models import find_model, load_weights, require_model
from pipelines.predicting import refuse_fusion
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.models.trained import EpochSummary, TrainedModel
    from ser.training.parameters import TrainingParameters

# Of the rate it was trained with: weights that are good already need smaller steps.
GENTLER = 0.5


@dataclass(frozen=True)
class PruneResult:
    """A pruned model.

    Args:
        model_id: Names it in the warehouse.
        parent: The model it was made from.
        channels: Channels of each block that are left.
        parameters: Parameters that are left, and of its parent.
        epochs: Passes over the clips since.
        is_new: False when the same model was there already.
        seconds: Wall time.
    """

    model_id: str
    parent: str
    channels: tuple[int, ...]
    parameters: tuple[int, int]
    epochs: int
    is_new: bool
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per model."""
        return [
            {
                "model_id": self.model_id,
                "parent": self.parent,
                "channels": ", ".join(map(str, self.channels)),
                "parameters": self.parameters[0],
                "times_smaller": round(self.parameters[1] / self.parameters[0], 2),
                "epochs": self.epochs,
                "new": "yes" if self.is_new else "no",
                "seconds": round(self.seconds, 1),
            }
        ]


def prune(
    settings: Settings, progress: Progress, *, model_id: str, keep: float | None = None
) -> PruneResult:
    """Remove channels of a model, and train the rest on with the clips it learned from.

    The same model, settings, seed and code give the same pruned model, whose `parent` it is.

    Args:
        settings: Share of channels to keep, epochs of fine-tuning, seed.
        progress: Where progress is shown.
        model_id: The model.
        keep: Share of channels to keep; None for what the settings say.

    Raises:
        PipelineError: If the model is unknown or predicts ratings.
        ConfigurationError: If it has no plain convolution blocks.
        NothingToDoError: If its clips have lost their features.
    """
    started = time.monotonic()
    with open_store(settings) as store:
        parent = require_model(store, model_id)
        refuse_fusion(parent, "be pruned")
        plan = _plan(settings, parent, settings.compression.keep if keep is None else keep)
        known = find_model(store, plan.model_id)
        is_new = known is None or not plan.artifact(settings).is_file()
        if known is None or is_new:
            known = _fit_and_record(store, settings, progress, parent, plan)
        before = _count(load_weights(settings, parent))
    metrics = json.loads(known["metrics"])
    return PruneResult(
        model_id=plan.model_id,
        parent=model_id,
        channels=tuple(plan.network.channels),
        parameters=(metrics["parameters"], before),
        epochs=metrics["epochs"],
        is_new=is_new,
        seconds=time.monotonic() - started,
    )


def fit_pruned(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, plan: Plan
) -> "TrainedModel":
    """Prune the parent that a plan names, and train it on.

    Args:
        store: The warehouse.
        settings: Where the parent's weights are kept; threads.
        progress: Where progress is shown.
        clips: What it learned from.
        plan: As `prune` records it.

    Raises:
        PipelineError: If the parent is gone.
        ArtifactError: If its weights are not those that were pruned.
    """
    from ser.audio.augment.speed import speed_perturb  # noqa: PLC0415 - keeps help fast
    from ser.compression.prune import fine_tune, prune_channels  # noqa: PLC0415 - load torch
    from ser.threads import use_threads  # noqa: PLC0415
    from ser.training.dataset import DevClips  # noqa: PLC0415

    use_threads(settings.compute.threads)
    told = plan.config["prune"]
    row = {**require_model(store, told["parent"]), "artifact_sha256": told["sha256"]}
    pruned = prune_channels(load_weights(settings, row), keep=told["keep"])
    train, judged = clips.ids(clips.train), clips.decided(clips.dev)
    factors = plan.training.augmentation.speed_factors
    waveforms = read_waveforms(store, train) if factors else []
    copies = [plan.features.compute(speed_perturb(waveforms, factor)) for factor in factors]
    dev = None
    if judged.size:
        heard = read_features(store, plan.features.feature_set, clips.ids(judged))
        dev = DevClips(heard, clips.targets[judged].argmax(axis=1))
    epochs = plan.training.count_epochs(len(train))
    with progress.track(f"fine-tune on {len(train)} clips", epochs, "epochs") as advance:

        def tell(epoch: "EpochSummary") -> None:
            advance(note=f"loss {epoch.loss:.3f} {epoch.clips_per_s:.0f} clips/s")

        return fine_tune(
            pruned,
            read_features(store, plan.features.feature_set, train),
            clips.targets[clips.train],
            augmented=copies,
            dev=dev,
            training=plan.training,
            seed=plan.config["seed"],
            on_epoch=tell,
        )


def _plan(settings: Settings, parent: dict[str, Any], keep: float) -> Plan:
    from ser.compression.prune import prune_channels  # noqa: PLC0415 - loads torch
    from ser.features.registry import rebuild_features  # noqa: PLC0415

    trained = load_weights(settings, parent)
    if trained.parameters.ratings or not parent["classes"]:
        raise PipelineError(
            f"model `{parent['model_id']}` predicts ratings, which pruning does not learn on "
            "with; compress a model of classes alone"
        )
    network = prune_channels(trained, keep=keep).parameters
    training = _gentler(parent["config"]["training"], settings.compression.epochs)
    config = {
        **{name: value for name, value in parent["config"].items() if name != "distil"},
        "prune": {
            "parent": parent["model_id"],
            "sha256": parent["artifact_sha256"],
            "keep": keep,
        },
        "round_id": None,
        "arm": None,
        "network": asdict(network),
        "training": asdict(training),
        "seed": settings.training.seed,
    }
    model_id = f"{config['corpus']}-{digest(config, code_version())}"
    features = rebuild_features(parent["config"]["features"])
    return Plan(model_id, config, features, network, training)


def _gentler(written: dict[str, Any], epochs: int) -> "TrainingParameters":
    """Return how a model was trained, in fewer epochs and smaller steps."""
    from ser.audio.augment.record import Augmentation  # noqa: PLC0415 - keeps help fast
    from ser.training.parameters import TrainingParameters  # noqa: PLC0415

    known = {field.name for field in fields(TrainingParameters)}
    told = {name: value for name, value in written.items() if name in known}
    augmentation: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.pop("augmentation").items()
    }
    before = TrainingParameters(**told, augmentation=Augmentation(**augmentation))
    rate = before.learning_rate * GENTLER
    return replace(before, epochs=epochs, updates=None, learning_rate=rate)


def _fit_and_record(
    store: Warehouse, settings: Settings, progress: Progress, parent: dict[str, Any], plan: Plan
) -> dict[str, Any]:
    snapshot = store.snapshot
    clips = select_recorded_clips(store, parent)
    plan = replace(plan, config={**plan.config, "clips": clips.ids(clips.train)})
    model = fit_pruned(store, settings, progress, clips, plan)
    return record_model(
        store,
        settings,
        clips,
        plan,
        model,
        snapshot=snapshot,
        verb="prune",
        parent=parent["model_id"],
    )


def _count(trained: "TrainedModel") -> int:
    from ser.models.build import count_parameters  # noqa: PLC0415 - loads torch

    return count_parameters(trained.network)
