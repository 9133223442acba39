"""serloop demo."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def demo(
    corpus: Annotated[
        str, typer.Option(help="`synthetic`, or a corpus with intended emotions.")
    ] = "synthetic",
    data: Annotated[
        Path | None, typer.Option(help="Folder of the corpus; `synthetic` makes its own.")
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, help="Rounds after the seed; default: 3, or 1 in Label Studio."),
    ] = None,
    label_studio: Annotated[
        bool,
        typer.Option(
            "--label-studio",
            help="Install and start Label Studio, let the simulated annotators answer there as "
            "users, and leave a round open for you to label.",
        ),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Run the whole loop: raw audio, model, questions, answers, better model, report."""
    from pipelines.demo import demo as composition
    from pipelines.demo import demo_home, next_steps

    # A demo must never write into a team's warehouse, whatever the environment says.
    own = {"catalog": None, "data_path": None}
    place = demo_home(home, corpus)
    with session(place, prefect=prefect, as_json=as_json, warehouse=own) as run:
        result = run.compose(
            composition, corpus=corpus, data=data, rounds=rounds, label_studio=label_studio
        )
        if not as_json:
            typer.echo(next_steps(result, run.settings))
