"""serloop gateway."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session

gateway = typer.Typer(
    help="Be woken by Label Studio: collect answers within seconds, start rounds from its button.",
    invoke_without_command=True,
)


Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Port it listens on; default: the setting, 18090."),
]


@gateway.callback()
def serve(
    context: typer.Context,
    port: Port = None,
    home: options.Home = None,
) -> None:
    """Be woken by Label Studio: collect answers within seconds, start rounds from its button.

    It runs until Ctrl-C. Answers that no webhook told of are found once a minute; what was told
    and not yet done is done after the next start.
    """
    if context.invoked_subcommand is not None:
        if port is not None or home is not None:
            raise typer.BadParameter(f"give options after `{context.invoked_subcommand}`")
        return
    from pipelines.gateway.places import find_gateway_places, people_url
    from pipelines.gateway.serve import serve as stage
    from pipelines.observe.logs import configure

    given = options.section("gateway", {"port": port})
    with session(home, prefect=False, as_json=False, **given) as run:
        configure(run.settings)
        keys = find_gateway_places(run.settings).keys
        url = people_url(run.settings)
        stage(
            run.settings, ready=lambda: typer.echo(f"gateway: {url}, secrets in {keys}", err=True)
        )


@gateway.command()
def connect(
    campaign: Annotated[str, typer.Argument(help="Campaign whose project is to wake it.")],
    ml_backend: Annotated[
        bool,
        typer.Option(
            "--ml-backend",
            help="Be the project's model, too: 'Start training' starts a round. It must run.",
        ),
    ] = False,
    port: Port = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Have Label Studio tell the gateway when the project of a campaign has new answers."""
    from pipelines.gateway.connecting import connect_campaign

    given = options.section("gateway", {"port": port})
    with session(home, prefect=False, as_json=as_json, **given) as run:
        done = connect_campaign(
            run.settings, run.progress(), campaign=campaign, with_backend=ml_backend
        )
        run.show(done)
