"""serloop acquire."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.choices import StrategyName
from pipelines.commands import options
from pipelines.commands.session import session


def acquire(
    corpus: Annotated[str, typer.Argument(help="Corpus whose clips are the pool.")],
    campaign: options.Campaign = None,
    model: Annotated[
        str | None, typer.Option(help="Model that scored the pool; none for the seed round.")
    ] = None,
    budget: options.Budget = None,
    strategy: Annotated[
        StrategyName | None,
        typer.Option(help="How the active arm asks; `reducible` leaves ambiguous clips alone."),
    ] = None,
    random_share: Annotated[
        float | None, typer.Option(help="Share of the budget for the random arm, 0 to 1.")
    ] = None,
    audit_share: Annotated[
        float | None, typer.Option(help="Share of the budget that audits labels, 0 to 1.")
    ] = None,
    votes_per_clip: Annotated[int | None, typer.Option(help="Votes wanted per clip.")] = None,
    at_least: Annotated[
        str | None,
        typer.Option(help="Clips of each group, such as `speaker=1,class=5`."),
    ] = None,
    listening_s: Annotated[
        float | None, typer.Option(help="Seconds of listening per annotator at most.")
    ] = None,
    annotators: Annotated[int | None, typer.Option(help="Annotators who listen.")] = None,
    test_speakers: options.TestSpeakers = "",
    out: Annotated[
        Path | None, typer.Option(help="Write tasks for Label Studio here, audio beside it.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Choose which clips to ask people about next, with a random control arm and audits."""
    from pipelines.acquire import acquire as stage
    from pipelines.limits import list_shortfalls

    given = {
        "strategy": strategy, "random_share": random_share, "audit_share": audit_share,
        "votes_per_clip": votes_per_clip, "at_least": at_least, "listening_s": listening_s,
        "annotators": annotators,
    }  # fmt: skip
    overrides = options.section("rounds", given)
    with session(home, prefect=prefect, as_json=as_json, **overrides) as run:
        result = run.run_stage(
            stage,
            corpus=corpus,
            campaign=campaign,
            model_id=model,
            budget=budget,
            test_speakers=options.names(test_speakers),
            out=out,
        )
        if result.shortfalls and not as_json:
            typer.echo(list_shortfalls(result.shortfalls), err=True)
