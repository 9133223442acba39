"""How the opinions page puts its numbers into words."""

from dataclasses import replace
from math import nan

import pytest

from pipelines.report.opinions.content import Estimate
from pipelines.report.opinions.testing import build_sample_opinions
from pipelines.report.opinions.wording import (
    write_degree,
    write_group_sentence,
    write_leaning,
    write_sentence,
    write_tiles,
    write_verdict,
)

CONTENT = build_sample_opinions()
(GROUP,) = CONTENT.groups


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (Estimate(nan, nan, nan), "Nothing to compare"),
        (Estimate(0.05, -0.02, 0.1), "No agreement beyond chance"),
        (Estimate(0.28, 0.27, 0.29), "People often disagree"),
        (Estimate(0.5, 0.49, 0.51), "Partial agreement"),
        (Estimate(0.7, 0.65, 0.75), "People largely agree"),
        (Estimate(0.9, 0.85, 0.95), "People agree"),
    ],
)
def test_degree_follows_alpha_and_its_interval(alpha, words):
    """An interval that reaches chance is no agreement, whatever the estimate."""
    assert write_degree(alpha) == words


def test_verdict_of_several_groups_is_their_range():
    """Groups are never averaged."""
    other = replace(GROUP, alpha=Estimate(0.2, 0.1, 0.3))
    content = replace(CONTENT, groups=(GROUP, other))
    assert write_verdict(content) == "Agreement from α\N{NO-BREAK SPACE}.20 to .42"
    assert write_sentence(content).startswith("2,400 votes of all corpora in 2 groups")


@pytest.mark.parametrize(
    ("annotators", "words"),
    [
        ((), "All votes are anonymous, so no single annotator can be judged."),
        (GROUP.annotators[3:4], "The only annotator can be trusted."),
        (GROUP.annotators[3:6], "All 3 annotators can be trusted."),
        (GROUP.annotators[:4], "Of 4 annotators, 1 can be trusted; 1 to exclude, 1 to retrain"),
    ],
    ids=["anonymous", "one", "all", "some"],
)
def test_sentence_says_whom_to_trust(annotators, words):
    """Whose votes to trust stands in the headline sentence."""
    assert words in write_group_sentence(replace(GROUP, annotators=annotators))


def test_tiles_are_the_six_figures():
    """Votes, clips, annotators, ties, alpha and convergence."""
    tiles = {tile.label: tile for tile in write_tiles(GROUP)}
    assert len(tiles) == 6
    assert tiles["Clips"].value == "240"
    assert tiles["Ties"].detail.startswith("8\N{NO-BREAK SPACE}% of clips")
    assert tiles["Consensus"].value == "converged"


def test_mixed_names_and_counts_are_told_apart():
    """A tile of named annotators says how many votes have no name."""
    tiles = {tile.label: tile for tile in write_tiles(replace(GROUP, anonymous=300))}
    assert tiles["Annotators"].detail == "named; 300 votes more without a name"


def test_leaning_names_the_class_and_the_share():
    """Who cannot be judged leans nowhere."""
    assert write_leaning(GROUP.annotators[0]) == "anger +.12"
    assert write_leaning(GROUP.annotators[-1]) == "–"
