"""Where a campaign asks, and what is said when that is nowhere."""

from datetime import UTC, datetime

import pytest

from pipelines.collecting.pull import pull
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.collecting.asked_campaign import CLIPS, read, standing, write_campaign
from tests.pipelines.collecting.conftest import KEY
from tests.pipelines.collecting.stand_in import StandIn

A, B, _ = CLIPS


def test_older_projects_are_read_as_well(asking: Settings, server: StandIn) -> None:
    """People may still answer where the campaign asked before; in one commit with the newest."""
    write_campaign(asking, "listen-11111111", opened_at=datetime(2026, 11, 23, tzinfo=UTC))
    number = server.open_project("listen-11111111")
    server.answer(server.ask({"clip_id": A}), "joy")
    server.answer(server.ask({"clip_id": A}, number), "calm")
    with open_store(asking) as store:
        before = store.snapshot
    result = read(asking)
    assert result.project == f"{KEY}, listen-11111111"
    assert (result.added, result.snapshot) == (2, before + 1)
    del server.projects[1]
    server.answer(server.ask({"clip_id": B}, number), "calm")
    assert read(asking).added == 1


def test_a_campaign_without_a_project_has_nothing_to_collect(asking: Settings) -> None:
    """The message says what opens one."""
    with pytest.raises(NothingToDoError, match="`serloop publish other` opens one"):
        pull(asking, SilentProgress(), campaign="other")


def test_a_project_that_the_server_lost_is_said(asking: Settings, server: StandIn) -> None:
    """Before anything was published there is nothing to read yet; afterwards it is an error."""
    del server.projects[1]
    with pytest.raises(NothingToDoError, match=f"`{KEY}` is not on http.* yet"):
        read(asking)
    server.projects[1] = KEY
    server.answer(server.ask({"clip_id": A}), "joy")
    read(asking)
    del server.projects[1]
    with pytest.raises(PipelineError, match=r"no longer, in which 1 tasks were.*--new-project"):
        read(asking)
    assert standing(asking) == [(A, "joy")]


def test_what_the_page_asked_is_what_is_read(asking: Settings, server: StandIn) -> None:
    """The choices of the project count, not those of today's settings."""
    labelling = asking.labelling.model_copy(update={"ratings": "arousal"})
    settings = asking.model_copy(update={"labelling": labelling})
    server.answer(server.ask({"clip_id": A}), "joy")
    assert read(settings).votes == 1
