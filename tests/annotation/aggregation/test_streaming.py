"""Streaming updates against full refits, and what they leave alone."""

import numpy as np
import pyarrow as pa
import pytest

from annotation.aggregation import Consensus, DawidSkene, StreamingDawidSkene
from annotation.errors import AnnotationError, VoteError
from annotation.testing import LabelledVotes, fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("anger", "calm", "joy")
SMOOTHING = 1.0


def draw(seed: int, *, clips: int = 400, annotators: int = 12) -> LabelledVotes:
    """Return votes of annotators of unequal accuracy, about 170 each."""
    accuracy = np.clip(np.random.default_rng(seed).normal(0.75, 0.1, annotators), 0.4, 0.95)
    return make_votes(
        CLASSES,
        clips=clips,
        annotators=annotators,
        votes_per_clip=5,
        accuracy=accuracy.tolist(),
        seed=seed,
    )


def refit(table: pa.Table) -> Consensus:
    """Fit everything from the vote shares, to far below the tolerance compared at."""
    model = DawidSkene(smoothing=SMOOTHING, tolerance=1e-9, max_iterations=5000)
    return model.aggregate(build_vote_matrix(table, CLASSES))


@pytest.mark.parametrize("refit_below", [0, 20_000], ids=["warm", "short"])
@pytest.mark.parametrize("seed", range(6))
def test_the_posterior_is_that_of_a_full_refit(seed: int, refit_below: int) -> None:
    """Votes that come in five batches, with new clips and annotators, end within 1e-3."""
    drawn = draw(seed)
    order = np.random.default_rng(seed).permutation(drawn.table.num_rows)
    table = drawn.table.take(order)
    stream = StreamingDawidSkene(CLASSES, smoothing=SMOOTHING, refit_below=refit_below)
    for start, stop in zip(
        [0, 1880, 1900, 1950, 1990], [1880, 1900, 1950, 1990, 2000], strict=True
    ):
        assert stream.update(table.slice(start, stop - start)).converged
    expected, reached = refit(table), stream.consensus()
    assert reached.items == expected.items
    assert reached.annotators == expected.annotators
    np.testing.assert_allclose(reached.posterior, expected.posterior, atol=1e-3)
    np.testing.assert_allclose(reached.confusion, expected.confusion, atol=1e-3)
    np.testing.assert_array_equal(reached.votes, expected.votes)
    np.testing.assert_array_equal(reached.annotator_votes, expected.annotator_votes)


def test_what_a_vote_does_not_concern_stays_as_it_is() -> None:
    """In fifty groups with their own annotators, a vote in one leaves the others' bits alone."""
    parts = []
    for group in range(50):
        rows = draw(group, clips=60).table
        rename = {
            name: [f"{group:02d}-{value}" for value in rows[name].to_pylist()]
            for name in ("vote_id", "clip_id", "annotator")
        }
        for name, values in rename.items():
            index = rows.schema.get_field_index(name)
            rows = rows.set_column(index, rows.schema.field(index), pa.array(values))
        parts.append(rows)
    table = pa.concat_tables(parts)
    stream = StreamingDawidSkene(CLASSES, refit_below=0, tolerance=1e-3)
    stream.update(table)
    before = stream.consensus()
    rows = {"clip_id": ["07-testing/000003"], "annotator": ["07-annotator-002"]}
    done = stream.update(fill_votes(rows | {"label": ["joy"], "vote_id": ["new"]}))
    after = stream.consensus()
    others = np.array([not name.startswith("07-") for name in after.items])
    np.testing.assert_array_equal(before.posterior[others], after.posterior[others])
    assert 1 <= done.clips <= 60


def test_a_vote_given_again_changes_nothing() -> None:
    """A vote is known by its id, so a batch taken in twice is taken in once."""
    drawn = draw(1)
    stream = StreamingDawidSkene(CLASSES)
    stream.update(drawn.table)
    before = stream.consensus()
    again = stream.update(pa.concat_tables([drawn.table, drawn.table]))
    after = stream.consensus()
    assert (again.votes, again.ignored, again.clips) == (0, 4000, 0)
    np.testing.assert_array_equal(before.posterior, after.posterior)


@pytest.mark.parametrize("refit_below", [0, 20_000], ids=["warm", "short"])
def test_a_retracted_vote_is_as_if_it_had_never_been(refit_below: int) -> None:
    """Taking votes back, all those of one clip among them, equals a refit without them."""
    drawn = draw(2)
    stream = StreamingDawidSkene(CLASSES, smoothing=SMOOTHING, refit_below=refit_below)
    stream.update(drawn.table)
    stream.update(drawn.table.slice(0, 0), retracted=drawn.table.slice(0, 12))
    expected, reached = refit(drawn.table.slice(12)), stream.consensus()
    assert reached.items == expected.items
    np.testing.assert_allclose(reached.posterior, expected.posterior, atol=1e-3)


def test_the_state_is_a_fixed_point_even_where_there_are_several() -> None:
    """With few votes a class, a warm stream may end elsewhere, but where EM stays."""
    drawn = make_votes(CLASSES, clips=150, annotators=30, votes_per_clip=4, accuracy=0.55, seed=3)
    stream = StreamingDawidSkene(CLASSES, smoothing=SMOOTHING, refit_below=0)
    stream.update(drawn.table.slice(0, 580))
    assert stream.update(drawn.table.slice(580)).converged
    before = stream.posterior_of(drawn.clips)
    stream.update(drawn.table.slice(0, 0))
    np.testing.assert_allclose(stream.posterior_of(drawn.clips), before, atol=1e-3)


def test_an_empty_stream_is_defined() -> None:
    """No votes give no clips, and a question about one is refused."""
    stream = StreamingDawidSkene(CLASSES)
    assert stream.update(fill_votes({"clip_id": []})).converged
    assert stream.consensus().items == ()
    with pytest.raises(VoteError, match="clip `a` has no votes in the stream"):
        stream.posterior_of(["a"])


def test_another_modality_is_refused() -> None:
    """A stream holds one kind of judgement."""
    stream = StreamingDawidSkene(CLASSES)
    stream.update(fill_votes({"clip_id": ["a"], "label": ["joy"]}))
    seen = fill_votes({"clip_id": ["a"], "label": ["joy"], "modality": ["video"]})
    seen = seen.set_column(0, seen.schema.field(0), pa.array(["v"]))
    with pytest.raises(VoteError, match="are on `video`, but the stream holds `audio`"):
        stream.update(seen)


def test_votes_without_ids_are_refused() -> None:
    """Without ids nothing tells a new vote from a known one."""
    table = fill_votes({"clip_id": ["a"], "label": ["joy"]}).drop_columns(["vote_id"])
    with pytest.raises(VoteError, match=r"`votes` lacks \['vote_id'\]"):
        StreamingDawidSkene(CLASSES).update(table)


@pytest.mark.parametrize(("name", "value"), [("smoothing", 0.0), ("tolerance", 0.0)])
def test_parameters_out_of_range_are_refused(name: str, value: float) -> None:
    """A newcomer needs a prior, and propagation an end."""
    with pytest.raises(AnnotationError, match=f"`{name}` must be above 0"):
        StreamingDawidSkene(CLASSES, **{name: value})
