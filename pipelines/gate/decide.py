"""Decide about one candidate and the champion it meets; nothing is written."""

from collections.abc import Sequence

from pipelines.errors import PipelineError
from pipelines.gate.checks import check_better, check_calibration, check_groups
from pipelines.gate.evidence import Evidence, read_evidence
from pipelines.gate.naming import limits_of, name_gate
from pipelines.gate.records import COMPARABLE, Check, Decision
from pipelines.gate.robustness import check_robustness
from pipelines.judged import require_classes
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.taxonomies import check_comparable
from ser.errors import LeakageError
from warehouse import Warehouse


def decide(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    *,
    line: str,
    model_id: str,
    champion_id: str | None,
    truth: str,
) -> Decision:
    """Look at everything that the limits of the gate are about.

    Args:
        store: The warehouse.
        settings: The limits, and where weights are.
        progress: Where progress is shown.
        line: The line.
        model_id: The candidate.
        champion_id: The champion; None for none.
        truth: `intended`, or the id of a consensus run.

    Returns:
        The decision. Two models that cannot be compared are one too, with the reason: the
        candidate is refused where it learned from what the champion is tested on, or the other
        way round, or where it predicts other classes.

    Raises:
        PipelineError: If a model is unknown, or the candidate predicts ratings alone.
        NothingToDoError: If one was not evaluated, or no clip has a decided label.
    """
    candidate = require_model(store, model_id)
    require_classes(candidate)
    champion = None if champion_id is None else require_model(store, champion_id)
    limits = limits_of(settings)
    snapshot = store.snapshot
    clips, speakers = 0, 0
    reason = _explain_classes([candidate] if champion is None else [champion, candidate])
    try:
        if reason is None:
            evidence = read_evidence(store, candidate, champion, truth=truth)
            clips, speakers = len(evidence.clips.clip_ids), len(set(evidence.clips.speakers))
    except LeakageError as error:
        reason = str(error)
    checks = [_refuse(reason)] if reason else _look(store, settings, progress, evidence)
    return Decision(
        gate_id=name_gate(line, model_id, champion_id, truth=truth, limits=limits),
        line=line,
        model_id=model_id,
        champion_id=champion_id,
        truth=truth,
        clips=clips,
        speakers=speakers,
        limits=limits,
        snapshot=snapshot,
        checks=tuple(sorted(checks, key=lambda of: (of.is_passed, of.check_name))),
    )


def _look(
    store: Warehouse, settings: Settings, progress: Progress, evidence: Evidence
) -> list[Check]:
    limits = settings.gate
    return [
        check_better(evidence, limits),
        check_calibration(evidence, limits),
        *check_groups(evidence, limits),
        *check_robustness(store, settings, progress, evidence),
    ]


def _explain_classes(models: Sequence[dict[str, object]]) -> str | None:
    try:
        check_comparable(models)
    except PipelineError as error:
        return str(error)
    return None


def _refuse(reason: str) -> Check:
    nothing = (None,) * 7
    return Check(COMPARABLE, False, "none", *nothing, 0, f"cannot be compared: {reason}")
