"""A campaign goes round by round: it waits for answers, learns, asks, and resumes."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotation.testing import make_annotation, make_export
from pipelines.aided import is_wanted
from pipelines.campaign import clips_of, read_asks
from pipelines.demo import demo
from pipelines.errors import NothingToDoError
from pipelines.import_votes import import_votes
from pipelines.loop import active_model, run_round, soft_targets
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries

SILENT = SilentProgress()


class StoppedError(Exception):
    """Stands for a process that ends without a word."""


@dataclass(frozen=True)
class StoppingRunner(DirectRunner):
    """Run stages until one is reached, and stop there."""

    at: str = ""

    def __call__(self, stage, *args, **kwargs):
        """Run one stage, unless this is where it stops."""
        if stage.__name__ == self.at:
            raise StoppedError
        return super().__call__(stage, *args, **kwargs)


def answer_tasks(tasks: Path) -> Path:
    """Let one person answer every task with the emotion in the clip's name."""
    asked = json.loads(tasks.read_text(encoding="utf-8"))
    given = [
        [make_annotation(number, task["data"]["clip_id"].split("_")[1])]
        for number, task in enumerate(asked)
    ]
    export = tasks.with_name("export.json")
    export.write_text(json.dumps(make_export(asked, given)), encoding="utf-8")
    return export


def models_of(settings: Settings, round_id: str) -> list[dict[str, object]]:
    """Return the models of a round."""
    with open_store(settings) as store:
        rows = queries.select_models(store).to_pylist()
    return [row for row in rows if row["round_id"] == round_id]


def test_a_round_waits_for_people_and_goes_on_with_their_answers(
    ingested: Settings, tmp_path: Path
) -> None:
    """Asked, unanswered, answered, learned from, asked again: one verb each time."""
    run, tasks = DirectRunner(ingested, SILENT), tmp_path / "tasks.json"
    first = run_round(run, corpus="synthetic", tasks=tasks)
    assert (first.waiting, first.report, first.tasks) == (10, None, str(tasks))
    with pytest.raises(NothingToDoError, match=r"asks about 10 clips and has no answer yet"):
        run_round(run, corpus="synthetic")
    second = run_round(run, corpus="synthetic", answers=answer_tasks(tasks), tasks=tasks)
    assert [(point.round, point.votes) for point in second.curve] == [(0, 10), (0, 10)]
    assert Path(second.report).is_file()
    # One answer each of the five wanted, so that the first ten still wait as well; the active arm
    # asks for its 25 votes about every one of the 14 clips that are left, the random arm about 5.
    assert second.waiting == 10 + 14 + 5
    with open_store(ingested) as store:
        assert [row["number"] for row in queries.select_rounds(store).to_pylist()] == [0, 1]


def test_each_arm_learns_from_its_own_asks_and_the_seed(campaign_once) -> None:
    """Neither arm profits from what the other asked."""
    settings = campaign_once.settings
    for model in models_of(settings, "synthetic-001"):
        with open_store(settings) as store:
            asked = clips_of(read_asks(store, "synthetic", arm=model["arm"]))
        assert json.loads(model["config"])["clips"] == asked
        assert len(asked) == {"active": 24, "random": 15}[model["arm"]]


def test_test_speakers_are_untouched_throughout(campaign_once) -> None:
    """The speakers of the curve were neither asked about nor learned from, in any round."""
    with open_store(campaign_once.settings) as store:
        asked = clips_of(read_asks(store, "synthetic"))
        judged = {tuple(row) for row in queries.select_evaluations(store)["speakers"].to_pylist()}
        held_out = {tuple(row) for row in queries.select_rounds(store)["test_speakers"].to_pylist()}
    assert judged == held_out
    ((first, second),) = held_out
    assert not [clip_id for clip_id in asked if first in clip_id or second in clip_id]


