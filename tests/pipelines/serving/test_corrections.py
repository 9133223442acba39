"""Corrections become votes: with consent, once each, and whatever is killed meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pipelines.aggregate import aggregate
from pipelines.progress import SilentProgress
from pipelines.serving.corrections import Desk, RefusedError
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from tests.pipelines.serving.page.segments import CLASSES, ask, hex_id, keeping
from warehouse import queries

MODEL = "model-0"


@pytest.fixture
def settings(ingested_once: Settings, tmp_path: Path) -> Settings:
    """Return a server's settings that keep sounds with consent."""
    return keeping(ingested_once, tmp_path / "home")


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run one coroutine."""
    return asyncio.run(work())


def take(settings: Settings, *requests: Any, is_stored: bool = True) -> Desk:
    """Note corrections at a new desk and, if wanted, store them."""
    desk = Desk(settings)

    async def work() -> None:
        for request in requests:
            done = desk.take if request.label else desk.undo
            await done(request, CLASSES, MODEL)
        if is_stored:
            assert await desk.store(), desk.trouble

    run(work)
    return desk


def read_votes(settings: Settings) -> list[dict[str, Any]]:
    """Return the ledger's rows of the live page, in the order in which they were cast."""
    with open_store(settings) as store:
        rows = queries.select_ledger(store).to_pylist()
    return sorted((row for row in rows if row["source"] == "live"), key=lambda row: row["cast_at"])


def test_a_correction_becomes_a_vote_on_a_clip_with_its_sound(settings: Settings) -> None:
    """Clip, waveform, features, vote and the words agreed to are there, and the checks hold."""
    take(settings, ask("1", "fear", lead_time_s=2.5))
    (vote,) = read_votes(settings)
    clip_id = f"live/{hex_id('a')}"
    assert (vote["clip_id"], vote["label"], vote["annotator"]) == (clip_id, "fear", "live/Ann")
    assert (vote["modality"], vote["count"], vote["lead_time_s"]) == ("audio", 1, 2.5)
    with open_store(settings) as store:
        (clip,) = queries.select_clips(store, corpus="live").to_pylist()
        features = queries.select_clip_features(store, clip_id)
        (remark,) = queries.select_remarks(store, source="live").to_pylist()
        assert store.check() == []
    assert (clip["speaker"], clip["session"]) == ("live/Ann", hex_id("visit"))
    assert clip["source_rate"] == 48_000
    assert features.num_rows == 1
    assert remark["comment"].startswith("agreed: Keep the sound of the segments that I correct")


def test_votes_can_be_aggregated_like_all_others(settings: Settings) -> None:
    """The corpus has the class list under which others vote."""
    take(settings, ask("1", "fear"), ask("2", "anger", segment="b"))
    result = aggregate(settings, SilentProgress(), corpus="live")
    (aggregated,) = result.runs
    assert (aggregated.clips, aggregated.votes) == (2, 2)


def test_a_second_thought_supersedes_and_undo_withdraws(settings: Settings) -> None:
    """Of three clicks one chain is left, of which nothing stands."""
    take(settings, ask("1", "fear"))
    take(settings, ask("2", "anger"), ask("3", None))
    first, second, gone = read_votes(settings)
    assert [first["supersedes"], second["supersedes"]] == [None, first["vote_id"]]
    assert (gone["supersedes"], gone["is_retraction"]) == (second["vote_id"], True)
    with open_store(settings) as store:
        standing = queries.select_effective_votes(store, corpus="live")
        assert store.check() == []
    assert standing.num_rows == 0
    take(settings, ask("4", "neutral"))
    assert [row["supersedes"] for row in read_votes(settings)][-1] == gone["vote_id"]


def test_what_is_undone_at_once_leaves_nothing(settings: Settings) -> None:
    """Neither a vote nor a clip nor its sound."""
    take(settings, ask("1", "fear"), ask("2", None))
    assert read_votes(settings) == []
    assert not list((settings.home / "live" / "sounds").iterdir())
    with open_store(settings) as store:
        assert queries.select_clips(store, corpus="live").num_rows == 0


def test_a_click_sent_twice_counts_once(settings: Settings) -> None:
    """Before it is stored and after."""
    desk = take(settings, ask("1"), ask("1"))
    take(settings, ask("1"))
    assert len(read_votes(settings)) == 1
    assert run(lambda: desk.take(ask("1"), CLASSES, MODEL)).is_again


