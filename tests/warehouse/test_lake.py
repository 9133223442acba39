"""A commit is one snapshot, or nothing, and can be repeated."""

import math
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse import (
    KeyConflictError,
    SchemaError,
    Shard,
    Warehouse,
    WarehouseError,
    find_table,
    queries,
    write_shard,
)
from warehouse.testing import make_rows


def _features(*clip_ids: str, frames: int = 1) -> pa.Table:
    count = len(clip_ids)
    return make_rows("features", clip_id=clip_ids, frames=[frames] * count, values=[[0.5]] * count)


def test_commit_reports_what_was_new(empty: Warehouse) -> None:
    """New rows are counted and one snapshot is made."""
    before = empty.snapshot
    done = empty.commit({"votes": make_rows("votes", vote_id=["a", "b"])}, message="two")
    assert (done.snapshot, dict(done.inserted)) == (before + 1, {"votes": 2})
    assert empty.snapshot == done.snapshot


def test_repeated_commit_changes_nothing(empty: Warehouse) -> None:
    """The same rows and shards again are skipped and make no snapshot."""
    rows = {"votes": make_rows("votes", vote_id=["a", "b"])}
    shards = [write_shard(empty.data_path, "features", _features("c/1", "c/2"))]
    first = empty.commit(rows, shards=shards, message="once")
    again = empty.commit(rows, shards=[*shards, *shards], message="twice")
    assert again.snapshot == first.snapshot
    assert dict(again.inserted) == {"votes": 0, "features": 0}
    assert dict(again.skipped) == {"votes": 2, "features": 2}
    assert queries.count_rows(empty)["features"] == 2


def test_stored_row_wins(empty: Warehouse) -> None:
    """A row whose key is stored is skipped, whatever it holds."""
    empty.commit({"votes": make_rows("votes", vote_id=["a"], label=["anger"])}, message="1")
    empty.commit({"votes": make_rows("votes", vote_id=["a"], label=["fear"])}, message="2")
    assert queries.select_effective_votes(empty).column("label").to_pylist() == ["anger"]


def test_conflict_writes_nothing(empty: Warehouse) -> None:
    """Conflicting rows in one table keep the other tables' rows out, too."""
    rows = {
        "feature_sets": make_rows("feature_sets", feature_set=["mel"]),
        "votes": make_rows("votes", vote_id=["a", "a"], label=["anger", "fear"]),
    }
    with pytest.raises(KeyConflictError, match="`vote_id` = 'a'"):
        empty.commit(rows, message="conflict")
    assert queries.count_rows(empty)["feature_sets"] == 0


def test_unknown_table_is_refused(empty: Warehouse) -> None:
    """Rows for a table that does not exist are refused."""
    with pytest.raises(SchemaError, match="unknown table `moods`"):
        empty.commit({"moods": make_rows("votes", vote_id=["a"])}, message="typo")


def test_shard_and_rows_appear_together(empty: Warehouse) -> None:
    """A shard that cannot be registered keeps the rows of its commit out."""
    shard = write_shard(empty.data_path, "features", _features("c/1"))
    Path(shard.path).unlink()
    rows = {"votes": make_rows("votes", vote_id=["a"])}
    with pytest.raises(WarehouseError, match=r"cannot commit `half`: .*No files found"):
        empty.commit(rows, shards=[shard], message="half")
    assert queries.count_rows(empty)["votes"] == 0


def test_other_composition_is_refused(empty: Warehouse) -> None:
    """A key that is stored cannot come again in another shard."""
    shards = [
        write_shard(empty.data_path, "features", _features(*ids))
        for ids in (("c/1", "c/2"), ("c/2", "c/3"))
    ]
    empty.commit(shards=shards[:1], message="first")
    with pytest.raises(KeyConflictError, match=r"`clip_id` = 'c/2'.* already stored"):
        empty.commit(shards=shards[1:], message="overlap")
    assert queries.count_rows(empty)["features"] == 2


def test_a_part_of_what_is_stored_is_skipped(empty: Warehouse) -> None:
    """A shard whose every key is stored brings nothing new, whichever shard they came in."""
    empty.commit(
        shards=[write_shard(empty.data_path, "features", _features("c/1", "c/2"))], message="all"
    )
    part = write_shard(empty.data_path, "features", _features("c/2", frames=2))
    done = empty.commit(shards=[part], message="part")
    assert (dict(done.inserted), dict(done.skipped)) == ({"features": 0}, {"features": 1})


def test_a_commit_opens_only_files_that_its_keys_could_be_in(empty: Warehouse) -> None:
    """What a commit costs does not grow with the lake: files far from its keys are not read."""
    shards = [
        write_shard(empty.data_path, "features", _features(*ids))
        for ids in (("a/1", "a/9"), ("b/1", "b/9"))
    ]
    empty.commit(shards=shards[:1], message="far")
    empty.commit({"clips": _many_clips("a")}, message="far")
    for path in Path(empty.data_path).rglob("*.parquet"):
        if path != Path(shards[1].path):
            path.write_bytes(b"unreadable")
    done = empty.commit({"clips": _many_clips("b")}, shards=shards[1:], message="near")
    assert dict(done.inserted) == {"features": 2, "clips": 50}


