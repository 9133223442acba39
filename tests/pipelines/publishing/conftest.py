"""A campaign's warehouse on a real Label Studio, and people who answer there."""

from collections.abc import Iterator

import pytest

from annotation.label_studio.api import Api
from pipelines.settings import Settings
from tests.pipelines.publishing.online import adopt, hire


@pytest.fixture
def online(label_studio: Settings, ingested: Settings) -> Settings:
    """Return a warehouse with the synthetic corpus that asks on the running server."""
    return adopt(ingested, label_studio)


@pytest.fixture(scope="module")
def people(label_studio: Settings) -> Iterator[list[Api]]:
    """Return the server in the names of four users."""
    users = [hire(label_studio) for _ in range(4)]
    yield users
    for user in users:
        user.close()
