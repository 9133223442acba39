"""A round asks about the pool only, in two arms that compare like with like."""

import json
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import soundfile

from annotation.label_studio.parse import SOURCE as LABEL_STUDIO
from annotation.sampling import entropy
from annotation.sampling.batches import BATCHES
from pipelines.acquire import AcquireResult, acquire
from pipelines.campaign import clips_of, read_asks
from pipelines.choices import BatchName, StrategyName, UtilityName
from pipelines.convert import read_posterior
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.people_sections import LabellingSettings
from pipelines.progress import SilentProgress
from pipelines.score import score
from pipelines.sections import RoundSettings
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

TEST_SPEAKERS = ("SYNF02", "SYNM03")


def seed(settings: Settings, **parameters) -> AcquireResult:
    """Ask the next round of the campaign, 10 clips."""
    return acquire(settings, SilentProgress(), corpus="synthetic", **parameters)


def by(settings: Settings, **rounds) -> Settings:
    """Return settings of rounds that ask by entropy unless they say otherwise."""
    given = {"strategy": "entropy", **rounds}
    return settings.model_copy(update={"rounds": settings.rounds.model_copy(update=given)})


def asks(settings: Settings, **chosen) -> pa.Table:
    """Return asks of the campaign."""
    with open_store(settings) as store:
        return read_asks(store, "synthetic", **chosen)


def speaker(clip_id: str) -> str:
    """Return who speaks in a synthetic clip."""
    return clip_id.removeprefix("synthetic/").partition("_")[0]


@pytest.fixture(scope="module")
def seeded_once(ingested_once, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a campaign with its seed of 10 of 24 clips; for reading and lending only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("seeded"))
    seed(settings)
    return settings


