"""A campaign asks in one project, which asks what it was opened for."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from annotation.label_studio import InterfaceChoices
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.publishing.project import choose_project
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.small_campaign import CLASSES, ask
from warehouse import Warehouse
from warehouse.testing import make_rows


@pytest.fixture
def store(settings: Settings) -> Iterator[Warehouse]:
    """Return a campaign that asks nowhere yet."""
    with open_store(settings) as opened:
        ask(opened)
        yield opened


def open_project(store: Warehouse, name: str, day: int, **changed: object) -> None:
    """Write that a project was opened."""
    row = {
        "project": name,
        "campaign": "demo",
        "corpus": "demo",
        "taxonomy": "demo-3",
        "classes": list(CLASSES),
        "choices": json.dumps(asdict(InterfaceChoices())),
        "opened_at": datetime(2026, 11, day, tzinfo=UTC),
    }
    rows = make_rows("projects", **{key: [value] for key, value in (row | changed).items()})
    store.commit({"projects": rows}, message="opened")


def test_the_first_project_is_new(store: Warehouse, settings: Settings) -> None:
    """Its name is the campaign's with eight digits, and another time another one."""
    first = choose_project(store, settings, "demo", wants_new=False)
    again = choose_project(store, settings, "demo", wants_new=False)
    assert (first.is_new, first.older, len(first.key)) == (True, (), len("demo-00c0ffee"))
    assert first.key != again.key
    assert first.page(settings).classes == CLASSES


def test_the_newest_project_is_the_one(store: Warehouse, settings: Settings) -> None:
    """Those before are named, so that they can be closed."""
    open_project(store, "demo-b", 20)
    open_project(store, "demo-a", 21)
    found = choose_project(store, settings, "demo", wants_new=False)
    assert (found.key, found.is_new, found.older) == ("demo-a", False, ("demo-b",))
    other = choose_project(store, settings, "demo", wants_new=True)
    assert (other.is_new, other.older) == (True, ("demo-b", "demo-a"))


@pytest.mark.parametrize(
    ("before", "named"),
    [
        ({"classes": ["anger", "joy"]}, r"`classes` was \['anger', 'joy'\] and is"),
        ({"taxonomy": "demo-2"}, "`taxonomy` was 'demo-2' and is 'demo-3'"),
        (
            {"choices": json.dumps(asdict(InterfaceChoices(second_choice=True)))},
            "`labelling.second_choice` was True and is False",
        ),
    ],
    ids=["classes", "taxonomy", "page"],
)
def test_another_page_is_refused_by_name(
    store: Warehouse, settings: Settings, before: dict[str, object], named: str
) -> None:
    """What was changed is said, and both ways out of it."""
    open_project(store, "demo-a", 20, **before)
    with pytest.raises(PipelineError, match=named) as found:
        choose_project(store, settings, "demo", wants_new=False)
    assert "set it back, or open another project with --new-project" in str(found.value)


def test_better_words_are_no_other_page(store: Warehouse, settings: Settings) -> None:
    """What classes mean may be said better while a campaign runs."""
    open_project(store, "demo-a", 20)
    words = settings.labelling.model_copy(update={"definitions": {"anger": "hot or cold"}})
    told = settings.model_copy(update={"labelling": words})
    page = choose_project(store, told, "demo", wants_new=False).page(told)
    assert "hot or cold" in str(page.settings()["expert_instruction"])


def test_a_campaign_needs_a_round(store: Warehouse, settings: Settings) -> None:
    """An unknown campaign is named, with what begins one."""
    with pytest.raises(NothingToDoError, match="campaign `nobody` has no round"):
        choose_project(store, settings, "nobody", wants_new=False)
