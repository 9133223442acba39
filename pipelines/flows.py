"""The Prefect flows: one per stage and one per composition, made from the plain functions.

A flow takes the parameters of the function it wraps plus `home` and `options`, the settings given
for this run alone; it reads all others where it runs, so that no secret is ever a flow parameter.
"""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prefect import Flow, flow
from prefect.runtime import flow_run

from pipelines.acquire import acquire
from pipelines.aggregate import aggregate
from pipelines.agreement import agreement
from pipelines.aided import aided
from pipelines.annotators import annotators
from pipelines.answer import answer
from pipelines.collect import collect
from pipelines.collecting.pull import pull
from pipelines.compare import compare
from pipelines.cross_validate import cross_validate
from pipelines.demo import demo
from pipelines.evaluate import evaluate
from pipelines.extract import extract
from pipelines.import_votes import import_votes
from pipelines.ingest import ingest
from pipelines.loop import run_round
from pipelines.maintain import maintain
from pipelines.model_report import model_report
from pipelines.opinion_report import opinion_report
from pipelines.prefect_runner import PrefectRunner
from pipelines.publishing.anchoring import anchoring
from pipelines.publishing.gold import gold
from pipelines.publishing.publish import publish
from pipelines.quality import quality
from pipelines.reproduce import reproduce
from pipelines.round_report import report
from pipelines.score import score
from pipelines.search import search
from pipelines.settings import load_settings
from pipelines.synthesise import synthesise
from pipelines.train import train

STAGES = (
    acquire,
    aggregate,
    agreement,
    aided,
    anchoring,
    annotators,
    answer,
    collect,
    compare,
    cross_validate,
    evaluate,
    extract,
    gold,
    import_votes,
    ingest,
    maintain,
    model_report,
    opinion_report,
    publish,
    pull,
    quality,
    report,
    reproduce,
    score,
    search,
    synthesise,
    train,
)
COMPOSITIONS = (demo, run_round)
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
        run = PrefectRunner(load_settings(home=home, **(options or {})))
        return run(function, **parameters) if is_stage else function(run, **parameters)

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
    body.__doc__ = function.__doc__
    decorate = flow(
        name=function.__name__.removeprefix("run_").replace("_", "-"),
        flow_run_name=_run_name,
        persist_result=False,
    )
    return decorate(body)


def _run_name() -> str:
    parameters = flow_run.parameters or {}
    telling = [str(parameters[key]) for key in NAMING_PARAMETERS if parameters.get(key)]
    return "-".join([flow_run.flow_name or "run", *telling[:1]])


FLOWS: dict[str, "Flow[..., Any]"] = {
    **{stage.__name__: make_flow(stage, is_stage=True) for stage in STAGES},
    **{item.__name__: make_flow(item, is_stage=False) for item in COMPOSITIONS},
}
