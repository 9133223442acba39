"""serloop acquire."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.choices import UtilityName
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
        UtilityName | None,
        typer.Option(help="Utility of the active arm; `reducible` leaves ambiguous clips alone."),
    ] = None,
    random_share: Annotated[
        float | None, typer.Option(help="Share of the budget for the random arm, 0 to 1.")
    ] = None,
    votes_per_clip: Annotated[int | None, typer.Option(help="Votes wanted per clip.")] = None,
    test_speakers: options.TestSpeakers = "",
    out: Annotated[
        Path | None, typer.Option(help="Write tasks for Label Studio here, audio beside it.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Choose which clips to ask people about next, with a random control arm."""
    from pipelines.acquire import acquire as stage

    given = {
        "strategy": strategy, "random_share": random_share, "votes_per_clip": votes_per_clip,
    }  # fmt: skip
    overrides = options.section("rounds", given)
    with session(home, prefect=prefect, as_json=as_json, **overrides) as run:
        run.run_stage(
            stage,
            corpus=corpus,
            campaign=campaign,
            model_id=model,
            budget=budget,
            test_speakers=options.names(test_speakers),
            out=out,
        )
