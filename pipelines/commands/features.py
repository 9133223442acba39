"""serloop features."""

from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def features(
    kind: Annotated[
        Literal["log_mel", "mfcc", "prosody", "egemaps", "encoder_statistics", "encoder_states"]
        | None,
        typer.Argument(
            help="What to compute; default: what is trained on. `egemaps` is non-commercial; "
            "those of an encoder need the setting features.encoder."
        ),
    ] = None,
    corpus: Annotated[str | None, typer.Option(help="Only this corpus; default: all.")] = None,
    hop: Annotated[int | None, typer.Option(min=1, help="Samples between frames.")] = None,
    bands: Annotated[int | None, typer.Option(min=1, help="Mel bands of `log_mel`.")] = None,
    coefficients: Annotated[
        int | None, typer.Option(min=1, help="Cepstral coefficients of `mfcc`.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Compute features of every clip that lacks them, from the waveforms in the warehouse."""
    from pipelines.extract import extract as stage

    given = {"hop": hop, "bands": bands, "coefficients": coefficients}
    parameters: dict[str, int | float] = {
        name: value for name, value in given.items() if value is not None
    }
    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, kind=kind, corpus=corpus, parameters=parameters)
