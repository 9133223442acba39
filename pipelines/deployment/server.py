"""Which Prefect server is meant."""

import os

from pipelines.settings import Settings
from pipelines.stack.places import prefect_api_url
from pipelines.stack.status import read_stack


def find_server(settings: Settings) -> str | None:
    """Return the API of the server that `serloop up` runs, unless PREFECT_API_URL names another.

    Args:
        settings: The home of the services.

    Returns:
        Its address; None where Prefect's own settings decide.
    """
    if os.environ.get("PREFECT_API_URL"):
        return None
    prefect = next((item for item in read_stack(settings) if item.name == "prefect"), None)
    return prefect_api_url(settings) if prefect and prefect.state == "healthy" else None
