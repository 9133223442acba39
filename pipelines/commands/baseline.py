"""serloop baseline."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def baseline(
    speaker: Annotated[str, typer.Argument(help="What the speaker is called from now on.")],
    neutral: Annotated[
        list[str] | None,
        typer.Option(help="A file or clip id in which nothing moves them; repeat it for more."),
    ] = None,
    labelled: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS=CLIP",
            help="A class and a file or clip id of them showing it; repeat it for more.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model to tell; default: the champion.")
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Tell a model of one speaker's voice by a few clips; it stays off where it does not help."""
    from pipelines.baselines.make import baseline as stage

    given = [_split(text) for text in labelled or ()]
    with session(home, as_json=as_json) as run:
        found = stage(
            run.settings,
            run.progress(),
            speaker=speaker,
            neutral=neutral or (),
            labelled=given,
            model_id=model,
        )
        if as_json:
            typer.echo(json.dumps({**vars(found), "sentence": found.sentence()}, indent=2))
            return
        run.show(found)
        typer.echo(found.sentence())


def _split(text: str) -> tuple[str, str]:
    label, is_pair, clip = text.partition("=")
    if not (is_pair and label and clip):
        msg = f"`{text}` must be a class and a clip, such as anger=clip.wav"
        raise typer.BadParameter(msg)
    return label, clip
