"""What a personal page says in words: kindly, and of nobody but its reader."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Final

from pipelines.people.records import Record
from pipelines.report.tiles import Tile
from pipelines.report.wording import (
    NO_BREAK_SPACE,
    format_count,
    format_quantity,
    format_share,
)

FEWEST_JUDGED: Final = 20
"""Answers below which a share says more about chance than about somebody."""

FEWEST_GOLD: Final = 5

_WORDS: Final[Mapping[str, Sequence[str]]] = {
    "new": (
        "Welcome. There is no hurry: listen as often as you like, and go by your first feeling.",
        "Good to have you here. Nobody is right about every voice; say what you hear.",
        "Welcome. Where you cannot tell, say so: that is an answer, too.",
    ),
    "rest": (
        "Time for a rest: ears tire before one notices. Ten minutes are enough.",
        "You have listened for a good while. Get up, look out of the window, come back fresh.",
        "A pause does the next clips good. They wait for you.",
    ),
    "cap": (
        "That is all for today. Thank you; the rest can wait until tomorrow.",
        "Today's share is done. Enjoy the quiet.",
        "Done for today. Fresh ears hear better, so leave the rest for tomorrow.",
    ),
    "done": (
        "You have answered every clip that waits. Thank you.",
        "Nothing is left for you at the moment. Well done, and thank you.",
        "All answered. New clips come with the next round.",
    ),
    "back": (
        "Good to hear from you again.",
        "Welcome back. It goes on where you stopped.",
        "Nice to see you again; the clips have waited patiently.",
    ),
    "streak": (
        "Another day of listening. Thank you for keeping at it.",
        "Day after day: every one of your answers is heard.",
        "You keep coming back, and it shows in what we know.",
    ),
    "going": (
        "Thank you. Each of today's answers makes a label surer.",
        "Good going. What you hear, nobody can compute.",
        "Thank you for listening so closely today.",
    ),
    "waiting": (
        "Whenever you feel like it: a few clips are waiting.",
        "The next clips are ready when you are.",
        "A quiet quarter of an hour is all it takes.",
    ),
}


def tell_situation(record: Record, *, cap: int, rest_after_min: int) -> str:
    """Return what matters most to somebody now, a key of the kind words.

    Args:
        record: How the annotator fares.
        cap: Votes a day; 0 for no cap.
        rest_after_min: Minutes after which a rest is due; 0 for never.

    Example:
        >>> tired = Record("a", votes=9, votes_today=9, open_to_them=5, sitting_min=50.0)
        >>> tell_situation(tired, cap=0, rest_after_min=45)
        'rest'
    """
    situations = (
        ("new", not record.votes),
        ("cap", bool(cap) and record.votes_today >= cap),
        ("done", not record.open_to_them),
        ("rest", bool(rest_after_min) and record.sitting_min >= rest_after_min),
        ("streak", bool(record.votes_today) and record.streak >= 3),
        ("back", bool(record.votes_today) and record.streak == 1 and record.days > 1),
        ("going", bool(record.votes_today)),
    )
    return next((name for name, holds in situations if holds), "waiting")


def choose_words(situation: str, *seed: object) -> str:
    """Return kind words for a situation; equal seeds give equal words, so a reload changes nothing.

    Args:
        situation: One of `tell_situation`.
        seed: Such as annotator and date.
    """
    words = _WORDS[situation]
    drawn = hashlib.sha256("\x1f".join(map(str, (situation, *seed))).encode()).digest()
    return words[drawn[0] % len(words)]


def write_people_tiles(record: Record, *, cap: int) -> list[Tile]:
    """Return the four figures of a page: today, in all, agreement and pace."""
    return [_today(record, cap), _in_all(record), _agreement(record), _pace(record)]


def write_agreement(record: Record) -> list[str]:
    """Return what agreement with the others is, in sentences."""
    if record.judged < FEWEST_JUDGED:
        sentence = (
            f"From {FEWEST_JUDGED} comparable answers on, this compares yours with those of the "
            "others who heard the same clips. It is made anew every night, so that nothing you "
            "see here can sway the answer you are about to give."
        )
        return [sentence]
    share, low, high = (
        format_share(value) for value in (record.agreement, record.low, record.high)
    )
    first = (
        f"By what the others hear, {share} of your {format_count(record.judged)} comparable "
        f"answers are right; allowing for chance, between {low} and {high}. Your own answer never "
        "counts among theirs."
    )
    sentences = [first]
    if record.typical < record.low:
        sentences.append("On these very clips others agree a little less often than you do.")
    elif record.typical > record.high:
        sentences.append(
            "On these very clips others agree more often. That is no fault: hearing differently "
            "is worth knowing. If it surprises you, look at the definitions once more."
        )
    else:
        sentences.append("On these very clips others agree about as often.")
    sentences.append("People differ about emotion, so nobody reaches 100 %.")
    return sentences


def write_gold(record: Record) -> str:
    """Return the score on clips whose emotion is known; too few of them would give them away."""
    if record.gold_votes < FEWEST_GOLD:
        return "Now and then a clip whose emotion is known comes along; there were too few yet."
    return (
        f"Of {format_quantity(record.gold_votes, 'clip')} whose emotion is known you named "
        f"{format_count(record.gold_right)} as it is known."
    )


def write_rest(record: Record, *, rest_after_min: int) -> str:
    """Return the reminder of a rest, empty if none is due."""
    if not rest_after_min or record.sitting_min < rest_after_min:
        return ""
    minutes = f"{record.sitting_min:.0f}{NO_BREAK_SPACE}minutes"
    return f"You have been listening for {minutes} without a pause. Take ten."


def _today(record: Record, cap: int) -> Tile:
    if not cap:
        detail = f"{record.streak} days in a row" if record.streak > 1 else "as many as you like"
    elif record.votes_today >= cap:
        detail = f"the day's {format_count(cap)} are reached; more count as well"
    else:
        detail = f"of {format_count(cap)} a day"
    return Tile("Today", format_count(record.votes_today), detail)


def _in_all(record: Record) -> Tile:
    days = f"on {format_quantity(record.days, 'day')}" if record.days else "none yet"
    return Tile("In all", format_count(record.votes), days)


def _agreement(record: Record) -> Tile:
    if record.judged < FEWEST_JUDGED:
        return Tile("Agreement", "…", f"from {FEWEST_JUDGED} comparable answers on")
    low, high = (format_share(value) for value in (record.low, record.high))
    return Tile("Agreement", format_share(record.agreement), f"between {low} and {high}")


def _pace(record: Record) -> Tile:
    if math.isnan(record.lead_s):
        return Tile("Pace", "…", "no time known yet")
    value = f"{record.lead_s:.0f}{NO_BREAK_SPACE}s"
    if math.isnan(record.clip_s):
        return Tile("Pace", value, "a clip, at the median")
    return Tile("Pace", value, f"a clip; they last {record.clip_s:.1f}{NO_BREAK_SPACE}s")
