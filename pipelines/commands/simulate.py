"""serloop simulate."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def simulate(
    corpus: Annotated[str, typer.Argument(help="Corpus with intended emotions and speakers.")],
    strategies: Annotated[
        str,
        typer.Option(
            help="Comma-separated: `worth`, `worth-votes`, or a way of choosing new clips and "
            "votes for each, such as `random-3`, `margin-1`, `badge-1`; `/votes` behind it keeps "
            "the model out of the consensus; `package.module:name` is one of your own."
        ),
    ] = "worth,random-1,random-3,random-3/votes,margin-1",
    reference: Annotated[
        str, typer.Option(help="The strategy that others are compared with.")
    ] = "random-3",
    seeds: Annotated[str, typer.Option(help="Seeds, comma-separated.")] = "0,1,2",
    speakers: Annotated[
        int, typer.Option(min=1, help="Test speakers held out at a time; each is tested once.")
    ] = 4,
    annotators: Annotated[int, typer.Option(min=1, help="Annotators in the group.")] = 24,
    skill_spread: Annotated[
        float, typer.Option(min=0, help="Standard deviation of accuracy between annotators.")
    ] = 0.08,
    votes: Annotated[
        int | None, typer.Option(min=1, help="Votes in all; default: three times the pool.")
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="Votes between two trainings; default: a tenth of the pool."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Votes a clip can have.")] = 5,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the page and tables; default: in the home.")
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Replay ways of asking over a labelled corpus with annotators who err as real ones do."""
    from pipelines.progress import SilentProgress
    from pipelines.simulate import simulate as stage
    from pipelines.simulation.records import Conditions

    with session(home, prefect=False, as_json=as_json) as run:
        parameters: dict[str, Any] = {
            "corpus": corpus,
            "strategies": options.names(strategies),
            "reference": reference,
            "seeds": options.numbers(seeds),
            "conditions": Conditions(annotators, skill_spread, speakers, votes, batch, most),
            "out": out,
        }
        if as_json:
            found = stage(run.settings, SilentProgress(), **parameters)
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            typer.echo(run.run_stage(stage, **parameters).sentence())
