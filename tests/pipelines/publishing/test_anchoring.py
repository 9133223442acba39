"""The measure of anchoring finds an effect that is there, and none that is not."""

import numpy as np
import pytest

from annotation.label_studio.parse import SOURCE
from annotation.testing import fill_votes
from pipelines.progress import SilentProgress
from pipelines.publishing.anchoring import anchoring, compare_agreement
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows


def run_trial(rng: np.random.Generator, effect: float, clips: int = 200, votes: int = 3):
    """Draw a trial in which votes on one clip are alike, and return what it finds."""
    is_shown = rng.random(clips) < 0.5
    easy = np.clip(rng.beta(3, 2, clips) + effect * is_shown, 0, 1)
    place = np.repeat(np.arange(clips), votes)
    agrees = rng.random(clips * votes) < easy[place]
    return compare_agreement(agrees, place.astype(str).astype(object), is_shown[place])


def test_the_interval_covers_as_it_says() -> None:
    """Over 300 trials without an effect, 95 % of the intervals hold 0, though votes are alike."""
    rng = np.random.default_rng(0)
    found = [run_trial(rng, 0.0, clips=60) for _ in range(300)]
    covered = np.mean([trial.low <= 0 <= trial.high for trial in found])
    # Three standard errors of the share.
    assert 0.91 <= covered <= 0.99
    assert abs(np.mean([trial.difference for trial in found])) < 0.01


def test_an_effect_is_found() -> None:
    """People who follow the model are told from those who do not."""
    found = run_trial(np.random.default_rng(1), 0.25, clips=400)
    assert 0 < found.low < found.difference < found.high


def test_unanimous_votes_are_not_certain() -> None:
    """Where all agree the interval still has a width, the smaller the more clips there are."""

    def width(clips: int) -> float:
        place = np.repeat(np.arange(clips), 5).astype(str).astype(object)
        found = compare_agreement(np.ones(5 * clips, bool), place, np.ones(5 * clips, bool))
        assert (found.shown.value, found.shown.high) == (1.0, 1.0)
        return 1 - found.shown.low

    assert 0.2 < width(10) < 0.4
    assert width(100) < 0.06


def test_nothing_is_found_in_nothing() -> None:
    """Without votes there is no number, and the table says so without inventing one."""
    found = compare_agreement(np.zeros(0, bool), np.zeros(0, object), np.zeros(0, bool))
    assert np.isnan(found.difference)
    assert [row["agreement"] for row in found.rows()] == [None, None, None]


@pytest.fixture
def answered(settings: Settings) -> Settings:
    """Return a campaign whose shown task has two votes and whose hidden one has one."""
    clips = [f"demo/{name}" for name in "abcd"]
    tasks = make_rows(
        "tasks",
        project=["p"] * 4,
        clip_id=clips,
        round_id=["r"] * 4,
        predicted=["joy", "joy", None, "joy"],
        is_shown=[True, False, False, False],
    )
    said = [
        ("demo/a", "joy", "p/1"),
        ("demo/a", "calm", "p/2"),
        ("demo/b", "calm", "p/3"),
        ("demo/c", "joy", "p/4"),
        ("demo/d", None, "p/5"),
        ("demo/b", "joy", "other/1"),
    ]
    votes = fill_votes(
        {
            "vote_id": [ref for *_, ref in said],
            "clip_id": [clip for clip, *_ in said],
            "label": [label for _, label, _ in said],
            "source_ref": [ref for *_, ref in said],
            "source": [SOURCE] * len(said),
        }
    )
    projects = make_rows("projects", project=["p"], campaign=["demo"])
    with open_store(settings) as store:
        store.commit({"projects": projects, "tasks": tasks, "votes": votes}, message="answered")
    return settings


def test_votes_of_the_trial_are_read(answered: Settings) -> None:
    """Only decided votes in the campaign's own tasks with a prediction count."""
    found = anchoring(answered, SilentProgress(), campaign="demo")
    assert (found.shown.votes, found.shown.value) == (2, 0.5)
    assert (found.hidden.votes, found.hidden.value) == (1, 0.0)
