"""The world that strategies are replayed in."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.simulate import SimulatedAnnotators
from pipelines.errors import NothingToDoError
from pipelines.simulation.world import build_world
from tests.pipelines.simulation.testing import CLASSES, make_world


def test_votes_are_those_that_were_paid_for() -> None:
    """Each clip shows its first votes and no other, sorted as a vote matrix must be."""
    world, _ = make_world(clips=60)
    count = np.arange(len(world.clip_ids)) % 4
    matrix = world.votes(count)
    assert matrix.clips == tuple(np.array(world.clip_ids)[count > 0])
    assert matrix.clip_counts().tolist() == count[count > 0].tolist()
    keys = list(
        zip(matrix.clip_index, matrix.annotator_index, matrix.label_index, strict=True),
    )
    assert keys == sorted(keys)
    at = matrix.clips.index(world.clip_ids[3])
    heard = matrix.label_index[matrix.clip_index == at]
    assert sorted(heard) == sorted(world.label[3, :3])


def test_further_votes_leave_the_earlier_as_they_were() -> None:
    """Equal seeds draw equal votes, however many a clip can have."""
    few, many = make_world(votes=2)[0], make_world(votes=5)[0]
    assert (few.label == many.label[:, :2]).all()
    assert (few.who == many.who[:, :2]).all()


def test_time_is_that_of_the_votes_cast() -> None:
    """Votes that nobody asked for take no time."""
    world, _ = make_world()
    count = np.zeros(len(world.clip_ids), int)
    assert world.seconds(count) == 0
    count[5] = 2
    assert world.seconds(count) == pytest.approx(world.lead_s[5, :2].sum())


def test_test_speakers_are_no_part_of_the_pool() -> None:
    """Nothing of them can be asked about, and all of them is judged."""
    world, _ = make_world(clips=60)
    assert len(world.clip_ids) == 40
    assert not set(world.clip_ids) & set(world.test_ids)
    counts = np.array(world.confusions(world.test_truth))
    assert counts.shape == (2, 9)
    assert counts.sum() == 20
    assert counts.reshape(2, 3, 3).trace(axis1=1, axis2=2).sum() == 20


def test_a_corpus_without_intended_emotions_is_refused() -> None:
    """Nobody can be simulated on a clip of which nothing is known; the corpus is named."""
    table = pa.table(
        {
            "clip_id": ["a", "b"],
            "corpus": ["toy", "toy"],
            "intended": ["joy", None],
            "speaker": ["s1", "s2"],
            "duration_s": [1.0, 2.0],
        }
    )
    group = SimulatedAnnotators.recruit(3, CLASSES, seed=0)
    with pytest.raises(NothingToDoError, match=r"1 of 2 clips of corpus `toy`"):
        build_world(table, CLASSES, ("s1",), group, most_votes=2)
