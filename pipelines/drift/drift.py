"""Drift: how clips that came in differ from those a model learned from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.drift.frames import Stores, read_profiles, read_words
from pipelines.drift.measures import Measure, measure_features, measure_sound, measure_words
from pipelines.drift.result import DriftMeasure, DriftResult
from pipelines.drift.sides import Compared, lacks_features, read_sides
from pipelines.identity import digest
from pipelines.models import load_weights, require_model
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.metrics.drift import HeldShift, Shift

__all__ = ["DriftMeasure", "DriftResult", "drift"]

METHOD = 1  # one more for every change of what the numbers mean
SOUND = ("loudness", "snr", "duration")
SAID = ("classes", "embedding")
# The smaller the level, the more ways must be drawn to tell a p at it.
MOST_PERMUTATIONS = 100_000
Unmeasured = list[tuple[str, str]]


def drift(
    settings: Settings, progress: Progress, *, model_id: str, corpus: str | None = None
) -> DriftResult:
    """Compare clips that came in with those a model learned from, and say what differs.

    Loudness, noise, duration and features are compared with the training clips, as they were
    when the model was trained; predicted classes and embeddings with clips of the speakers kept
    from it, for a model knows what it learned by heart. Speakers change sides to tell how far
    apart chance brings them, so clips of a few new speakers are no alarm because they are new
    speakers. Where training clips were chosen for being unsure, an alarm may tell of that choice.

    Args:
        settings: Where the warehouse and the weights are; how often a false alarm may be.
        progress: Where progress is shown.
        model_id: The model.
        corpus: Compare with all clips of this corpus; default: with those that came into the
            model's own since it was trained, or changed.

    Returns:
        One record per measure, kept in `drifts`; none if nothing came in.

    Raises:
        PipelineError: If the model is unknown.
        NothingToDoError: If the corpus was not ingested.
        ArtifactError: If the model's weights are missing or are not those recorded.
    """
    with open_store(settings) as store:
        model = require_model(store, model_id)
        with open_store(settings, snapshot=model["snapshot"]) as past:
            compared = read_sides(past, store, model, corpus)
            measures, unmeasured = _measure(settings, progress, (past, store), model, compared)
        result = DriftResult(
            drift_id="drift-"
            + digest(
                METHOD,
                model_id,
                compared.corpus,
                compared.fingerprint,
                settings.drift.false_alarm,
                [of.name for of in measures],
            ),
            model_id=model_id,
            corpus=compared.corpus,
            snapshot=store.snapshot,
            incoming_clips=compared.sound.incoming,
            false_alarm=settings.drift.false_alarm,
            measures=judge_measures(measures, settings.drift.false_alarm),
            unmeasured=tuple(unmeasured),
            notes=_note(compared),
        )
        if result.measures:
            rows = {"drifts": result.table(datetime.now(UTC))}
            store.commit(rows, message=f"drift of {compared.corpus} from {model_id}")
    return result


def _measure(
    settings: Settings,
    progress: Progress,
    stores: Stores,
    model: dict[str, Any],
    compared: Compared,
) -> tuple[list[Measure], Unmeasured]:
    if not compared.sound.incoming:
        return [], []
    sound, said = compared.sound.match(), compared.said.match()
    found = measure_sound(sound)
    measured = {of.name for of in found}
    missing: Unmeasured = [
        (name, "no clip tells it on one side or the other")
        for name in SOUND
        if name not in measured
    ]
    lacking = _explain_lacking(stores[1], model, compared)
    if lacking:
        return found, missing + [(name, lacking) for name in ("features", *SAID)]
    unsaid = _explain_unsaid(model, compared)
    total = sound.clips.num_rows + (0 if unsaid else said.clips.num_rows)
    with progress.track("compare clips", total, "clips") as advance:
        profiles = read_profiles(stores, model["feature_set"], sound, advance)
        found.append(measure_features(profiles, sound))
        if unsaid:
            return found, missing + [(name, unsaid) for name in SAID]
        trained = load_weights(settings, model)
        words = read_words(stores, model["config"], trained, said, advance)
        found += measure_words(*words, model["classes"], said)
    if not model["classes"]:
        missing.append(("classes", "the model predicts ratings alone"))
    return found, missing


def judge_measures(
    measures: Sequence[Measure], false_alarm: float, *, seed: int = 0
) -> tuple[DriftMeasure, ...]:
    """Test all measures together.

    Args:
        measures: What to compare clips by.
        false_alarm: Probability at most of any alarm where nothing drifted.
        seed: Of which speakers change sides.
    """
    from ser.metrics.drift import hold_together, measure_shift  # noqa: PLC0415 - keeps help fast

    permutations = min(round(100 / false_alarm), MOST_PERMUTATIONS)
    shifts = {
        of.name: measure_shift(of.distance, of.bundles, permutations=permutations, seed=seed)
        for of in measures
    }
    held = hold_together(shifts, false_alarm)
    return tuple(
        _tell(of, shifts[of.name], held[of.name], false_alarm, len(measures)) for of in measures
    )


def _tell(
    of: Measure, shift: "Shift", held: "HeldShift", false_alarm: float, measures: int
) -> DriftMeasure:
    known, came = of.clips
    is_mute = of.bundles.least_p * measures > false_alarm
    speakers = int(of.bundles.is_incoming.sum()), int((~of.bundles.is_incoming).sum())
    mute = f"; {speakers[0]} speakers against {speakers[1]} are too few for any alarm"
    return DriftMeasure(
        measure=of.name,
        unit=of.unit,
        value=shift.value,
        threshold=max(held.critical, of.floor),
        p_value=held.p_value,
        is_alarm=held.p_value <= false_alarm and shift.value > of.floor,
        reference_clips=known,
        incoming_clips=came,
        detail=of.detail + (mute if is_mute else ""),
    )


def _explain_lacking(store: Warehouse, model: dict[str, Any], compared: Compared) -> str:
    """Say which features incoming clips lack, if any do."""
    ids = compared.sound.clips["clip_id"].to_pylist()[compared.sound.known :]
    lacking = lacks_features(store, model["feature_set"], compared.corpus, ids)
    if not lacking:
        return ""
    return (
        f"{lacking} of {len(ids)} clips have no features `{model['feature_set']}`; compute them "
        "with `serloop features`"
    )


def _explain_unsaid(model: dict[str, Any], compared: Compared) -> str:
    """Say why the model's word cannot be compared, if it cannot."""
    if not compared.said.known:
        return f"no speaker was kept from `{model['model_id']}`"
    if not compared.said.incoming:
        return f"`{model['model_id']}` learned from every speaker who came in"
    return ""


def _note(compared: Compared) -> tuple[str, ...]:
    if not compared.strangers:
        return ()
    return (f"{compared.strangers} clips have no speaker and count as speakers of their own",)
