"""Replays become counts on a grid of votes, and what contradicts itself is refused."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.errors import PipelineError
from pipelines.simulation.tally import MOST_POINTS, tally_replays
from tests.pipelines.simulation.testing import CLASSES, SECONDS, make_replays

CURVE = (0.5, 0.6, 0.7, 0.8)


def _tally(replays):
    return tally_replays(replays, len(CLASSES))


def test_sets_of_speakers_are_pooled():
    """Every speaker of the corpus is in one row, whichever set tested it."""
    found = _tally(make_replays({"a": CURVE}, folds=((2, 3), (1,))))
    assert found.speakers == ("speaker-1", "speaker-2", "speaker-3")
    assert found.clips.tolist() == [[1000] * 3] * 3
    assert found["a"].hits[0, 0, 0].tolist() == [500, 600, 700, 800]


def test_between_checkpoints_counts_are_interpolated():
    """Replays with other grids meet on one, which holds every number of votes of theirs."""
    replays = make_replays({"a": CURVE}, seeds=1)
    other = make_replays({"a": ((100, 250, 400), (0.5, 0.6, 0.8))}, seeds=1)
    found = _tally([*(one for one in replays if one.fold == 0 or one.strategy != "a"), other[2]])
    assert found["a"].votes.tolist() == [100, 200, 250, 300, 400]
    assert found["a"].hits[0, 2, 0].round().tolist() == [500, 567, 600, 667, 800]


def test_no_replay_is_read_beyond_its_last_checkpoint():
    """A grid ends where the first of its replays does, and begins where the last begins."""
    replays = make_replays({"a": CURVE}, seeds=2)
    short = replace(replays[0], checkpoints=replays[0].checkpoints[1:3])
    assert _tally([short, *replays[1:]])["a"].votes.tolist() == [200, 300]


def test_strategies_keep_grids_of_their_own():
    """A strategy that asks three votes at a time is measured where it was."""
    found = _tally(make_replays({"a": CURVE, "b": ((90, 180), (0.5, 0.6))}))
    assert found["a"].votes.tolist() == [100, 200, 300, 400]
    assert found["b"].votes.tolist() == [90, 180]


def test_what_was_spent_is_the_mean_over_sets_of_speakers():
    """Votes are those of one campaign, and so are its clips and seconds."""
    found = _tally(make_replays({"a": CURVE}))["a"]
    assert found.clips[0].tolist() == [100, 200, 300, 400]
    assert found.seconds[0].tolist() == pytest.approx([SECONDS * votes for votes in found.votes])
    assert found.class_votes[0, :, 0].tolist() == [50, 50, 0]


def test_long_replays_are_thinned():
    """Of very many checkpoints the grid keeps first, last and some between."""
    votes = range(10, 2010, 10)
    found = _tally(make_replays({"a": (votes, np.linspace(0.3, 0.7, 200))}, seeds=1))["a"].votes
    assert (len(found), found[0], found[-1]) == (MOST_POINTS, 10, 2000)


def test_seeds_that_are_not_complete_are_left_out():
    """Of a simulation that was stopped, whole seeds count."""
    replays = make_replays({"a": CURVE, "b": CURVE}, seeds=3)
    found = _tally([one for one in replays if (one.strategy, one.seed, one.fold) != ("b", 1, 1)])
    assert (found.seeds, found.left_out) == ((0, 2), (1,))


def _without_full(replays):
    return [one for one in replays if one.strategy != "full"]


def _only_full(replays):
    return [one for one in replays if one.strategy == "full"]


def _halves(replays):
    return [one for one in replays if one.fold == 0 or one.strategy == "full"]


def _twice(replays):
    return [*replays, replays[0]]


def _falling(replays):
    return [replace(replays[0], checkpoints=replays[0].checkpoints[::-1]), *replays[1:]]


def _other_clips(replays):
    return [*_without_full(replays), *_only_full(make_replays({"a": CURVE}, clips=500))]


def _too_few_counts(replays):
    point = replace(replays[0].checkpoints[0], confusions=((1, 2),))
    return [replace(replays[0], checkpoints=(point,)), *replays[1:]]


def _apart(replays):
    later = make_replays({"a": ((900,), (0.8,))})
    return [*(one for one in replays if one.seed or one.strategy == "full"), *later[:1], later[2]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without_full, "needs replays of `full` and of at least one strategy.*those of `a`"),
        (_only_full, "at least one strategy, but was given those of `full`"),
        (_halves, "no seed of .0, 1, 2. is complete"),
        (_twice, "`speaker-1` is tested twice by `a` with seed 0"),
        (_falling, "`a`, seed 0, set 0 must have checkpoints of rising votes, but has .400, 300"),
        (_other_clips, "`a` were judged on other clips than those of `full`"),
        (_too_few_counts, "`a`, seed 0, does not count 3 × 3 classes of 2 speakers"),
        (_apart, "replays of `a` share no number of votes: one begins at 900, another ends at 400"),
    ],
)
def test_replays_that_make_no_summary_are_refused(change, message):
    """The message names the strategy, and what is wrong with it."""
    with pytest.raises(PipelineError, match=message):
        _tally(change(make_replays({"a": CURVE})))


def test_unknown_strategy_is_refused_with_the_known_ones():
    """Whoever asks for another is told which there are."""
    with pytest.raises(PipelineError, match="`c` was not simulated; there are `a`, `b`"):
        _tally(make_replays({"a": CURVE, "b": CURVE}))["c"]
