"""People label by keyboard on the real page, and what they say is learned from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation.label_studio.users import annotator_of, create_user
from pipelines.acquire import acquire
from pipelines.collecting.pull import pull
from pipelines.ingest import ingest
from pipelines.label_studio.connect import connect
from pipelines.label_studio.server import down, up
from pipelines.loop import learn
from pipelines.progress import SilentProgress
from pipelines.publishing.publish import publish
from pipelines.runner import DirectRunner
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.browser import SCREENS, Labeller, open_browser, open_labeller
from tests.label_studio_server import MARKS, warm_settings
from tests.pipelines.places import QUICK
from warehouse import queries

pytestmark = MARKS
SILENT = SilentProgress()
ADDRESS, PASSWORD = "ann@example.org", "listen-well-1"
EVERYTHING = {
    "second_choice": True,
    "ratings": "arousal,valence,dominance",
    "transcript": "shown",
}


@pytest.fixture(scope="module")
def served(synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Run a Label Studio with an annotator, beside a warehouse with 24 clips."""
    base = warm_settings(tmp_path_factory.mktemp("page") / "home")
    # Several votes are wanted per clip, so that each campaign here asks about it.
    settings = Settings(home=base.home, label_studio=base.label_studio, **QUICK)
    ingest(settings, SILENT, corpus="synthetic", root=synthetic)
    try:
        up(settings, SILENT)
        with connect(settings) as api:
            create_user(api, ADDRESS, PASSWORD)
        yield settings
    finally:
        down(settings)


def asking(settings: Settings, **labelling: object) -> Settings:
    """Return settings of a page that asks this."""
    given = settings.labelling.model_copy(update=labelling)
    return settings.model_copy(update={"labelling": given})


def open_campaign(settings: Settings, campaign: str, budget: int = 5) -> int:
    """Ask about a few clips, and return the number of the project that asks."""
    acquire(settings, SILENT, corpus="synthetic", campaign=campaign, budget=budget)
    return publish(settings, SILENT, campaign=campaign).number


def queue_of(settings: Settings, campaign: str) -> list[dict[str, object]]:
    """Return the tasks of a campaign in the order in which people meet them."""
    with open_store(settings) as store:
        (project,) = queries.select_projects(store, campaign=campaign)["project"].to_pylist()
        tasks = queries.select_tasks(store, project=project)
    return tasks.sort_by("place").to_pylist()


def votes_of(settings: Settings, campaign: str) -> dict[str, dict[str, object]]:
    """Return the votes on the clips of a campaign that came from its project, by clip."""
    asked = [task["clip_id"] for task in queue_of(settings, campaign)]
    with open_store(settings) as store:
        votes = queries.select_ledger(store, clip_ids=asked).to_pylist()
    ours = [vote for vote in votes if str(vote["source_ref"]).startswith(f"{campaign}-")]
    return {str(vote["clip_id"]): vote for vote in ours}


def begin(labeller: Labeller, project: int) -> None:
    """Log in and open the first clip."""
    labeller.log_in(ADDRESS, PASSWORD)
    labeller.open_stream(project)
    labeller.close_instructions()


def url_of(settings: Settings) -> str:
    """Return the address of the server."""
    with connect(settings) as api:
        return api.url


def test_three_clips_are_heard_answered_by_keyboard_and_learned_from(
    served: Settings, tmp_path: Path
) -> None:
    """The waveform is drawn, the clip plays, a digit answers: votes, consensus, training."""
    project = open_campaign(served, "heard")
    with open_browser() as browser, open_labeller(browser, url_of(served)) as labeller:
        begin(labeller, project)
        for number, label in enumerate(("anger", "disgust", "fear"), start=1):
            labeller.wait_for_waveform()
            if number == 1:
                # What the browser lets play by itself is up to it until a key was pressed.
                labeller.press("Space")
                labeller.wait_for_sound(is_replay=True)
            else:
                labeller.wait_for_sound()
            labeller.press(str(number))
            labeller.wait_for_choice(label)
            for screen in SCREENS if number == 2 else ():
                labeller.take_picture(tmp_path / f"{screen}.png", screen)
            labeller.submit()
    assert pull(served, SILENT, campaign="heard").votes == 3
    votes = votes_of(served, "heard")
    first_three = [task["clip_id"] for task in queue_of(served, "heard")][:3]
    assert [votes[str(clip)]["label"] for clip in first_three] == ["anger", "disgust", "fear"]
    assert {vote["annotator"] for vote in votes.values()} == {annotator_of(ADDRESS)}
    assert all(0 < vote["lead_time_s"] < 120 for vote in votes.values())  # type: ignore[operator]
    learn(DirectRunner(served, SILENT), corpus="synthetic", campaign="heard", number=0)
    with open_store(served) as store:
        (model,) = [
            row
            for row in queries.select_models(store).to_pylist()
            if row["round_id"] == "heard-000"
        ]
        consensus = queries.select_consensus(store, model["labels"]).to_pylist()
    assert {row["clip_id"]: row["label"] for row in consensus} == {
        clip: vote["label"] for clip, vote in votes.items()
    }
    assert model["train_clips"] == 3
    assert json.loads(model["config"])["clips"] == sorted(votes)


