"""Who is champion is what the last change says; states of others follow from what happened."""

from datetime import UTC, datetime

from pipelines.progress import SilentProgress
from pipelines.registry.change import promote, refuse
from pipelines.registry.lines import line_of
from pipelines.registry.states import (
    Kind,
    Line,
    Transition,
    champion_of,
    read_line,
    read_lines,
    read_states,
)
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.registry.lines_of_models import put_models
from warehouse import queries

SILENT = SilentProgress()


def line(*given: tuple[Kind, str, str | None]) -> Line:
    """Return a line in which this happened: kind, model, champion from then on."""
    now = datetime.now(UTC)
    return Line(
        "calls",
        tuple(
            Transition("calls", number, kind, model, champion, None, "ann", "", now)
            for number, (kind, model, champion) in enumerate(given)
        ),
    )


def test_nothing_happened_yet() -> None:
    """A line without a change has no champion and nobody to go back to."""
    assert (line().champion, line().reign, line().states()) == (None, (), {})


def test_champions_follow_one_another() -> None:
    """The former champion is retired, and a refusal changes no champion."""
    of = line(("promoted", "a", "a"), ("promoted", "b", "b"), ("refused", "c", "b"))
    assert of.champion == "b"
    assert of.states() == {"a": "retired", "b": "champion", "c": "refused"}


def test_a_roll_back_takes_the_last_champion_away() -> None:
    """Who comes after a roll-back stands on who was champion then."""
    of = line(
        ("promoted", "a", "a"),
        ("promoted", "b", "b"),
        ("rolled_back", "b", "a"),
        ("promoted", "c", "c"),
    )
    assert of.reign == ("a", "c")
    assert of.states() == {"a": "retired", "b": "retired", "c": "champion"}


def test_a_model_may_be_champion_twice() -> None:
    """A roll-back then goes to who was champion in between."""
    of = line(("promoted", "a", "a"), ("promoted", "b", "b"), ("promoted", "a", "a"))
    assert of.reign == ("a", "b", "a")
    assert of.states() == {"a": "champion", "b": "retired"}


def test_who_waits_for_a_champion_of_the_past_waits_no_more() -> None:
    """It has met somebody else, so it is a candidate again."""
    waiting = line(("promoted", "a", "a"), ("waiting", "b", "a"), ("waiting", "c", "a"))
    assert waiting.waiting == ("b", "c")
    after = line(("promoted", "a", "a"), ("waiting", "b", "a"), ("promoted", "c", "c"))
    assert after.waiting == ()
    assert after.states() == {"a": "retired", "b": "candidate", "c": "champion"}


def test_states_of_all_models_are_read(settings: Settings) -> None:
    """Campaigns and corpora are lines; a model that nothing happened to is a candidate."""
    put_models(settings, ["a", "b", "c"])
    put_models(settings, ["d", "e"], round_id="spring-001")
    promote(settings, SILENT, model_id="a", force=True, reason="first")
    promote(settings, SILENT, model_id="d", force=True, reason="first")
    refuse(settings, SILENT, model_id="e", reason="hums")
    with open_store(settings) as store:
        states = {
            "a": "champion",
            "b": "candidate",
            "c": "candidate",
            "d": "champion",
            "e": "refused",
        }
        assert read_states(store) == states
        assert (champion_of(store, "calls"), champion_of(store, "spring")) == ("a", "d")
        assert [of.name for of in read_lines(store)] == ["calls", "spring"]
        assert read_line(store, "nobody's").champion is None
        models = {row["model_id"]: row for row in queries.select_models(store).to_pylist()}
        assert [line_of(store, models[name]) for name in ("a", "d")] == ["calls", "spring"]


def test_the_past_is_read_at_its_snapshot(settings: Settings) -> None:
    """Who was champion when something was decided can be read again."""
    put_models(settings, ["a", "b"])
    promote(settings, SILENT, model_id="a", force=True, reason="first")
    with open_store(settings) as store:
        then = store.snapshot
    promote(settings, SILENT, model_id="b", force=True, reason="better")
    with open_store(settings, snapshot=then) as past:
        assert champion_of(past, "calls") == "a"