def test_what_was_noted_survives_a_kill(settings: Settings) -> None:
    """A new desk stores what an older one left, and what it had stored without noting that."""
    take(settings, ask("1", "fear"), is_stored=False)
    waiting = settings.home / "live" / "waiting"
    kept = [(path, path.read_bytes()) for path in waiting.iterdir()]
    take(settings)
    for path, content in kept:
        path.write_bytes(content)
    take(settings, ask("2", "anger"))
    first, second = read_votes(settings)
    assert (first["label"], second["supersedes"]) == ("fear", first["vote_id"])
    assert not list(waiting.iterdir())


def test_one_sound_that_is_gone_holds_nobody_else_up(settings: Settings) -> None:
    """The others are stored; that one waits, and the desk says why."""
    take(settings, ask("1"), ask("2", segment="b"), is_stored=False)
    (settings.home / "live" / "sounds" / f"{hex_id('a')}.wav").unlink()
    desk = Desk(settings)
    assert not run(desk.store)
    assert desk.waiting == 1
    assert "is gone" in str(desk.trouble)
    assert [row["clip_id"] for row in read_votes(settings)] == [f"live/{hex_id('b')}"]


def test_another_class_list_gets_a_corpus_of_its_own(settings: Settings) -> None:
    """So that no vote stands in a taxonomy that lacks its label."""
    desk = take(settings, ask("1"))

    async def work() -> None:
        await desk.take(ask("2", "calm", segment="b"), ("calm", "tense"), "model-1")
        assert await desk.store(), desk.trouble

    run(work)
    assert [row["clip_id"].split("/")[0] for row in read_votes(settings)] == ["live", "live-live-2"]


def _refusals() -> list[Any]:
    return [
        pytest.param({"consent": None}, "no_consent", "nobody agreed", id="no consent"),
        pytest.param({"consent": "0" * 12}, "other_consent", "has changed", id="other words"),
        pytest.param({"label": "rage"}, "other_classes", "must be one of anger", id="class"),
        pytest.param({"sound": "?"}, "not_audio", "no base64", id="no base64"),
        pytest.param({"sound": "AAAA"}, "not_audio", "decod|recognis", id="no audio"),
        pytest.param({"sound": None}, "no_sound", "send it", id="no sound"),
    ]


@pytest.mark.parametrize(("said", "reason", "words"), _refusals())
def test_what_cannot_be_stored_is_refused(
    settings: Settings, said: dict[str, Any], reason: str, words: str
) -> None:
    """At once and with the reason, and nothing is kept of it."""
    with pytest.raises(RefusedError, match=words) as caught:
        take(settings, ask("1", **said))
    assert caught.value.reason == reason
    assert not (settings.home / "live").exists()


def test_without_the_setting_nothing_is_kept(ingested_once: Settings, tmp_path: Path) -> None:
    """Consent alone is not enough."""
    settings = borrow(ingested_once, tmp_path / "home")
    with pytest.raises(RefusedError, match="keeps no sound") as caught:
        take(settings, ask("1"))
    assert caught.value.reason == "never_kept"
    assert not (settings.home / "live").exists()


def test_voices_are_for_the_owner_alone(settings: Settings) -> None:
    """Nobody else of this machine may look into the folder."""
    take(settings, ask("1"))
    assert (settings.home / "live").stat().st_mode & 0o077 == 0


def test_the_writer_stores_in_the_background_and_keeps_nobody_waiting(settings: Settings) -> None:
    """Twenty corrections make one batch or a few, while the loop goes on turning."""
    desk = Desk(settings)

    async def work() -> int:
        writer = asyncio.create_task(desk.run())
        for number in range(20):
            await desk.take(ask(str(number), segment=chr(97 + number)), CLASSES, MODEL)
        turns = 0
        while desk.waiting:
            await asyncio.sleep(0.005)
            turns += 1
        writer.cancel()
        return turns

    turns = run(work)
    with open_store(settings) as store:
        batches = queries.select_snapshots(store).num_rows
    assert batches < 20
    # A writer that held the loop would let it turn once between two batches.
    assert turns > 2 * batches
    assert len(read_votes(settings)) == 20
