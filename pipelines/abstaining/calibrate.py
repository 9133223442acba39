"""Calibrate: how large a model's sets of classes must be to hold the right one as promised."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pipelines.abstaining.calibration_clips import (
    CalibrationClips,
    Source,
    collect_calibration,
    groups_of,
)
from pipelines.abstaining.promises import Promise, measure_sets
from pipelines.clipset import INTENDED
from pipelines.convert import to_table
from pipelines.errors import NothingToDoError
from pipelines.identity import digest
from pipelines.judged import JudgedClips, read_judgement, select_judged
from pipelines.judgement import without_nan
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.metrics.conformal import ConformalThresholds

EVERYONE = "all"


@dataclass(frozen=True)
class CalibrateResult:
    """Thresholds of a model, and what they are worth on speakers they were not chosen on.

    Args:
        calibration_id: Name of the calibration.
        model_id: The model.
        thresholds: How high the score of a class may be, of each group.
        group: What thresholds differ by; `all` for nothing.
        is_class_conditional: Whether they differ by class.
        source: `dev` or `out_of_fold`.
        models: Models whose predictions they were chosen on.
        truth: `intended`, or a consensus run.
        left_out: What calibrations without one speaker were worth for that speaker: for `all`,
            then for each group.
        test: What this one is worth for the speakers that test the model, who had no part in it;
            empty before `serloop evaluate`.
        fewest_speakers: Fewer than these can be promised nothing.
        speaker_range: Coverage of the worst and of the best of the speakers left out.
    """

    calibration_id: str
    model_id: str
    thresholds: "ConformalThresholds"
    group: str
    is_class_conditional: bool
    source: Source
    models: tuple[str, ...]
    truth: str
    left_out: tuple[Promise, ...]
    test: tuple[Promise, ...]
    fewest_speakers: int
    speaker_range: tuple[float, float]

    def rows(self) -> Sequence[Row]:
        """Return one row: what was promised, and what was found."""
        of, held = self.thresholds, self.left_out[0].coverage
        return [
            {
                "calibration_id": self.calibration_id,
                "model_id": self.model_id,
                "promised": of.coverage,
                "method": of.method,
                "correction": of.correction,
                "group": self.group,
                "source": self.source,
                "clips": of.clips,
                "speakers": of.speakers,
                "left_out": held.estimate,
                "left_out_low": held.low,
                "left_out_high": held.high,
                "test": self.test[0].coverage.estimate if self.test else None,
            }
        ]

    def promise_rows(self) -> Sequence[Row]:
        """Return what sets are worth, one row per kind of speakers and group of them."""
        return [
            {"speakers_of": name, **promise.row()}
            for name, found in (("calibration, left out", self.left_out), ("test", self.test))
            for promise in found
        ]

    def sentences(self) -> list[str]:
        """Say what is promised, and what cannot be."""
        of = self.thresholds
        low, high = self.speaker_range
        said = [_say_promise(of.coverage, of.speakers, of.correction, self.fewest_speakers)]
        if self.group != EVERYONE:
            missing = {
                promise.group for promise in self.left_out if promise.group not in of.thresholds
            }
            own = ", ".join(sorted(set(of.thresholds) - {EVERYONE})) or "nobody"
            said.append(
                f"thresholds of their own: {own}; of all: "
                f"{', '.join(sorted(missing)) or 'clips of no known group'} (a group needs "
                f"{self.fewest_speakers} speakers)"
            )
        said.append(
            f"one speaker is not the mean of them: of those left out, sets held the right class of "
            f"{low:.0%} of the clips of one, and {high:.0%} of another's"
        )
        if self.source == "dev":
            said.append(
                "its best epoch was chosen on these very speakers, so that others may fare a "
                "little worse"
            )
        if not self.test:
            said.append(
                f"not checked on the speakers that test it; run `serloop evaluate {self.model_id}`"
            )
        return said

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {
            **without_nan(self.rows()[0]),
            **self.thresholds.document(),
            "class_conditional": self.is_class_conditional,
            "models": list(self.models),
            "truth": self.truth,
            "worth": [without_nan(row) for row in self.promise_rows()],
            "sentences": self.sentences(),
        }


def calibrate(
    settings: Settings,
    progress: Progress,
    *,
    model_id: str,
    truth: str = INTENDED,
    coverage: float | None = None,
    method: Literal["lac", "aps"] | None = None,
    correction: Literal["left_out", "hierarchical"] | None = None,
    group: str | None = None,
    is_class_conditional: bool = False,
    source: Source | None = None,
) -> CalibrateResult:
    """Choose how sure a model must be, on speakers it did not learn from.

    The speakers that test the model have no part in it, and tell what it is worth.

    Args:
        settings: Where the warehouse and the weights are, and what is not given here.
        progress: Where progress is shown.
        model_id: The model.
        truth: `intended`, or the id of a consensus run.
        coverage: Share of sets that shall hold the right class; None for `abstain.coverage`.
        method: Score by which classes enter a set; None for `abstain.method`.
        correction: How few speakers are allowed for; None for `abstain.correction`.
        group: What thresholds differ by; None for `abstain.group`.
        is_class_conditional: Whether they differ by class.
        source: `dev`, `out_of_fold`, or None for the one with more speakers.

    Returns:
        The thresholds, and what coverage they have.

    Raises:
        PipelineError: If the model is unknown, predicts no classes, or clips have no such group.
        LeakageError: If a model learned from a speaker that it shall be calibrated on.
        NothingToDoError: If nobody can be calibrated on, with how to get some.
        ConfigurationError: If an option lies outside its range.
    """
    given = settings.abstain
    options: dict[str, Any] = {
        "coverage": given.coverage if coverage is None else coverage,
        "method": method or given.method,
        "correction": correction or given.correction,
        "is_class_conditional": is_class_conditional,
    }
    group = group or given.group
    with open_store(settings) as store:
        model = require_model(store, model_id)
        found = collect_calibration(store, settings, progress, model, truth=truth, source=source)
        with progress.track("calibrate", found.n_speakers, "speakers") as advance:
            result = _calibrate(store, model, found, truth=truth, group=group, options=options)
            advance(found.n_speakers)
        store.commit(
            {"calibrations": to_table("calibrations", [_row(result, store.snapshot)])},
            message=f"calibrate {model_id}",
        )
    return result


def _calibrate(
    store: Warehouse,
    model: Mapping[str, Any],
    found: CalibrationClips,
    *,
    truth: str,
    group: str,
    options: dict[str, Any],
) -> CalibrateResult:
    from ser.metrics.conformal import (  # noqa: PLC0415 - keeps help fast
        fewest_speakers,
        fit_conformal,
        leave_speakers_out,
    )

    clips, posterior = found.clips, found.posterior
    names = None if group == EVERYONE else groups_of(clips, group)
    asked = {"groups": names, "speakers": clips.speakers, **options}
    thresholds = fit_conformal(posterior, clips.labels, **asked)
    fewest = fewest_speakers(thresholds.coverage)
    is_alone = found.n_speakers < 2
    sets = (
        np.ones(posterior.shape, bool)
        if is_alone
        else leave_speakers_out(posterior, clips.labels, **asked)
    )
    is_held = sets[np.arange(len(sets)), clips.labels]
    by_speaker = [
        float(is_held[np.array(clips.speakers) == name].mean()) for name in set(clips.speakers)
    ]
    identity = (found.models, clips.clip_ids, posterior.tolist(), clips.labels.tolist())
    return CalibrateResult(
        calibration_id=f"{model['model_id']}/{digest(group, truth, options, *identity)}",
        model_id=model["model_id"],
        thresholds=thresholds,
        group=group,
        is_class_conditional=options["is_class_conditional"],
        source=found.source,
        models=found.models,
        truth=truth,
        left_out=measure_sets(clips, sets, group),
        test=_measure_test(store, model, truth, thresholds, group),
        fewest_speakers=fewest,
        speaker_range=(min(by_speaker), max(by_speaker)),
    )


def _measure_test(
    store: Warehouse,
    model: Mapping[str, Any],
    truth: str,
    thresholds: "ConformalThresholds",
    group: str,
) -> tuple[Promise, ...]:
    """Return what thresholds are worth for the model's test speakers; nothing before any."""
    read = read_test(store, model, truth)
    if read is None:
        return ()
    clips, posterior = read
    names = None if group == EVERYONE else groups_of(clips, group)
    return measure_sets(clips, thresholds.predict_sets(posterior, names), group)