def test_the_next_round_is_ranked_by_the_active_arm(campaign_once) -> None:
    """The model of the active arm chooses, not the control's."""
    with open_store(campaign_once.settings) as store:
        rounds = queries.select_rounds(store).to_pylist()
        seed = require_model(store, rounds[1]["model_id"])
    assert [row["model_id"] for row in rounds] == [None, seed["model_id"]]
    assert active_model(campaign_once.settings, "synthetic", 0) == seed["model_id"]


def test_a_round_that_was_not_learned_from_has_no_model(campaign_once) -> None:
    """The message says which verb learns."""
    with pytest.raises(NothingToDoError, match=r"round 7 of campaign `synthetic` has no model yet"):
        active_model(campaign_once.settings, "synthetic", 7)


@pytest.mark.parametrize(
    "stage",
    [
        "evaluate",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("ingest", "acquire", "answer", "aggregate", "train", "report")
        ),
    ],
)
def test_a_stopped_loop_goes_on_where_it_stopped(
    campaign_once, ingested: Settings, synthetic_root: Path, stage: str
) -> None:
    """Stopped before any stage and started again, it makes the rows of an undisturbed loop."""
    start = {"corpus": "synthetic", "data": synthetic_root, "rounds": 0}
    with pytest.raises(StoppedError):
        demo(StoppingRunner(ingested, SILENT, at=stage), **start)
    result = demo(DirectRunner(ingested, SILENT), **start)
    assert result.curve == campaign_once.result.curve[:2]
    resumed, undisturbed = (
        models_of(settings, "synthetic-000") for settings in (ingested, campaign_once.settings)
    )
    assert resumed == undisturbed


def test_a_corpus_that_is_asked_out_ends_the_campaign_with_what_was_learned(
    settings: Settings, synthetic_root: Path
) -> None:
    """Nothing left to ask is no failure: the table and the report are there."""
    generous = settings.model_copy(
        update={"rounds": settings.rounds.model_copy(update={"budget": 1000})}
    )
    result = demo(DirectRunner(generous, SILENT), corpus="synthetic", data=synthetic_root, rounds=2)
    assert {point.round for point in result.curve} == {0}
    assert Path(result.report).is_file()


def test_votes_that_came_with_the_corpus_are_no_answers(ingested: Settings) -> None:
    """A campaign waits for people even where every clip has votes already."""
    run = DirectRunner(ingested, SILENT)
    run(import_votes, source="intended", corpus="synthetic")
    run_round(run, corpus="synthetic")
    with pytest.raises(NothingToDoError, match="has no answer yet"):
        run_round(run, corpus="synthetic")


@pytest.mark.slow
def test_rounds_may_listen_to_a_model(ingested: Settings, synthetic_root: Path) -> None:
    """Both arms then learn the posteriors of a consensus that a network was heard for."""
    rounds = ingested.rounds.model_copy(update={"aided": "always"})
    settings = ingested.model_copy(update={"rounds": rounds})
    demo(DirectRunner(settings, SILENT), corpus="synthetic", data=synthetic_root, rounds=1)
    for model in [*models_of(settings, "synthetic-000"), *models_of(settings, "synthetic-001")]:
        assert model["labels"].startswith("model_aided-")
        assert json.loads(model["config"])["targets"] == "soft"
    with open_store(settings) as store:
        runs = queries.select_consensus_runs(store).to_pylist()
    aided = [json.loads(row["parameters"]) for row in runs if row["aggregator"] == "model_aided"]
    assert [row["arm"] for row in aided] == ["seed", "active", "random"]


def test_networks_are_not_listened_to_by_default(ingested: Settings) -> None:
    """They would have to be trained twice more per arm and round."""
    assert not is_wanted(ingested)


@pytest.mark.parametrize(
    ("loss", "targets"), [(None, "soft"), ("soft_label", "soft"), ("focal", None)]
)
def test_a_loss_that_is_set_decides_what_is_learned(
    ingested: Settings, loss: str | None, targets: str | None
) -> None:
    """One that learns decided labels alone is not overruled."""
    training = ingested.training.model_copy(update={"loss": loss})
    assert soft_targets(ingested.model_copy(update={"training": training})) == targets