def test_the_fullest_page_is_answered_by_keyboard_alone(served: Settings) -> None:
    """Slips are corrected before submitting, and the ledger has what the page showed then."""
    settings = asking(served, **EVERYTHING)
    project = open_campaign(settings, "full")
    with open_browser() as browser, open_labeller(browser, url_of(served)) as labeller:
        begin(labeller, project)
        labeller.press("4")
        labeller.wait_for_choice("happiness")
        labeller.press("0")
        labeller.wait_for_choice("can't tell")
        labeller.press("1", "Shift+3", *"aaa", *"vv", "d")
        labeller.wait_for_choice("anger", "fear")
        labeller.submit()
        labeller.press("n")
        labeller.wait_for_choice("not speech")
        # Neither ratings nor anything else is missing when there is nothing to judge.
        labeller.submit()
        labeller.press("2")
        labeller.wait_for_choice("disgust")
        labeller.press("Control+Enter")
        labeller.page.get_by_text("Rate the arousal").first.wait_for()
    pulled = pull(settings, SILENT, campaign="full")
    assert (pulled.votes, pulled.abstentions, pulled.quarantined) == (1, 1, {})
    first, second = (str(task["clip_id"]) for task in queue_of(settings, "full")[:2])
    vote = votes_of(settings, "full")[first]
    names = ("label", "arousal", "valence", "dominance")
    assert [vote[name] for name in names] == ["anger", 3.0, 2.0, 1.0]
    assert votes_of(settings, "full")[second]["label"] is None


def test_every_page_fits_its_screen(served: Settings, tmp_path: Path) -> None:
    """Nothing is cut off at the side; on a laptop even the fullest page needs no scrolling."""
    pages = {
        "usual": open_campaign(served, "usual"),
        "fullest": open_campaign(asking(served, **EVERYTHING), "fullest"),
    }
    with open_browser() as browser, open_labeller(browser, url_of(served)) as labeller:
        labeller.log_in(ADDRESS, PASSWORD)
        for name, project in pages.items():
            labeller.open_stream(project)
            labeller.close_instructions()
            labeller.wait_for_waveform()
            for screen in SCREENS:
                labeller.take_picture(tmp_path / f"{name}-{screen}.png", screen)
                below, right = labeller.find_overflow()
                assert right <= 0, (name, screen)
                assert below <= 0 or (name, screen) == ("fullest", "phone"), (name, screen)


def test_the_instructions_are_read_first_on_any_screen(served: Settings, tmp_path: Path) -> None:
    """They open by themselves, say what each class means, and fit a phone's width."""
    project = open_campaign(served, "told")
    with (
        open_browser() as browser,
        open_labeller(browser, url_of(served), screen="phone") as labeller,
    ):
        labeller.log_in(ADDRESS, PASSWORD)
        labeller.open_stream(project)
        told = labeller.instructions().inner_text()
        labeller.take_picture(tmp_path / "told.png", "phone")
        box = labeller.instructions().bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= SCREENS["phone"][0]
        labeller.close_instructions()
        labeller.page.get_by_role("button", name="Instructions").click()
        labeller.instructions().wait_for()
    for line in ("anger [1]: annoyed", "can't tell [0]: you heard", "not speech [n]: silence"):
        assert line in told


def test_the_list_of_tasks_tells_no_class(served: Settings) -> None:
    """Opening a project shows every field of its tasks, and file names often tell the emotion."""
    project = open_campaign(served, "listed")
    with open_browser() as browser, open_labeller(browser, url_of(served)) as labeller:
        labeller.log_in(ADDRESS, PASSWORD)
        labeller.page.goto(f"{labeller.url}/projects/{project}/data")
        labeller.page.get_by_text("Tasks: 5 / 5").wait_for()
        shown = labeller.page.inner_text("body").replace("\n", "")
    assert not [
        task["clip_id"] for task in queue_of(served, "listed") if str(task["clip_id"]) in shown
    ]


def test_only_tasks_of_the_trial_show_what_the_model_says(served: Settings) -> None:
    """A control has nothing chosen; a shown one has the model's class, and it can be changed."""
    model_id = train(served, SILENT, corpus="synthetic").model_id
    score(served, SILENT, model_id=model_id)
    ask = {"corpus": "synthetic", "campaign": "trial"}
    acquire(served, SILENT, budget=2, **ask)
    acquire(served, SILENT, budget=14, model_id=model_id, **ask)
    settings = asking(served, shown_share=0.5)
    project = publish(settings, SILENT, campaign="trial").number
    seen = set()
    with open_browser() as browser, open_labeller(browser, url_of(served)) as labeller:
        begin(labeller, project)
        for task in queue_of(settings, "trial"):
            labeller.wait_for_waveform()
            labeller.wait_for_choice(*([str(task["predicted"])] if task["is_shown"] else []))
            seen.add((task["is_shown"], task["predicted"] is not None))
            if len(seen) == 3:
                break
            labeller.press("0")
            labeller.wait_for_choice("can't tell")
            labeller.submit()
    # Of the seed's clips no model has said anything.
    assert seen == {(False, False), (False, True), (True, True)}
