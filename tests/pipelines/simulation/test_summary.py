"""The whole summary: from replays to rows, a sentence, a document and files."""

import csv
import json
import random

import numpy as np
import pytest

from pipelines.errors import PipelineError
from pipelines.plan import Spending, plan
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.simulation.summary import summarise, write_simulation
from tests.pipelines.simulation.testing import CLASSES, make_replays

CURVES = {
    "worth": (0.50, 0.76, 0.79, 0.79),
    "margin-1": (0.45, 0.60, 0.72, 0.80),
    "random-3": (0.40, 0.56, 0.66, 0.76),
    "random-1": (0.40, 0.50, 0.60, 0.70),
}


def _summarise(replays, **options):
    named = {"classes": CLASSES, "corpus": "toy", "learner": "ridge", "resamples": 50, **options}
    return summarise(replays, **named)


@pytest.fixture(scope="module")
def summary():
    """Return the summary of strategies whose curves are known exactly."""
    return _summarise(make_replays(CURVES, seeds=8))


def test_rows_tell_votes_needed_ratio_and_verdict(summary):
    """The strategy in question first, then the reference, random ones last."""
    rows = summary.rows()
    assert [row["strategy"] for row in rows] == ["worth", "random-3", "margin-1", "random-1"]
    assert [row["votes_95"] for row in rows] == ["200", "400", "350", ">\N{NO-BREAK SPACE}400"]
    assert rows[0]["ratio"].replace("\N{NO-BREAK SPACE}", " ") == "50 %"
    assert rows[0]["verdict"] == "never significantly worse than random-3 or random-1"
    assert rows[3]["verdict"] == "worse than random-3 at 200, 300, 400 votes"


def test_sentence_tells_votes_ratio_and_verdict(summary):
    """One sentence for the terminal."""
    told = summary.sentence().replace("\N{NO-BREAK SPACE}", " ")
    assert told == (
        "on toy with 8 seeds, worth needs 200 votes for 95 % of the UAR of all true labels "
        "(0.800), 50 % of those of random-3 (at most half in 100 % of resamples); never "
        "significantly worse than random-3 or random-1"
    )


def test_strategy_that_fails_is_told_so():
    """The sentence tells the truth where the strategy in question does not get there."""
    summary = _summarise(make_replays({**CURVES, "worth": (0.3, 0.4, 0.5, 0.6)}, seeds=8))
    told = summary.sentence().replace("\N{NO-BREAK SPACE}", " ")
    assert "worth does not reach 95 % of the UAR of all true labels (0.800) within 400" in told
    assert "> 100 % of those of random-3" in told
    assert "worse than random-3 at 100, 200, 300, 400 votes" in told


def test_order_of_replays_is_irrelevant():
    """Processes may end in any order."""
    replays = make_replays(CURVES, seeds=3)
    shuffled = random.Random(0).sample(replays, len(replays))
    assert _summarise(shuffled).document() == _summarise(replays).document()


def test_every_strategy_is_compared_with_reference_and_random(summary):
    """And with each other where that is asked for."""
    pairs = {(one.strategy, one.against) for one in summary.comparisons}
    assert {("worth", "random-3"), ("worth", "random-1"), ("random-3", "random-1")} <= pairs
    assert ("worth", "margin-1") in pairs
    assert ("margin-1", "worth") not in pairs
    more = _summarise(make_replays(CURVES, seeds=2), every_pair=True)
    assert len(more.comparisons) == 12


def test_document_is_json_without_nan_or_infinity(summary):
    """What is not known is null."""
    text = json.dumps(summary.document(), allow_nan=False)
    found = json.loads(text)
    censored = next(
        one for one in found["crossings"] if (one["strategy"], one["level"]) == ("random-1", 0.95)
    )
    assert (censored["votes"]["at_least"], censored["votes"]["at_most"]) == (400, None)
    assert found["rows"][0]["strategy"] == "worth"


def test_unknown_reference_is_refused():
    """There is nothing to divide by."""
    replays = make_replays({"worth": CURVES["worth"]})
    with pytest.raises(PipelineError, match="`random-3` was not simulated; there are `worth`"):
        _summarise(replays)


def test_what_was_assumed_and_left_out_is_noted():
    """A page without it would be read as more than it is."""
    replays = make_replays(CURVES, seeds=2)
    notes = " ".join(_summarise(replays[:-1]).notes)
    assert "take the intended emotion for what a clip sounds like" in notes
    assert "left out: 1." in notes
    assert "With one seed, intervals are about other test speakers alone." in notes


def test_plan_reads_the_curve_of_every_strategy(summary, tmp_path):
    """What is simulated can be planned by, before anybody was asked."""
    paths = write_simulation(summary, tmp_path)
    assert [path.name for path in paths] == [
        "simulation.html",
        "summary.json",
        "curve-worth.csv",
        "curve-random-3.csv",
        "curve-margin-1.csv",
        "curve-random-1.csv",
    ]
    found = plan(
        Settings(home=tmp_path),
        SilentProgress(),
        spending=Spending(votes=300),
        annotators=5,
        simulated=paths[3],
        classes=CLASSES,
    )
    assert found.plan.rows[0].votes == 300


def test_curve_leaves_out_the_point_without_votes(tmp_path):
    """A plan cannot divide by its clips."""
    replays = make_replays({"random-3": ((0, 30), (0.3, 0.5))})
    path = write_simulation(_summarise(replays), tmp_path)[2]
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["votes"], row["uar"]) for row in rows] == [("30", "0.5")]


def test_strategies_of_similar_names_have_files_of_their_own(tmp_path):
    """A slash in a name opens no folder, and meets no other name."""
    replays = make_replays({"worth/votes": CURVES["worth"], "worth-votes": CURVES["worth"]})
    paths = write_simulation(_summarise(replays, reference="worth-votes"), tmp_path)
    assert {path.name for path in paths[2:]} == {"curve-worth+votes.csv", "curve-worth-votes.csv"}


def test_equal_replays_give_equal_bytes(tmp_path):
    """Neither clock nor chance is in the files."""
    rng = np.random.default_rng(0)
    replays = make_replays(CURVES, clips=50, rng=rng)
    first, second = (
        write_simulation(_summarise(replays), tmp_path / name) for name in ("first", "second")
    )
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]
