"""serloop export."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def export(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop status` lists it.")],
    to: Annotated[
        str,
        typer.Option(
            help="What shall read it, comma-separated: `onnx`, `torch_export`, `torchscript`, "
            "`tflite`."
        ),
    ] = "onnx",
    features: Annotated[
        str | None,
        typer.Option(help="`inside` to hear waveforms, `outside` to read features."),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Write a model as files that run elsewhere, each proved equal and with a card."""
    from pipelines.exporting.export import export as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, model_id=model_id, formats=options.names(to), features=features)
