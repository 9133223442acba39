"""A round is due when enough is new, after a while, or when one was killed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE

import pytest

from pipelines.deployment.due import DueRound, read_campaigns, read_due, read_open
from pipelines.round_lock import claim_round, lock_of
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.small_campaign import IDS, answer_all, ask, cast
from warehouse.testing import make_rows


def now() -> datetime:
    """Return when it is: tests may begin long after this file was read."""
    return datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Return a home in which a campaign waits for answers, three new ones being enough."""
    settings = Settings(home=tmp_path, schedule={"round_votes": 3, "round_days": 2})
    with open_store(settings) as store:
        ask(store)
    return settings


def vote(settings: Settings, *said: tuple[int, str, str]) -> None:
    """Let people vote: clip, who, what."""
    with open_store(settings) as store:
        cast(store, *said)


def learn(settings: Settings, number: int, *arms: str, labels: str = "run") -> None:
    """Write a model per arm of a round, and the run they learned from, of what there is now."""
    with open_store(settings) as store:
        runs = make_rows("consensus_runs", run_id=[f"{labels}-{number}"], snapshot=[store.snapshot])
        models = make_rows(
            "models",
            model_id=[f"{number}-{arm}" for arm in arms],
            arm=list(arms),
            round_id=[f"demo-{number:03d}"] * len(arms),
            snapshot=[store.snapshot + 1] * len(arms),
            labels=[f"{labels}-{number}"] * len(arms),
        )
        store.commit({"consensus_runs": runs, "models": models}, message="learned")


def new_votes(settings: Settings) -> int:
    """Return how many votes are new."""
    (found,) = read_open(settings)
    return found.new_votes


def test_enough_new_votes_make_a_round_due(home: Settings) -> None:
    """Nothing is due before, and afterwards it is said why."""
    vote(home, (0, "ann", "anger"), (8, "ann", "anger"))
    assert read_due(home) == ()
    vote(home, (20, "ben", "anger"))
    assert read_due(home) == (DueRound("demo", "demo", 1, 3, "3 new votes; 3 are enough"),)


def test_one_new_vote_is_enough_after_a_while(home: Settings) -> None:
    """Without any the round waits for ever."""
    later = now() + timedelta(days=2, minutes=5)
    assert read_due(home, later) == ()
    vote(home, (0, "ann", "anger"))
    assert read_due(home, now() + timedelta(days=1)) == ()
    (due,) = read_due(home, later)
    assert due.reason == "1 new votes, and it was asked 2 days ago"


def test_what_was_learned_from_is_not_new(home: Settings) -> None:
    """Votes count from where the earlier arm's consensus was read, not from its model."""
    with open_store(home) as store:
        answer_all(store)
    learn(home, 1, "active")
    vote(home, (0, "ben", "anger"))
    learn(home, 1, "random", labels="later")
    vote(home, (1, "ben", "anger"))
    assert new_votes(home) == 2


def test_only_answers_to_the_campaign_count(home: Settings) -> None:
    """Neither votes on other clips nor those that came with the corpus."""
    vote(home, (30, "ann", "anger"))
    with open_store(home) as store:
        store.commit(
            {"votes": make_rows("votes", vote_id=["x"], clip_id=[IDS[0]], source=["crowd"])},
            message="corpus",
        )
    assert new_votes(home) == 0


def test_who_skipped_has_not_answered(home: Settings) -> None:
    """A skip goes to somebody else."""
    vote(home, (0, "ann", "anger"))
    with open_store(home) as store:
        skip = make_rows("remarks", remark_id=["0-ann"], clip_id=[IDS[0]], abstention=["skipped"])
        store.commit({"remarks": skip}, message="skipped")
    assert new_votes(home) == 0


def test_what_was_never_asked_for_is_never_due(tmp_path: Path) -> None:
    """A home without a campaign has none, and looking makes no home."""
    settings = Settings(home=tmp_path / "none")
    assert (read_due(settings), read_campaigns(settings)) == ((), ())
    assert not settings.home.exists()


def test_a_round_that_is_being_made_is_not_due(home: Settings) -> None:
    """Whoever makes it learns from the new votes."""
    with open_store(home) as store:
        answer_all(store)
    assert [due.campaign for due in read_due(home)] == ["demo"]
    with looking_elsewhere(home) as look:
        with claim_round(home, "demo"):
            assert look() == "()\n"
        assert "DueRound" in look()


def test_a_round_whose_process_was_killed_is_due_at_once(home: Settings) -> None:
    """However few votes are new."""
    lock = lock_of(home, "demo")
    lock.parent.mkdir()
    lock.write_text('{"pid": 1, "since": "then"}', encoding="utf-8")
    (due,) = read_due(home)
    assert (due.new_votes, due.reason) == (0, "the process that made it was killed")


LOOK = """
import sys
from pathlib import Path
from pipelines.deployment.due import read_due
from pipelines.settings import Settings
for _ in sys.stdin:
    print(read_due(Settings(home=Path(sys.argv[1]), schedule={"round_votes": 3})), flush=True)
"""


@contextmanager
def looking_elsewhere(settings: Settings) -> Iterator[Callable[[], str]]:
    """Yield what has another process say what is due."""
    command = [sys.executable, "-c", LOOK, str(settings.home)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:

        def look() -> str:
            other.stdin.write("now\n")
            other.stdin.flush()
            return other.stdout.readline()

        yield look
