"""The Prefect flows: one per stage and one per composition, made from the plain functions.

A flow takes the parameters of the function it wraps plus `home` and `options`, the settings given
for this run alone; it reads all others where it runs, so that no secret is ever a flow parameter.
"""

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from prefect import Flow, State, flow
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Failed

from pipelines.abstaining.calibrate import calibrate
from pipelines.acquire import acquire
from pipelines.aggregate import aggregate
from pipelines.agreement import agreement
from pipelines.aided import aided
from pipelines.annotators import annotators
from pipelines.answer import answer
from pipelines.backup.make import backup
from pipelines.collect import collect
from pipelines.collecting.pull import pull
from pipelines.compare import compare
from pipelines.compressing.distil import distil
from pipelines.cross_validate import cross_validate
from pipelines.demo import demo
from pipelines.deployment.approval import approve
from pipelines.deployment.collect_all import collect_all
from pipelines.deployment.due_rounds import DueRoundsResult, run_due_rounds
from pipelines.deployment.plan import flow_name
from pipelines.deployment.turn import take_turn
from pipelines.drift.drift import drift
from pipelines.evaluate import evaluate
from pipelines.extract import extract
from pipelines.gate.gate import gate
from pipelines.import_votes import import_votes
from pipelines.ingest import ingest
from pipelines.loop import run_round
from pipelines.maintain import maintain
from pipelines.model_report import model_report
from pipelines.observe.logs import configure
from pipelines.opinion_report import opinion_report
from pipelines.prefect_runner import PrefectRunner
from pipelines.publishing.anchoring import anchoring
from pipelines.publishing.gold import gold
from pipelines.publishing.publish import publish
from pipelines.quality import quality
from pipelines.redaction import without_secrets
from pipelines.registry.change import promote, refuse, rollback
from pipelines.reproduce import reproduce
from pipelines.round_report import report
from pipelines.score import score
from pipelines.search import search
from pipelines.settings import load_settings, refuse_secret_options
from pipelines.synthesise import synthesise
from pipelines.train import train
from pipelines.transcribe import transcribe

STAGES = (
    acquire,
    aggregate,
    agreement,
    aided,
    anchoring,
    annotators,
    answer,
    backup,
    collect,
    compare,
    cross_validate,
    distil,
    drift,
    evaluate,
    calibrate,
    extract,
    gate,
    gold,
    import_votes,
    ingest,
    maintain,
    model_report,
    opinion_report,
    promote,
    publish,
    pull,
    quality,
    refuse,
    report,
    reproduce,
    rollback,
    score,
    search,
    synthesise,
    train,
    transcribe,
)
COMPOSITIONS = (approve, collect_all, demo, run_due_rounds, run_round)
ADDED = """\
    home: Folder of everything serloop writes; default: what the worker's settings say.
    options: Settings for this run alone, by section, such as `{"training": {"epochs": 3}}`.
"""
# Whoever looks for due rounds every few minutes does not queue for one.
PATIENCE_S = 5.0
Options = dict[str, dict[str, Any]]
# What tells two runs of one flow apart at a glance, most telling first.
NAMING_PARAMETERS = ("corpus", "campaign", "model_id", "source", "round_id")


def make_flow(function: Callable[..., Any], *, is_stage: bool) -> "Flow[..., Any]":
    """Wrap a stage or a composition as a flow.

    Args:
        function: A stage `(settings, progress, **parameters)` or a composition
            `(run, **parameters)`.
        is_stage: Which of the two it is.

    Returns:
        A flow with the function's own typed parameters, so that Prefect's UI shows and checks
        them, plus `home` and `options`, sections of settings such as `{"training": {"epochs": 3}}`.
    """

    def body(home: Path | None = None, options: Options | None = None, **parameters: Any) -> Any:  # noqa: ANN401
        try:
            refuse_secret_options(options or {})
            run = PrefectRunner(load_settings(home=home, **(options or {})))
            configure(run.settings)
            with without_secrets(run.settings), _wait(function) as is_ours:
                if not is_ours:
                    return DueRoundsResult()
                return run(function, **parameters) if is_stage else function(run, **parameters)
        except Exception as error:  # noqa: BLE001 - told as the state of the run
            return _fail(error)

    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[2 if is_stage else 1 :]
    added = [
        inspect.signature(body).parameters[name].replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name in ("home", "options")
    ]
    parameters: Sequence[inspect.Parameter] = [*own, *added]
    body.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    body.__annotations__ = {item.name: item.annotation for item in parameters}
    body.__name__ = function.__name__
    body.__doc__ = _describe(function)
    decorate = flow(
        name=flow_name(function.__name__),
        description=body.__doc__.partition("Args:")[0].strip(),
        flow_run_name=_run_name,
        persist_result=False,
    )
    return decorate(body)


def _describe(function: Callable[..., Any]) -> str:
    """Return a docstring of which Prefect takes what it shows beside each parameter."""
    told = inspect.getdoc(function) or ""
    before, arguments, after = told.partition("Args:\n")
    return before + arguments + ADDED + after if arguments else told


def _wait(function: Callable[..., Any]) -> AbstractContextManager[bool]:
    if function is run_round:
        return take_turn(patience_s=None)
    return take_turn(patience_s=PATIENCE_S) if function is run_due_rounds else nullcontext(True)


def _fail(error: Exception) -> State[Any]:
    """Return the state of a run that failed, which says where."""
    get_run_logger().exception("Encountered exception during execution:")
    said = "; ".join([str(error), *getattr(error, "__notes__", [])])
    return Failed(message=f"{type(error).__name__}: {said}", data=error)


def _run_name() -> str:
    parameters = flow_run.parameters or {}
    telling = [str(parameters[key]) for key in NAMING_PARAMETERS if parameters.get(key)]
    return "-".join([flow_run.flow_name or "run", *telling[:1]])


FLOWS: dict[str, "Flow[..., Any]"] = {
    **{stage.__name__: make_flow(stage, is_stage=True) for stage in STAGES},
    **{item.__name__: make_flow(item, is_stage=False) for item in COMPOSITIONS},
}