def read_test(
    store: Warehouse, model: Mapping[str, Any], truth: str
) -> tuple[JudgedClips, npt.NDArray[np.float64]] | None:
    """Return a model's test clips with one leading class and what it said; None before any.

    Args:
        store: The warehouse.
        model: A row from `require_model`.
        truth: `intended`, or the id of a consensus run.
    """
    try:
        judged = select_judged(store, model, truth=truth).decided()
        return read_judgement(store, model, judged) if judged.clip_ids else None
    except NothingToDoError:
        return None


def _row(result: CalibrateResult, snapshot: int) -> dict[str, Any]:
    of = result.thresholds
    return {
        "calibration_id": result.calibration_id,
        "model_id": result.model_id,
        "coverage": of.coverage,
        "method": of.method,
        "group_name": result.group,
        "thresholds": json.dumps(of.document(), sort_keys=True),
        "source": result.source,
        "truth": result.truth,
        "clips": of.clips,
        "speakers": of.speakers,
        "snapshot": snapshot,
    }


def _say_promise(coverage: float, speakers: int, correction: str, fewest: int) -> str:
    promised = f"{coverage:.0%} of sets shall hold the right class of speakers never met"
    if speakers < fewest:
        return (
            f"{promised}, but {speakers} speakers can promise nothing: it takes {fewest}; "
            "cross-validate, or hold more dev speakers out"
        )
    if correction == "hierarchical":
        return (
            f"{promised}, each counted alike: on average over draws of {speakers} speakers it is "
            f"{coverage:.0%} or more for any speakers alike those, and up to "
            f"{min(coverage + 2 / (speakers + 1), 1):.0%}"
        )
    return (
        f"{promised}, each counted alike: {speakers} speakers left out in turn say so, which is "
        "close and no proof; `--correction hierarchical` is proven, for larger sets"
    )
