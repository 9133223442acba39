"""What a page says fits the situation, and never puts anybody down."""

from dataclasses import replace

import pytest

from pipelines.people.records import Record
from pipelines.people.wording import (
    choose_words,
    tell_situation,
    write_agreement,
    write_gold,
)

BUSY = Record("a", votes=50, votes_today=10, days=4, streak=1, open_clips=9, open_to_them=9)
JUDGED = replace(BUSY, judged=80, agreement=0.6, low=0.5, high=0.7, typical=0.6)


@pytest.mark.parametrize(
    ("changes", "situation"),
    [
        ({"votes": 0}, "new"),
        ({"votes_today": 20}, "cap"),
        ({"open_to_them": 0}, "done"),
        ({"sitting_min": 45.0}, "rest"),
        ({"streak": 3}, "streak"),
        ({"streak": 1}, "back"),
        ({"streak": 2}, "going"),
        ({"votes_today": 0}, "waiting"),
    ],
)
def test_the_situation_is_what_matters_most(changes: dict[str, int], situation: str) -> None:
    """One word for each, in the order in which they matter."""
    found = tell_situation(replace(BUSY, **changes), cap=20, rest_after_min=45)
    assert found == situation


def test_words_vary_between_people_and_stay_for_a_day() -> None:
    """A reload says the same; thirty people do not all read the same."""
    assert choose_words("going", "a", "2026-11-05") == choose_words("going", "a", "2026-11-05")
    assert len({choose_words("going", number, "2026-11-05") for number in range(30)}) == 3


def test_a_share_of_too_few_answers_is_not_told() -> None:
    """It says from when on there is one."""
    assert write_agreement(replace(JUDGED, judged=19))[0].startswith("From 20 comparable answers")


@pytest.mark.parametrize(
    ("typical", "sentence"),
    [(0.4, "a little less often"), (0.6, "about as often"), (0.9, "That is no fault")],
)
def test_agreement_is_set_beside_what_the_clips_allow(typical: float, sentence: str) -> None:
    """Only a difference beyond the interval is called one."""
    text = " ".join(write_agreement(replace(JUDGED, typical=typical)))
    assert sentence in text
    assert "between 50" in text


def test_gold_is_told_from_five_clips_on() -> None:
    """Fewer would give away which they were."""
    assert "too few" in write_gold(replace(BUSY, gold_votes=4, gold_right=4))
    assert "Of 5 clips" in write_gold(replace(BUSY, gold_votes=5, gold_right=4))
