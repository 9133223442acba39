"""Which project a campaign asks in, and whether it still asks what it was opened for."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from annotation.label_studio import InterfaceChoices
from annotation.label_studio.items import name_items
from annotation.label_studio.publishing import ProjectPage
from pipelines.campaign import read_rounds
from pipelines.clipset import corpus_classes
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.labelling import interface_choices
from pipelines.settings import Settings
from warehouse import Warehouse, queries

KEY_BYTES = 4


@dataclass(frozen=True)
class CampaignProject:
    """A campaign's project as the warehouse knows it.

    Args:
        row: Its row of `projects`.
        is_new: Whether that is not stored yet.
        older: Names of the projects that the campaign asked in before.
    """

    row: Mapping[str, Any]
    is_new: bool
    older: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return its name."""
        return str(self.row["project"])

    def page(self, settings: Settings) -> ProjectPage:
        """Return what annotators are to find.

        Args:
            settings: What the classes mean; such words may improve while a campaign runs.
        """
        return ProjectPage(
            key=self.key,
            title=f"Emotion in {self.row['campaign']}",
            classes=tuple(self.row["classes"]),
            choices=read_choices(self.row["choices"]),
            definitions=settings.labelling.definitions,
        )


def choose_project(
    store: Warehouse, settings: Settings, campaign: str, *, wants_new: bool
) -> CampaignProject:
    """Return the project that a campaign asks in; the newest one, or one that is to be opened.

    Args:
        store: The warehouse.
        settings: What the page asks.
        campaign: The campaign.
        wants_new: Whether to open another one.

    Raises:
        NothingToDoError: If there is no such campaign.
        PipelineError: If the page would ask something else than the project was opened for.
    """
    rounds = read_rounds(store, campaign)
    if not rounds:
        raise NothingToDoError(
            f"campaign `{campaign}` has no round; `serloop round CORPUS --campaign {campaign}` asks"
        )
    corpus = rounds[0]["corpus"]
    taxonomy, classes = corpus_classes(store, corpus)
    wanted = {
        "corpus": corpus,
        "taxonomy": taxonomy,
        "classes": list(classes),
        "choices": json.dumps(asdict(interface_choices(settings))),
    }
    opened = queries.select_projects(store, campaign=campaign).to_pylist()
    names = tuple(row["project"] for row in opened)
    if not opened or wants_new:
        key = f"{campaign}-{secrets.token_hex(KEY_BYTES)}"
        row = {"project": key, "campaign": campaign, "opened_at": datetime.now(UTC), **wanted}
        return CampaignProject(row, is_new=True, older=names)
    _refuse_changes(opened[-1], wanted)
    return CampaignProject(opened[-1], is_new=False, older=names[:-1])


def read_choices(text: str) -> InterfaceChoices:
    """Return what a page asks, as a row of `projects` has it.

    Example:
        >>> read_choices(json.dumps(asdict(InterfaceChoices(ratings=("arousal",))))).ratings
        ('arousal',)
    """
    said = json.loads(text)
    return InterfaceChoices(**{**said, "ratings": tuple(said["ratings"])})


def _refuse_changes(opened: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    before, now = json.loads(opened["choices"]), json.loads(wanted["choices"])
    changes = [
        f"`{name}` was {opened[name]!r} and is {wanted[name]!r}"
        for name in ("taxonomy", "classes")
        if opened[name] != wanted[name]
    ]
    changes += [
        f"`labelling.{name}` was {before.get(name)!r} and is {value!r}"
        for name, value in now.items()
        if before.get(name) != value
    ]
    if changes:
        raise PipelineError(
            f"project `{opened['project']}` was opened to ask something else: {'; '.join(changes)}"
            "; set it back, or open another project with --new-project"
        )


def read_items(store: Warehouse, project: str) -> dict[str, str]:
    """Return the clip of each item of a project; empty for one that is not ours.

    Args:
        store: The warehouse.
        project: The project's key.
    """
    clips = queries.select_tasks(store, project=project)["clip_id"]
    return name_items(project, clips.to_pylist())
