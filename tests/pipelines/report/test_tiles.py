"""The figures under the headline."""

from dataclasses import replace

from pipelines.report.testing import build_sample_content
from pipelines.report.tiles import write_tiles


def test_arm_tile_shows_the_change_since_the_last_round():
    """The active arm's tile says how far it moved."""
    tile = write_tiles(build_sample_content())[0]
    assert (tile.value, tile.detail.split(" · ")[1]) == (".62", "+.03 since round 4")


def test_first_round_is_read_against_chance():
    """Without a previous round the tile names the chance level instead."""
    assert write_tiles(build_sample_content(rounds=1))[0].detail.endswith("chance .17")


def test_unknown_figures_are_not_made_up():
    """Without curve and votes the tiles say n/a and none."""
    empty = replace(build_sample_content(), curve=(), confusion=None, consensus=None)
    assert [tile.value for tile in write_tiles(empty)] == ["n/a", "n/a", "0", "n/a"]


def test_corpus_without_intended_labels():
    """A share that does not exist is n/a, with the reason beside it."""
    content = build_sample_content()
    bare = replace(content, consensus=replace(content.consensus, intended_share=None))
    tile = write_tiles(bare)[3]
    assert (tile.value, tile.detail) == ("n/a", "corpus has no intended label · 16 ties")


def test_simulated_votes_are_named_so():
    """Votes no human cast are labelled on their tile."""
    assert write_tiles(build_sample_content())[2].label == "Simulated votes"
