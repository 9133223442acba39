"""The table of what compression costs and brings, for a model and those made from it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.clipset import INTENDED, read_features, read_waveforms
from pipelines.compressing.latency import BUNDLE, EAGER, Form, Latency, measure_latency
from pipelines.compressing.pareto import Spot, draw_front, find_front
from pipelines.compressing.prune import prune
from pipelines.compressing.variants import make_variants
from pipelines.errors import PipelineError
from pipelines.exporting.make import Made
from pipelines.judged import JudgedClips, require_classes, select_judged
from pipelines.models import load_weights, require_model
from pipelines.predicting import refuse_fusion
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.metrics.bootstrap import Interval
    from ser.models.trained import TrainedModel

Posterior = npt.NDArray[np.float32]
JUDGED_AT_ONCE = 32


@dataclass(frozen=True)
class Entry:
    """One form of one model.

    Args:
        model_id: The model.
        made_by: What was done to it: `as it is`, `pruned`, `distilled`, or `other`.
        form: `PyTorch`, or what the file is.
        parameters: Numbers that training could change.
        size: Bytes of the file.
        latency: Of a 3 s clip on one core, waveform to posterior.
        uar: UAR on the test speakers, with its interval.
        change: UAR minus that of the model as it is in PyTorch, of the same clips.
        where: File or folder.
    """

    model_id: str
    made_by: str
    form: str
    parameters: int
    size: int
    latency: Latency
    uar: "Interval"
    change: "Interval"
    where: str


@dataclass(frozen=True)
class CompressResult:
    """The table.

    Args:
        model_id: The model it is about.
        clips: Test clips.
        speakers: Their speakers.
        entries: Forms; the first is the model as it is, in PyTorch.
        plot: The picture.
        seconds: Wall time.
    """

    model_id: str
    clips: int
    speakers: int
    entries: tuple[Entry, ...]
    plot: str
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per form."""
        first = self.entries[0]
        front = find_front(_spots(self.entries))
        return [
            {
                "model_id": of.model_id,
                "made": of.made_by,
                "form": of.form,
                "parameters": of.parameters,
                "kB": round(of.size / 1000),
                "smaller": f"{first.size / of.size:.2f}×",
                "p50_ms": round(of.latency.p50_ms, 3),
                "p99_ms": round(of.latency.p99_ms, 3),
                "cpu_ms": round(of.latency.cpu_ms, 3),
                "faster": f"{first.latency.p50_ms / of.latency.p50_ms:.2f}×",
                "uar": f"{of.uar.estimate:.3f} [{of.uar.low:.3f}, {of.uar.high:.3f}]",
                "points": f"{100 * of.change.estimate:+.1f} "
                f"[{100 * of.change.low:+.1f}, {100 * of.change.high:+.1f}]",
                "front": "yes" if is_front else "",
            }
            for of, is_front in zip(self.entries, front, strict=True)
        ]

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {**asdict(replace(self, entries=())), "entries": [asdict(of) for of in self.entries]}

    def sentence(self) -> str:
        """Say what the fastest form is worth that costs at most a point."""
        near = [of for of in self.entries if of.change.estimate >= -0.01]
        best = min(near, key=lambda of: of.latency.p50_ms)
        first = self.entries[0]
        return (
            f"fastest within a point of UAR: {best.model_id} as {best.form}, "
            f"{first.latency.p50_ms / best.latency.p50_ms:.1f} times as fast and "
            f"{first.size / best.size:.1f} times as small as `{self.model_id}` in PyTorch "
            f"({self.clips} clips of {self.speakers} speakers); plot: {self.plot}"
        )


def compress(
    settings: Settings,
    progress: Progress,
    *,
    model_id: str,
    also: tuple[str, ...] = (),
    keep: float | None = None,
    prunes: bool = True,
    features: str = "outside",
    repeats: int = 300,
) -> CompressResult:
    """Make the small forms of a model, and measure what each costs and brings.

    Args:
        settings: Where artifacts are kept; share of channels and epochs of pruning.
        progress: Where progress is shown.
        model_id: The model.
        also: Further models to compare with it, such as its students.
        keep: Share of channels that a pruned model keeps; None for what the settings say.
        prunes: Whether to prune the model, and list what comes of it.
        features: Whether files hear waveforms (`inside`), or read features (`outside`).
        repeats: Clips by which latency is measured.

    Returns:
        One entry for each model in PyTorch and for each of its files.

    Raises:
        PipelineError: If a model is unknown, predicts ratings alone or other classes than the
            first, or latency cannot be measured.
        ConfigurationError: If a model cannot be exported or pruned.
        LeakageError: If a model would be judged on speakers that it learned from.
    """
    started = time.monotonic()
    models = [model_id, *also]
    if prunes:
        models.insert(1, prune(settings, progress, model_id=model_id, keep=keep).model_id)
    forms: list[Form] = []
    drafts: list[tuple[Entry, Posterior]] = []
    with open_store(settings) as store:
        rows = [require_model(store, name) for name in dict.fromkeys(models)]
        require_classes(rows[0])
        for row in rows:
            refuse_fusion(row, "be compressed")
        # The same clips for all: each model has to be kept from these speakers.
        judged = [_select(store, rows[0], row) for row in rows]
        with progress.track(f"compress {model_id}", len(rows), "models") as advance:
            for row, clips in zip(rows, judged, strict=True):
                trained = load_weights(settings, row)
                made = list(make_variants(settings, store, row, trained, features=features))
                forms += _forms(settings, row, made)
                drafts += _judge_forms(
                    settings, store, model=row, trained=trained, made=made, clips=clips
                )
                advance(note=row["model_id"])
    latencies = measure_latency(forms, repeats=repeats)
    entries = _finish(drafts, latencies, judged[0])
    plot = settings.reports / f"compress-{model_id}.png"
    draw_front(_spots(entries), plot, title=f"{model_id}, {len(judged[0].clip_ids)} test clips")
    return CompressResult(
        model_id=model_id,
        clips=len(judged[0].clip_ids),
        speakers=len(set(judged[0].speakers)),
        entries=tuple(entries),
        plot=str(plot),
        seconds=time.monotonic() - started,
    )


