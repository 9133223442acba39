"""Have a project of Label Studio wake the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.label_studio.api import Api
from annotation.label_studio.backend import Backend, ensure_backend
from annotation.label_studio.projects import find_project
from annotation.label_studio.webhooks import Change, Webhook, ensure_webhook, read_mark
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.gateway.keys import SECRET_HEADER, USER, ensure_keys
from pipelines.gateway.places import backend_url, find_gateway_places, webhook_url
from pipelines.label_studio.connect import connect
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries

# Not `serloop`, which is the version of predictions that publish sends.
TITLE = "serloop gateway"


@dataclass(frozen=True)
class ConnectResult:
    """What connecting a project did.

    Args:
        project: Key of the project.
        url: Where its webhooks are sent.
        webhook: What had to be done about the webhook.
        backend: What had to be done about the model backend; None if it was not asked for.
    """

    project: str
    url: str
    webhook: Change
    backend: Change | None

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        backend = self.backend or "not asked for"
        return [
            {
                "project": self.project,
                "webhook": self.webhook,
                "ml_backend": backend,
                "url": self.url,
            }
        ]


def connect_campaign(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - a handful of requests: nothing to show in between
    *,
    campaign: str,
    with_backend: bool = False,
) -> ConnectResult:
    """Have the newest project of a campaign wake the gateway; doing it again changes nothing.

    Args:
        settings: Label Studio, and where the gateway is reached.
        progress: Where progress is shown.
        campaign: The campaign.
        with_backend: Whether 'Start training' is to start a round; the gateway must run.

    Raises:
        NothingToDoError: The campaign has no project yet.
        PipelineError: Label Studio lacks the project, or does not run.
        LabelStudioServerError: It does not answer, or refuses.
    """
    with open_store(settings) as store:
        rows = queries.select_projects(store, campaign=campaign).to_pylist()
    if not rows:
        raise NothingToDoError(
            f"campaign `{campaign}` has no project in Label Studio; `serloop publish` makes one"
        )
    with connect(settings) as api:
        project = find_project(api, rows[-1]["project"])
        if project is None:
            raise PipelineError(
                f"{api.url} has no project `{rows[-1]['project']}` of campaign `{campaign}`; "
                "`serloop publish` makes it"
            )
        return connect_project(api, project.id, settings, with_backend=with_backend)


def connect_project(
    api: Api, project_id: int, settings: Settings, *, with_backend: bool = False
) -> ConnectResult:
    """Have a project wake the gateway; doing it again changes nothing.

    Args:
        api: The server.
        project_id: The project's number there; its description has our mark.
        settings: Where the gateway is reached, and the home with its secrets.
        with_backend: Whether to connect it as the project's model; the gateway must run.

    Raises:
        PipelineError: The project is none of ours, or the secrets cannot be read.
        LabelStudioServerError: The server does not answer, or refuses the address.
    """
    key = read_mark(api.get(f"/api/projects/{project_id}/").get("description"))
    if key is None:
        raise PipelineError(
            f"project {project_id} of {api.url} is not one that serloop made; nothing was changed"
        )
    keys = ensure_keys(find_gateway_places(settings).keys)
    url = webhook_url(settings, key)
    webhook = ensure_webhook(api, project_id, Webhook(url, {SECRET_HEADER: keys.webhook}))
    backend = None
    if with_backend:
        wanted = Backend(backend_url(settings, key), TITLE, user=USER, password=keys.password)
        backend = ensure_backend(api, project_id, wanted)
    return ConnectResult(key, url, webhook, backend)
