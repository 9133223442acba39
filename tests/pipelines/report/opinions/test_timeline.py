"""Agreement over time: rounds where there are some, else equal numbers of votes."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from annotation.testing import fill_votes, make_votes
from pipelines.report.opinions.timeline import MAX_BINS, MAX_ROUNDS, measure_timeline

CLASSES = ("calm", "fear", "joy")
NO_ASKS = pa.table({"round_id": pa.array([], pa.string()), "clip_id": pa.array([], pa.string())})
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _cast_at(table, times):
    at = table.schema.get_field_index("cast_at")
    column = table.schema.field(at)
    return table.set_column(at, column, pa.array(times, column.type))


def _votes(step=None, *, clips=100, source="testing"):
    table = make_votes(CLASSES, clips=clips, annotators=5).table
    times = [None if step is None else START + row * step for row in range(table.num_rows)]
    at = table.schema.get_field_index("cast_at")
    table = table.set_column(
        at, table.schema.field(at), pa.array(times, table.schema.field(at).type)
    )
    sources = pa.array([source] * table.num_rows)
    return table.set_column(table.schema.get_field_index("source"), "source", sources)


def _asks(clips, rounds):
    return pa.table(
        {
            "round_id": [f"morning-{clip * rounds // clips:03d}" for clip in range(clips)],
            "clip_id": [f"testing/{clip:06d}" for clip in range(clips)],
        }
    )


def test_stretches_hold_equally_many_votes():
    """500 votes fall into twelve stretches of 40 to 45, in order of time."""
    found = measure_timeline(_votes(timedelta(hours=3)), CLASSES, NO_ASKS)
    assert found.unit == "time"
    assert len(found.steps) == MAX_BINS
    assert all(40 <= step.votes <= 45 for step in found.steps)
    assert [step.name for step in found.steps] == sorted(step.name for step in found.steps)
    assert found.steps[0].name == "2026-03-02"


def test_stretches_within_days_are_named_by_the_hour():
    """Where two stretches begin on one day the date alone would not do."""
    first = measure_timeline(_votes(timedelta(minutes=1)), CLASSES, NO_ASKS).steps[0]
    assert (first.name, first.span) == ("03-02 09:00", "2026-03-02 09:00 to 2026-03-02 09:41")


def test_alpha_has_an_interval_in_each_stretch():
    """The interval holds the estimate, and pairs are told beside it."""
    for step in measure_timeline(_votes(timedelta(hours=3)), CLASSES, NO_ASKS).steps:
        assert step.alpha.low <= step.alpha.value <= step.alpha.high
        assert 0 < step.pairs.value < 1


def test_votes_of_one_moment_stay_together():
    """A clip whose five votes bear one time is never cut in two."""
    votes = _votes(timedelta(minutes=1))
    by_clip = {
        clip: START + timedelta(days=int(clip[-6:])) for clip in votes["clip_id"].to_pylist()
    }
    times = pa.array(
        [by_clip[clip] for clip in votes["clip_id"].to_pylist()], votes["cast_at"].type
    )
    votes = votes.set_column(votes.schema.get_field_index("cast_at"), "cast_at", times)
    found = measure_timeline(votes, CLASSES, NO_ASKS)
    assert sum(step.clips for step in found.steps) == 100
    assert all(step.votes == 5 * step.clips for step in found.steps)


def test_answers_are_taken_round_by_round():
    """Where a campaign asked, its rounds are the steps."""
    votes = _votes(timedelta(hours=1), source="simulated")
    found = measure_timeline(votes, CLASSES, _asks(100, 4))
    assert found.unit == "round"
    assert [(step.name, step.clips) for step in found.steps] == [
        (f"morning-{number:03d}", 25) for number in range(4)
    ]


def test_votes_that_came_with_the_corpus_are_no_answers():
    """Rounds that asked about the same clips do not claim them."""
    found = measure_timeline(_votes(timedelta(hours=3)), CLASSES, _asks(100, 4))
    assert found.unit == "time"


def test_of_many_rounds_the_last_are_shown():
    """A long campaign stays legible, and the page says where the rest is."""
    votes = _votes(source="simulated")
    found = measure_timeline(votes, CLASSES, _asks(100, MAX_ROUNDS + 6))
    assert len(found.steps) == MAX_ROUNDS
    assert found.steps[-1].name == "morning-029"
    assert found.note.startswith(f"The last {MAX_ROUNDS} of {MAX_ROUNDS + 6} rounds")


@pytest.mark.parametrize(
    ("votes", "note"),
    [
        (_votes(), "No vote says when it was cast"),
        (_votes(timedelta(0)), "All votes bear the same time, 2026-03-02 09:00 UTC"),
        (_votes(timedelta(hours=1), clips=8), "40 votes with a time are too few"),
    ],
    ids=["untimed", "one moment", "few"],
)
def test_without_a_course_there_is_a_sentence(votes, note):
    """Why there is no chart is said."""
    found = measure_timeline(votes, CLASSES, NO_ASKS)
    assert found.steps == ()
    assert found.note.startswith(note)


def test_lone_voters_cannot_be_compared():
    """Where nobody shares a clip there is no agreement to follow."""
    times = [START + timedelta(hours=row) for row in range(90)]
    rows = {"clip_id": [f"c/{row}" for row in range(90)], "label": ["joy"] * 90, "cast_at": times}
    found = measure_timeline(fill_votes(rows), CLASSES, NO_ASKS)
    assert found.note.startswith("Within no stretch of time did two people judge the same clip")


def test_votes_without_a_time_are_counted():
    """What the chart leaves out stands under it."""
    votes = pa.concat_tables([_votes(timedelta(hours=3)), _votes(clips=2)])
    assert measure_timeline(votes, CLASSES, NO_ASKS).note == "10 votes without a time left out."