def _select(store: Warehouse, first: Mapping[str, Any], model: Mapping[str, Any]) -> JudgedClips:
    clips = select_judged(store, model, truth=INTENDED).decided()
    wanted = select_judged(store, first, truth=INTENDED).decided()
    if clips.clip_ids != wanted.clip_ids or clips.classes != wanted.classes:
        raise PipelineError(
            f"`{model['model_id']}` was kept from other speakers or predicts other classes than "
            f"`{first['model_id']}`, so that one table cannot hold both; compare models of one fold"
        )
    return clips


def _forms(settings: Settings, model: Mapping[str, Any], made: Sequence[Made]) -> list[Form]:
    weights = str(settings.artifacts / model["artifact"])
    eager = Form(EAGER, weights, model["artifact_sha256"], model["config"]["features"])
    return [
        eager,
        *(Form(BUNDLE, str(of.folder), of.row["artifact_sha256"]) for of in made),
    ]


def _judge_forms(
    settings: Settings,
    store: Warehouse,
    *,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    made: Sequence[Made],
    clips: JudgedClips,
) -> list[tuple[Entry, Posterior]]:
    """Return every form of a model with what it says of the test clips; not yet timed."""
    from ser.inference.predictor import predict  # noqa: PLC0415 - these load torch
    from ser.metrics.bootstrap import Interval  # noqa: PLC0415
    from ser.models.build import count_parameters  # noqa: PLC0415

    weights = settings.artifacts / model["artifact"]
    nothing = Interval(estimate=np.nan, low=np.nan, high=np.nan)
    draft = Entry(
        model_id=model["model_id"],
        made_by=_origin(model),
        form="PyTorch",
        parameters=count_parameters(trained.network),
        size=weights.stat().st_size,
        latency=Latency(np.nan, np.nan, np.nan),
        uar=nothing,
        change=nothing,
        where=str(weights),
    )
    heard = read_features(store, model["feature_set"], clips.clip_ids)
    found = [(draft, predict(trained, heard).posterior)]
    for of in made:
        entry = replace(
            draft,
            form=f"{of.row['format']} {of.row['precision']}",
            size=of.row["bytes"],
            where=str(of.folder),
        )
        found.append((entry, _ask(of.folder, store, model, clips)))
    return found


def _ask(folder: Path, store: Warehouse, model: Mapping[str, Any], clips: JudgedClips) -> Posterior:
    """Return what a bundle says of clips, ``(N, C)``."""
    from ser.export.bundle import load_bundle  # noqa: PLC0415 - keeps help fast
    from ser.export.runtime import FrameBundleRecogniser, open_recogniser  # noqa: PLC0415

    recogniser = open_recogniser(load_bundle(folder))
    judge: Callable[[Any], Posterior]
    if isinstance(recogniser, FrameBundleRecogniser):
        judge = recogniser.judge_frames
        given = list(read_features(store, model["feature_set"], clips.clip_ids))
    else:
        judge, given = recogniser.judge, read_waveforms(store, clips.clip_ids)
    starts = range(0, len(given), JUDGED_AT_ONCE)
    return np.concatenate([judge(given[start : start + JUDGED_AT_ONCE]) for start in starts])


def _finish(
    drafts: Sequence[tuple[Entry, Posterior]], latencies: Sequence[Latency], clips: JudgedClips
) -> list[Entry]:
    from ser.metrics.bootstrap import (  # noqa: PLC0415 - keeps help fast
        bootstrap_uar,
        bootstrap_uar_difference,
    )

    said = [posterior.argmax(axis=1) for _, posterior in drafts]
    count = len(clips.classes)
    return [
        replace(
            entry,
            latency=latency,
            uar=bootstrap_uar(clips.labels, labels, clips.speakers, n_classes=count),
            change=bootstrap_uar_difference(
                clips.labels, labels, said[0], clips.speakers, n_classes=count
            ),
        )
        for (entry, _), latency, labels in zip(drafts, latencies, said, strict=True)
    ]


def _origin(model: Mapping[str, Any]) -> str:
    if "prune" in model["config"]:
        return "pruned"
    return "distilled" if "distil" in model["config"] else "as it is"


def _spots(entries: Sequence[Entry]) -> list[Spot]:
    return [
        Spot(
            f"{of.form} of {of.model_id} ({of.made_by})",
            of.latency.p50_ms,
            of.size,
            of.uar.estimate,
            of.uar.low,
            of.uar.high,
        )
        for of in entries
    ]
