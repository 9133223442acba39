"""The command line: one verb per stage, and a few to look around."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from pipelines.commands.acquire import acquire
from pipelines.commands.aggregate import aggregate
from pipelines.commands.agreement import agreement
from pipelines.commands.anchoring import anchoring
from pipelines.commands.annotators import annotators
from pipelines.commands.backup import backup
from pipelines.commands.baseline import baseline
from pipelines.commands.calibrate import calibrate
from pipelines.commands.collect import collect
from pipelines.commands.compare import compare
from pipelines.commands.compress import compress
from pipelines.commands.corpora import corpora
from pipelines.commands.crossvalidate import crossvalidate
from pipelines.commands.demo import demo
from pipelines.commands.deploy import deploy
from pipelines.commands.distil import distil
from pipelines.commands.doctor import doctor
from pipelines.commands.down import down
from pipelines.commands.drift import drift
from pipelines.commands.estimates import estimates
from pipelines.commands.evaluate import evaluate
from pipelines.commands.export import export
from pipelines.commands.features import features
from pipelines.commands.follow import follow
from pipelines.commands.gate import gate
from pipelines.commands.gateway import gateway
from pipelines.commands.gold import gold
from pipelines.commands.ingest import ingest
from pipelines.commands.keys import keys
from pipelines.commands.label_studio import label_studio
from pipelines.commands.lineage import lineage
from pipelines.commands.maintain import maintain
from pipelines.commands.models import models
from pipelines.commands.opinions import opinions
from pipelines.commands.people import people
from pipelines.commands.plan import plan
from pipelines.commands.promote import promote
from pipelines.commands.publish import publish
from pipelines.commands.quality import quality
from pipelines.commands.quarantine import quarantine
from pipelines.commands.recognise import recognise
from pipelines.commands.report import report
from pipelines.commands.reproduce import reproduce
from pipelines.commands.restore import restore
from pipelines.commands.rollback import rollback
from pipelines.commands.round import round_
from pipelines.commands.score import score
from pipelines.commands.search import search
from pipelines.commands.serve import serve
from pipelines.commands.services import services
from pipelines.commands.simulate import simulate
from pipelines.commands.status import status
from pipelines.commands.stream import stream
from pipelines.commands.suspects import suspects
from pipelines.commands.taxonomies import taxonomies
from pipelines.commands.train import train
from pipelines.commands.transcribe import transcribe
from pipelines.commands.up import up
from pipelines.commands.votes import votes
from pipelines.commands.why import why

LOOP = "The loop"
LOOK = "Look around"

app = typer.Typer(
    name="serloop",
    help="Speech emotion recognition that asks people only about the clips worth hearing.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    # A traceback with local variables could print a password from the settings.
    pretty_exceptions_show_locals=False,
)
VERBS: dict[str, tuple[Callable[..., None], ...]] = {
    LOOP: (
        ingest,
        features,
        transcribe,
        votes,
        aggregate,
        follow,
        search,
        train,
        evaluate,
        calibrate,
        baseline,
        crossvalidate,
        distil,
        compress,
        simulate,
        score,
        acquire,
        gold,
        publish,
        collect,
        round_,
        gate,
        promote,
        rollback,
        export,
        recognise,
        serve,
        stream,
    ),
    LOOK: (
        demo,
        status,
        models,
        corpora,
        taxonomies,
        quality,
        quarantine,
        agreement,
        annotators,
        anchoring,
        opinions,
        why,
        lineage,
        suspects,
        estimates,
        plan,
        compare,
        drift,
        reproduce,
        report,
        up,
        down,
        deploy,
        doctor,
        maintain,
        backup,
        restore,
    ),
}
for panel, verbs in VERBS.items():
    for verb in verbs:
        app.command(verb.__name__.rstrip("_"), rich_help_panel=panel)(verb)
app.add_typer(label_studio, name="label-studio", rich_help_panel=LOOP)
app.add_typer(people, name="people", rich_help_panel=LOOP)
app.add_typer(gateway, name="gateway", rich_help_panel=LOOP)
app.add_typer(keys, name="keys", rich_help_panel=LOOP)
app.add_typer(services, name="services", rich_help_panel=LOOK)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"serloop {version('serloop')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Speech emotion recognition that asks people only about the clips worth hearing."""


def main() -> None:
    """Run the command line."""
    app()