@pytest.fixture(scope="module")
def asked_once(trained_once, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a campaign with its seed and one round asked by a model; for reading only."""
    settings = by(borrow(trained_once.settings, tmp_path_factory.mktemp("asked")))
    seed(settings)
    seed(settings, model_id=trained_once.model_id)
    return settings


@pytest.fixture
def seeded(seeded_once: Settings, tmp_path: Path) -> Settings:
    """Return a campaign with its seed, free to change."""
    return borrow(seeded_once, tmp_path / "home")


def test_the_seed_is_random_and_belongs_to_both_arms(ingested: Settings) -> None:
    """Before there is a model nothing but chance can choose."""
    result = seed(ingested)
    assert (result.round_id, result.strategy) == ("synthetic-000", "random")
    assert (result.asks, result.tasks, result.votes_wanted) == ({"seed": 10}, 10, 50)


def test_test_speakers_are_never_asked_about(ingested: Settings) -> None:
    """Even a budget above the pool leaves the held-out speakers alone."""
    result = seed(ingested, budget=1000, test_speakers=TEST_SPEAKERS)
    assert result.tasks == 24
    assert not set(map(speaker, clips_of(asks(ingested)))) & set(TEST_SPEAKERS)


def test_later_rounds_hold_out_whom_the_first_held_out(trained) -> None:
    """Nobody becomes askable, or untouchable, halfway through a campaign."""
    seed(trained.settings)
    seed(trained.settings, model_id=trained.model_id, test_speakers=TEST_SPEAKERS)
    with open_store(trained.settings) as store:
        held_out = queries.select_rounds(store)["test_speakers"].to_pylist()
    assert held_out[0] == held_out[1] != sorted(TEST_SPEAKERS)


def test_an_existing_round_is_returned_as_it_is(seeded: Settings, seeded_once) -> None:
    """Asking again for a round that was asked changes nothing, whatever the settings say now."""
    again = seed(seeded, number=0, budget=3)
    assert (again.is_new, again.asks) == (False, {"seed": 10})
    assert asks(seeded).equals(asks(seeded_once))


def test_equal_seeds_ask_the_same(ingested: Settings, seeded_once: Settings) -> None:
    """A killed acquisition that is repeated elsewhere asks about the same clips."""
    seed(ingested)
    assert asks(ingested).equals(asks(seeded_once))


def test_the_arms_share_the_budget(asked_once: Settings) -> None:
    """Half of the budget is drawn at random, and every ask says why it was asked."""
    table = asks(asked_once, number=1)
    assert sorted(table["arm"].to_pylist()) == ["active"] * 5 + ["random"] * 5
    assert all(reason for reason in table["reason"].to_pylist())


def test_an_arm_never_asks_about_a_clip_twice(asked_once: Settings) -> None:
    """Each arm goes on from its own earlier asks and the seed."""
    for arm in ("active", "random"):
        clips = asks(asked_once, arm=arm)["clip_id"].to_pylist()
        assert len(clips) == len(set(clips)) == 15


def test_the_active_arm_takes_the_highest_utility(asked_once: Settings, trained_once) -> None:
    """What the active arm left out is worth no more than what it asked about."""
    with open_store(asked_once) as store:
        predictions = queries.select_predictions(store, trained_once.model_id)
        held_out = set(queries.select_rounds(store)["test_speakers"][0].as_py())
    utility = dict(
        zip(
            predictions["clip_id"].to_pylist(),
            entropy(read_posterior(predictions["posterior"])),
            strict=True,
        )
    )
    active = asks(asked_once, number=1).filter(pc.field("arm") == "active")
    left = utility.keys() - set(clips_of(asks(asked_once, number=0))) - set(clips_of(active))
    left = {clip_id for clip_id in left if speaker(clip_id) not in held_out}
    assert len(left) == 9
    assert max(utility[clip_id] for clip_id in left) <= min(active["utility"].to_pylist())


def test_the_random_arm_may_ask_what_the_active_arm_asks(trained) -> None:
    """The control is what a campaign without a model would ask; nobody is asked twice for it."""
    settings = by(trained.settings)
    seed(settings)
    result = seed(settings, model_id=trained.model_id, budget=28)
    assert result.asks == {"active": 14, "random": 14}
    assert result.tasks == 14


def test_a_later_round_without_a_model_is_refused(seeded_once: Settings) -> None:
    """The message says which verbs come first."""
    with pytest.raises(PipelineError, match=r"round 1 of campaign `synthetic` needs a model"):
        seed(seeded_once)


def test_a_model_that_has_not_scored_is_refused(seeded_once: Settings) -> None:
    """A pool that was not scored cannot be ranked."""
    with pytest.raises(PipelineError, match=r"`m` has not scored 14 clips.*serloop score m"):
        seed(seeded_once, model_id="m")


def test_an_arm_that_has_asked_everything_leaves_the_other_its_share(trained) -> None:
    """Once the active arm is through the pool, the random arm still asks."""
    seed(trained.settings)
    model = {"model_id": trained.model_id}
    more = by(trained.settings, random_share=0.2)
    seed(more, budget=18, **model)
    assert seed(more, budget=18, **model).asks == {"random": 4}


def test_an_exhausted_pool_is_said(ingested: Settings) -> None:
    """Nothing left to ask about is no empty round."""
    seed(ingested, budget=24)
    with pytest.raises(NothingToDoError, match=r"asked about every clip of the 24"):
        seed(ingested, model_id="any")


def test_an_unknown_test_speaker_is_refused(ingested_once: Settings) -> None:
    """A misspelt speaker would be asked about in every round to come."""
    with pytest.raises(PipelineError, match=r"spoken by `SYNF2`.*SYNF02, SYNF04"):
        seed(ingested_once, test_speakers=("SYNF2",))


def test_tasks_are_written_with_audio_and_interface(seeded: Settings, tmp_path: Path) -> None:
    """What Label Studio imports lies in one folder: tasks, classes to choose from, sound."""
    out = tmp_path / "asks" / "tasks.json"
    assert seed(seeded, number=0, out=out).out == str(out)
    tasks = json.loads(out.read_text(encoding="utf-8"))
    assert sorted(task["data"]["clip_id"] for task in tasks) == clips_of(asks(seeded))
    for task in tasks:
        prefix, _, name = task["data"]["audio"].partition("?d=")
        assert prefix == "/data/local-files/"
        assert soundfile.info(out.parent / name).samplerate == 16000
    assert "happiness" in out.with_suffix(".xml").read_text(encoding="utf-8")
    assert "<b>happiness</b> [" in out.with_suffix(".html").read_text(encoding="utf-8")


def test_the_page_and_the_loudness_follow_the_settings(seeded: Settings, tmp_path: Path) -> None:
    """Words are sent where they are shown, and audio of another loudness is another file."""
    out = tmp_path / "tasks.json"
    seed(seeded, number=0, out=out)
    shown = LabellingSettings(transcript="shown", ratings="arousal")
    as_it_is = by(seeded, playback_lufs="none").model_copy(update={"labelling": shown})
    seed(as_it_is, number=0, out=out)
    tasks = json.loads(out.read_text(encoding="utf-8"))
    assert all("transcript" in task["data"] for task in tasks)
    assert 'name="arousal"' in out.with_suffix(".xml").read_text(encoding="utf-8")
    folders = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.flac")}
    assert folders == {"audio/lufs-23/synthetic", "audio/synthetic"}


def test_writing_tasks_again_leaves_the_audio_alone(seeded: Settings, tmp_path: Path) -> None:
    """Audio that is there is not encoded again."""
    seed(seeded, number=0, out=tmp_path / "tasks.json")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    seed(seeded, number=0, out=tmp_path / "tasks.json")
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    assert len(times) == 10


def test_every_way_of_choosing_a_batch_can_be_set() -> None:
    """Names of settings are those of the package, which help need not load."""
    assert set(get_args(BatchName)) == set(BATCHES)


def test_every_utility_is_a_strategy() -> None:
    """And one more, which spends vote by vote."""
    assert get_args(StrategyName) == ("worth", *get_args(UtilityName))


@pytest.mark.parametrize("batch", ["badge", "k_centre", "typical", "facility", "determinantal"])
def test_a_batch_may_be_diverse(trained, batch: str) -> None:
    """The active arm asks other clips than it asked before, by the rule that the round names."""
    settings = by(trained.settings, batch=batch)
    seed(settings)
    result = seed(settings, model_id=trained.model_id)
    assert result.strategy == f"entropy/{batch}"
    before, after = (asks(settings, number=number, arm="active") for number in (0, 1))
    assert after.num_rows == 5
    assert not set(clips_of(after)) & set(clips_of(before))
    assert after["utility"].null_count == 0


def test_members_that_contradict_each_other_can_rank_the_pool(ingested: Settings) -> None:
    """The utility is the mutual information that scoring stored."""
    several = ingested.network.model_copy(update={"members": 2})
    chosen = ingested.rounds.model_copy(update={"strategy": "bald"})
    settings = ingested.model_copy(update={"network": several, "rounds": chosen})
    model = train(settings, SilentProgress(), corpus="synthetic", recipe="round")
    evaluate(settings, SilentProgress(), model_id=model.model_id)
    score(settings, SilentProgress(), model_id=model.model_id)
    seed(settings)
    result = seed(settings, model_id=model.model_id)
    assert result.strategy == "bald"
    active = asks(settings, number=1, arm="active")
    with open_store(settings) as store:
        told = queries.select_predictions(store, model.model_id)
    known = dict(zip(told["clip_id"].to_pylist(), told["disagreement"].to_pylist(), strict=True))
    for row in active.to_pylist():
        assert row["utility"] == pytest.approx(known[row["clip_id"]])
    assert told["disagreement"].null_count == 0
    assert min(known.values()) >= 0
    assert max(known.values()) > 0


def test_a_single_network_contradicts_nobody(ingested: Settings) -> None:
    """The message says what to set."""
    chosen = ingested.rounds.model_copy(update={"strategy": "bald"})
    settings = ingested.model_copy(update={"rounds": chosen})
    model = train(settings, SilentProgress(), corpus="synthetic", recipe="round")
    score(settings, SilentProgress(), model_id=model.model_id)
    seed(settings)
    with pytest.raises(PipelineError, match=r"set `network\.members` to 2 or more"):
        seed(settings, model_id=model.model_id)


def test_the_active_arm_hears_no_audio_twice(trained) -> None:
    """Of copies it asks about one, and about none of whose audio it asked before."""
    settings = trained.settings
    seed(settings, budget=4)
    with open_store(settings) as store:
        heard = set(clips_of(read_asks(store, "synthetic")))
        (held_out,) = queries.select_rounds(store)["test_speakers"].to_pylist()
        told = queries.select_predictions(store, trained.model_id)["clip_id"].to_pylist()
        unheard = [clip for clip in told if clip not in heard and speaker(clip) not in held_out]
        copies = [(unheard[0], min(heard)), (unheard[1], unheard[2])]
        pairs = [sorted(pair) for pair in copies]
        link = make_rows(
            "duplicates",
            clip_id=[first for first, _ in pairs],
            other_id=[last for _, last in pairs],
            kind=["near"] * 2,
            similarity=[0.95] * 2,
        )
        store.commit({"duplicates": link}, message="link")
    settings = by(settings, random_share=0.0)
    seed(settings, model_id=trained.model_id, budget=100)
    active = clips_of(asks(settings, number=1, arm="active"))
    assert unheard[0] not in active
    assert len({unheard[1], unheard[2]} & set(active)) == 1
    assert len(active) == len(unheard) - 2


def test_tasks_say_how_many_votes_a_clip_lacks(seeded: Settings, tmp_path: Path) -> None:
    """A clip that has all its votes is no task, and half an answer leaves the rest to ask for."""
    clips = clips_of(asks(seeded))
    given = {clips[0]: 5, clips[1]: 2}
    rows = [clip_id for clip_id, count in given.items() for _ in range(count)]
    votes = make_rows(
        "votes",
        vote_id=[f"v{number}" for number in range(len(rows))],
        clip_id=rows,
        source=[LABEL_STUDIO] * len(rows),
    )
    with open_store(seeded) as store:
        store.commit({"votes": votes}, message="answers")
    result = seed(seeded, number=0, out=tmp_path / "tasks.json")
    assert (result.tasks, result.votes_wanted) == (10, 50 - 7)
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    missing = {task["data"]["clip_id"]: task["meta"]["votes_missing"] for task in tasks}
    assert missing == dict.fromkeys(clips[2:], 5) | {clips[1]: 3}


def test_the_default_strategy_spends_votes(trained) -> None:
    """The arm's five clips are 25 votes, and each ask says how many its clip is to have in all."""
    settings = by(trained.settings, strategy="worth")
    seed(settings)
    result = seed(settings, model_id=trained.model_id)
    assert result.strategy == settings.rounds.strategy == "worth"
    active = asks(settings, number=1).filter(pc.field("arm") == "active")
    assert sum(active["votes_wanted"].to_pylist()) == 25
    assert active.num_rows == result.asks["active"] > 5
    assert RoundSettings().strategy == "worth"


def test_shortfalls_are_told(trained) -> None:
    """Five votes on four speakers of whom two are wanted each: the round is asked all the same."""
    settings = by(trained.settings, at_least="speaker=2", budget=2, votes_per_clip=2)
    seed(settings)
    result = seed(settings, model_id=trained.model_id)
    assert result.asks == {"active": 1, "random": 1}
    assert len(result.shortfalls) == 4
    assert seed(settings, number=1).shortfalls == ()