def _many_clips(corpus: str) -> pa.Table:
    # More rows than DuckLake keeps in the catalog itself.
    return make_rows("clips", clip_id=[f"{corpus}/{index:02d}" for index in range(50)])


def test_overlapping_shards_are_refused(empty: Warehouse) -> None:
    """Two new shards of one commit cannot share a key."""
    shards = [
        write_shard(empty.data_path, "features", _features("c/1", frames=frames))
        for frames in (1, 2)
    ]
    with pytest.raises(KeyConflictError, match=r"`clip_id` = 'c/1'.* in another shard"):
        empty.commit(shards=shards, message="overlap")
    assert queries.count_rows(empty)["features"] == 0


def test_rows_of_a_shard_table_are_not_doubled(empty: Warehouse) -> None:
    """Rows given directly are skipped if a shard of the same commit holds their key."""
    shard = write_shard(empty.data_path, "features", _features("c/1"))
    done = empty.commit({"features": _features("c/1", "c/2")}, shards=[shard], message="both")
    assert dict(done.inserted) == {"features": 2}
    assert queries.count_rows(empty)["features"] == 2


def test_foreign_shard_is_refused(empty: Warehouse, tmp_path: Path) -> None:
    """A shard below another data path is refused with both paths."""
    shard = Shard("features", f"{tmp_path}/elsewhere/a.parquet", "a", 1)
    with pytest.raises(WarehouseError, match="lies outside `data_path`"):
        empty.commit(shards=[shard], message="foreign")


def test_message_is_recorded(empty: Warehouse) -> None:
    """The snapshot carries author and message, quotes and all."""
    done = empty.commit({"votes": make_rows("votes", vote_id=["a"])}, message="it's round 1")
    row = empty._connection.execute(
        "SELECT author, commit_message FROM ducklake_snapshots('lake') WHERE snapshot_id = ?",
        [done.snapshot],
    ).fetchone()
    assert row == ("serloop", "it's round 1")


def test_every_table_round_trips(empty: Warehouse) -> None:
    """Awkward values of every type come back equal, from the catalog and from Parquet."""
    awkward = {
        "clip_id": ['c/it\'s "q" \x00 \U0001f600', "c/\n,[]{}"],
        "transcript": ["NULL", ""],
        "snr_db": [float("inf"), None],
        "level_dbfs": [-0.0, 5e-324],
        "source_bytes": [2**63 - 1, -(2**63)],
    }
    rows = make_rows("clips", **awkward)
    many = make_rows("clips", clip_id=[f"d/{index:02d}" for index in range(50)])
    empty.commit({"clips": rows}, message="inlined")
    empty.commit({"clips": many}, message="in Parquet")
    stored = queries.select_clips(empty)
    assert stored.equals(pa.concat_tables([rows, many]).sort_by("clip_id"))


_REALS = st.none() | st.floats(allow_nan=False)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_ROWS = st.lists(
    st.tuples(
        _TEXTS,
        st.none() | _TEXTS,
        _REALS,
        st.none() | st.datetimes(datetime(1678, 1, 1), datetime(2261, 1, 1)),
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda row: row[0],
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=_ROWS)
def test_any_vote_round_trips(empty: Warehouse, rows: list[tuple[object, ...]]) -> None:
    """Any text, number and instant comes back equal."""
    ids, labels, reals, instants = (list(column) for column in zip(*rows, strict=True))
    clip = f"c/{empty.snapshot}"
    votes = make_rows(
        "votes",
        vote_id=[f"{clip}:{text}" for text in ids],
        clip_id=[clip] * len(rows),
        label=labels,
        arousal=reals,
        cast_at=[None if at is None else at.replace(tzinfo=UTC) for at in instants],
    )
    empty.commit({"votes": votes}, message="any")
    stored = queries.select_effective_votes(empty, clip_ids=[clip])
    by_id = {row["vote_id"]: row for row in votes.to_pylist()}
    assert {row["vote_id"]: row for row in stored.to_pylist()} == by_id


def test_nan_is_kept(empty: Warehouse) -> None:
    """NaN is a value of its own, apart from null, also inside lists."""
    rows = make_rows(
        "annotators", run_id=["r"], annotator=["a"], skill=[math.nan], confusion=[[math.nan, 1.0]]
    )
    empty.commit({"annotators": rows}, message="undefined")
    stored = queries.select_annotators(empty, "r").to_pylist()[0]
    assert math.isnan(stored["skill"])
    assert math.isnan(stored["confusion"][0])


def test_tables_share_one_snapshot(empty: Warehouse) -> None:
    """Rows of several tables appear in one snapshot."""
    rows = {
        name: make_rows(name, **{find_table(name).key[0]: ["k"]}) for name in ("votes", "models")
    }
    before = empty.snapshot
    assert empty.commit(rows, message="both").snapshot == before + 1
