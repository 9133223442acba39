"""Where a campaign asks: its projects in the warehouse, and those of them that a server has."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from annotation.label_studio import InterfaceChoices
from annotation.label_studio.api import Api
from annotation.label_studio.patience import Patience, insist
from annotation.label_studio.projects import find_project
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.publishing.project import read_choices
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class AskedProject:
    """A project that a server has, and what its page asks.

    Args:
        key: Its name in the warehouse.
        number: Its number on the server.
        made_at: When it was made there, by the clock of the server.
        corpus: The corpus whose clips are asked about.
        taxonomy: The class list offered.
        classes: C class names.
        choices: What is asked beside the class.
    """

    key: str
    number: int
    made_at: datetime
    corpus: str
    taxonomy: str
    classes: tuple[str, ...]
    choices: InterfaceChoices


def find_asked(store: Warehouse, api: Api, campaign: str) -> list[AskedProject]:
    """Return the projects of a campaign that a server has, the oldest first.

    Older ones count: people may still answer there.

    Args:
        store: The warehouse.
        api: The server.
        campaign: The campaign.

    Raises:
        NothingToDoError: If the campaign asks in no project.
        PipelineError: If the server has lost the project that it asks in.
        LabelStudioServerError: If the server does not answer.
    """
    rows = queries.select_projects(store, campaign=campaign).to_pylist()
    if not rows:
        raise NothingToDoError(
            f"campaign `{campaign}` asks in no Label Studio project; `serloop publish "
            f"{campaign}` opens one"
        )
    found = [(row, insist(partial(find_project, api, row["project"]), Patience())) for row in rows]
    newest, server_project = found[-1]
    if server_project is None:
        _explain_lost(store, api, newest["project"], campaign)
    return [
        AskedProject(
            key=row["project"],
            number=project.id,
            made_at=datetime.fromisoformat(project.facts["created_at"]),
            corpus=row["corpus"],
            taxonomy=row["taxonomy"],
            classes=tuple(row["classes"]),
            choices=read_choices(row["choices"]),
        )
        for row, project in found
        if project is not None
    ]


def _explain_lost(store: Warehouse, api: Api, key: str, campaign: str) -> None:
    met = queries.select_deliveries(store, project=key).num_rows
    if met:
        raise PipelineError(
            f"{api.url} has project `{key}` no longer, in which {met} tasks were; the votes from "
            "there stand. Give the server its data back, or ask in another project: `serloop "
            f"publish {campaign} --new-project`"
        )
    raise NothingToDoError(
        f"project `{key}` is not on {api.url} yet; `serloop publish {campaign}` makes it"
    )
