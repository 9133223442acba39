"""Every named read returns what its docstring promises."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from warehouse import TABLES, SchemaError, Warehouse, queries
from warehouse.queries.read import read
from warehouse.statements import list_statements
from warehouse.testing import build_warehouse, make_rows

_SEEN = pa.table(
    {
        "position": [0],
        "path": ["new.wav"],
        "native_id": ["new"],
        "source_bytes": [9],
        "source_mtime_ns": [9],
    }
)
_ARGUMENTS = {
    "compare_sources": ("toy", _SEEN),
    "compare_vanished": ("toy", _SEEN),
    "select_features": ("toy-mel",),
    "select_clips_without_features": ("other-mel",),
    "select_clip_consensus": ("toy/000",),
    "select_clip_features": ("toy/000",),
    "select_clip_predictions": ("toy/000",),
    "select_consensus": ("run",),
    "select_annotators": ("run",),
    "select_vote_order": (["toy/000"],),
    "select_gate_checks": ("toy-gate",),
    "select_predictions": ("model",),
    "select_last_kept_snapshot": (0,),
}
_READS = {
    name: function
    for name, function in inspect.getmembers(queries, inspect.isfunction)
    if not name.startswith("_")
}


@pytest.mark.parametrize("name", list_statements("queries"))
def test_every_statement_is_read_by_its_function(toy: Warehouse, name: str) -> None:
    """Each .sql file has a function of its name, and finds rows in a filled lake."""
    select: Callable[..., pa.Table] = _READS[name]
    assert len(select(toy, *_ARGUMENTS.get(name, ()))) > 0


def test_every_function_has_a_statement() -> None:
    """No function reads without a named statement."""
    assert set(_READS) == set(list_statements("queries"))


def test_unexpected_columns_are_refused(toy: Warehouse) -> None:
    """A statement that drifts from its schema fails loudly."""
    with pytest.raises(SchemaError, match="query `select_rounds` returned"):
        read(toy, "select_rounds", pa.schema([]), campaign=None)


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a toy lake in which clip 1 was ingested again, with other features."""
    warehouse = build_warehouse(tmp_path_factory.mktemp("lived-in"))
    again = {"clip_id": ["toy/001"], "revision": [2]}
    other = {"corpus": ["other"], "clip_id": ["other/1"]}
    warehouse.commit(
        {
            "clips": make_rows("clips", **again, corpus=["toy"], path=["001.wav"]),
            "features": make_rows("features", **again, feature_set=["toy-mel"], values=[[7.0]]),
            "waveforms": make_rows("waveforms", **again, samples=[1], pcm16=[b"ab"]),
        },
        message="second take",
    )
    warehouse.commit(
        {
            "clips": make_rows("clips", **other),
            "votes": make_rows("votes", vote_id=["x"], clip_id=["other/1"], source=["crowd"]),
        },
        message="other corpus",
    )
    return warehouse


def test_current_revision_is_read(lived_in: Warehouse) -> None:
    """Clips, features and audio come from the highest revision only."""
    clips = queries.select_clips(lived_in, corpus="toy")
    assert clips.column("revision").to_pylist() == [1, 2, 1, 1, 1, 1]
    features = queries.select_features(lived_in, "toy-mel", ["toy/001", "toy/000", "toy/404"])
    assert features.column("clip_id").to_pylist() == ["toy/000", "toy/001"]
    assert features.column("values")[1].as_py() == [7.0]
    assert queries.select_waveforms(lived_in, ["toy/001"]).column("pcm16").to_pylist() == [b"ab"]


def test_features_of_an_old_revision_do_not_stand_in(lived_in: Warehouse) -> None:
    """A clip whose newest revision has no features has none."""
    new = {"clip_id": ["toy/002"], "revision": [2]}
    lived_in.commit({"clips": make_rows("clips", **new, corpus=["toy"])}, message="third take")
    assert queries.select_features(lived_in, "toy-mel", ["toy/002"]).num_rows == 0


def test_no_clip_ids_means_none_not_all(toy: Warehouse) -> None:
    """An empty selection is empty."""
    assert queries.select_features(toy, "toy-mel", []).num_rows == 0
    assert queries.select_waveforms(toy, []).num_rows == 0
    assert queries.select_effective_votes(toy, clip_ids=[]).num_rows == 0


def test_votes_are_told_in_the_order_they_came(empty: Warehouse) -> None:
    """Whatever their ids, and across commits; those on other clips are left out."""
    for names in (["c", "b"], ["d"], ["a", "e"]):
        clips = ["toy/2" if name == "d" else "toy/1" for name in names]
        votes = make_rows("votes", vote_id=names, clip_id=clips)
        empty.commit({"votes": votes}, message="votes")
    order = queries.select_vote_order(empty, ["toy/1"])["vote_id"].to_pylist()
    assert set(order[:2]) == {"b", "c"}
    assert set(order[2:]) == {"a", "e"}


def test_superseded_and_retracted_votes_do_not_stand(toy: Warehouse) -> None:
    """Of clip 0 only the correction and the anonymous count are left."""
    votes = queries.select_effective_votes(toy, clip_ids=["toy/000"])
    assert votes.column("vote_id").to_pylist() == ["anonymous", "correction"]


def test_the_ledger_keeps_superseded_and_retracted_votes(toy: Warehouse) -> None:
    """Of clip 0 both first votes, what came of them and the anonymous count are there."""
    rows = queries.select_ledger(toy, ["toy/000"])
    assert rows.column("vote_id").to_pylist() == [
        "ann:toy/000",
        "anonymous",
        "bob:toy/000",
        "correction",
        "retraction",
    ]
    assert queries.select_ledger(toy, []).num_rows == 0


def test_the_remarks_of_one_source_are_read_by_reference(empty: Warehouse) -> None:
    """Remarks on one annotation stand together; other sources are left out."""
    said = make_rows(
        "remarks",
        remark_id=["a", "b", "c"],
        source=["label-studio", "label-studio", "other"],
        source_ref=["1/8", "1/7", "1/1"],
    )
    empty.commit({"remarks": said}, message="remarks")
    found = queries.select_remarks(empty, source="label-studio")
    assert found.column("remark_id").to_pylist() == ["b", "a"]
    assert queries.select_remarks(empty).num_rows == 3


def test_the_quarantine_of_one_source_is_read_in_the_order_of_its_file(empty: Warehouse) -> None:
    """What has no row comes first; other sources are left out."""
    refused = make_rows(
        "quarantine",
        quarantine_id=["a", "b", "c", "d"],
        source=["v.csv", "v.csv", "v.csv", "other"],
        row=[2, 1, None, 1],
    )
    empty.commit({"quarantine": refused}, message="refused rows")
    found = queries.select_quarantine(empty, source="v.csv")
    assert found.column("quarantine_id").to_pylist() == ["c", "b", "a"]
    assert queries.select_quarantine(empty).num_rows == 4


def test_retracting_a_correction_restores_nothing(empty: Warehouse) -> None:
    """A vote, its correction, and the correction's retraction leave no vote."""
    chain = make_rows(
        "votes",
        vote_id=["a", "b", "c"],
        supersedes=[None, "a", "b"],
        is_retraction=[False, False, True],
    )
    empty.commit({"votes": chain}, message="chain")
    assert queries.select_effective_votes(empty).num_rows == 0


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 13),
        ({"corpus": "toy"}, 12),
        ({"corpus": "to"}, 0),
        ({"corpus": "other"}, 1),
        ({"taxonomy": "toy-3"}, 12),
        ({"modality": "audio"}, 12),
        ({"modality": "video"}, 0),
        ({"corpus": "toy", "clip_ids": ["toy/001", "other/1"]}, 2),
    ],
    ids=["all", "corpus", "prefix of a name", "other", "taxonomy", "audio", "video", "clips"],
)
def test_votes_are_filtered(lived_in: Warehouse, wanted: dict[str, str], count: int) -> None:
    """Each filter narrows the votes, and all hold together."""
    assert queries.select_effective_votes(lived_in, **wanted).num_rows == count


def see(*files: tuple[str, int]) -> pa.Table:
    """Return what a scan saw: paths and sizes, all files one second old."""
    paths = [path for path, _ in files]
    return pa.table(
        {
            "position": range(len(files)),
            "path": paths,
            "native_id": [path.removesuffix(".wav") for path in paths],
            "source_bytes": [size for _, size in files],
            "source_mtime_ns": [1] * len(files),
        }
    )


def test_a_file_of_known_size_and_time_is_no_change(toy: Warehouse) -> None:
    """What differs comes back with the contents that need no decoding and the next numbers."""
    seen = see(("000.wav", 1), ("001.wav", 2), ("new.wav", 1))
    changed, new = queries.compare_sources(toy, "toy", seen).to_pylist()
    expected = {"position": 1, "is_known": True, "observation": 2, "revision": 2}
    assert changed == expected | {"contents": [f"{1:064x}"]}
    assert new == {
        "position": 2, "is_known": False, "contents": [], "observation": 1, "revision": 1
    }  # fmt: skip


def test_a_moved_file_keeps_the_content_of_its_clip(toy: Warehouse) -> None:
    """Another path with the same native id knows what the clip holds."""
    seen = see(("000.wav", 1)).set_column(1, "path", [["elsewhere/000.wav"]])
    (moved,) = queries.compare_sources(toy, "toy", seen).to_pylist()
    assert (moved["is_known"], moved["contents"]) == (True, [f"{0:064x}"])
    assert (moved["observation"], moved["revision"]) == (1, 2)


def test_files_that_are_gone_get_a_row_each(toy: Warehouse) -> None:
    """Only files that were present can vanish, and they keep what was known of them."""
    seen = see(*((f"{index:03d}.wav", 1) for index in range(1, 6)))
    (gone,) = queries.compare_vanished(toy, "toy", seen).to_pylist()
    assert (gone["path"], gone["state"], gone["observation"]) == ("000.wav", "vanished", 2)
    assert gone["audio_sha256"] == f"{0:064x}"


@pytest.mark.parametrize(("source", "received"), [(None, [3, 2]), ("toy", [3, 2]), ("x", [0, 0])])
def test_asks_count_votes(toy: Warehouse, source: str | None, received: list[int]) -> None:
    """An ask carries its round and the votes its clip has, of one source if named."""
    asks = queries.select_asks(toy, campaign="toy", sources=None if source is None else [source])
    assert asks.column("votes_received").to_pylist() == received
    assert asks.column("number").to_pylist() == [1, 1]
    assert queries.select_asks(toy, campaign="none").num_rows == 0


def test_who_skipped_a_clip_has_not_answered(tmp_path: Path) -> None:
    """A skip is a row of the ledger, yet the ask still lacks its vote."""
    toy = build_warehouse(tmp_path)
    asked = queries.select_asks(toy, campaign="toy")["clip_id"][0].as_py()
    row = {"clip_id": [asked], "source": ["label-studio"], "source_ref": ["p/1"]}
    rows = {
        "votes": make_rows("votes", vote_id=["skip"], taxonomy=["toy-3"], count=[1], **row),
        "remarks": make_rows("remarks", remark_id=["skip"], abstention=["skipped"], **row),
    }
    rows["votes"] = rows["votes"].set_column(
        rows["votes"].schema.get_field_index("cast_at"), "cast_at", rows["remarks"]["cast_at"]
    )
    toy.commit(rows, message="a skip")
    asks = queries.select_asks(toy, campaign="toy")
    assert asks.column("votes_received").to_pylist() == [3, 2]


def test_a_withdrawn_ask_wants_no_more_than_it_has(tmp_path: Path) -> None:
    """Its votes still count; without any there is no ask."""
    toy = build_warehouse(tmp_path)
    ask_ids = queries.select_asks(toy, campaign="toy")["ask_id"].to_pylist()
    toy.commit({"withdrawals": make_rows("withdrawals", ask_id=ask_ids)}, message="withdraw")
    found = queries.select_asks(toy, campaign="toy")
    assert found["votes_wanted"].to_pylist() == [
        min(wanted, received)
        for wanted, received in zip(
            found["votes_wanted"].to_pylist(), found["votes_received"].to_pylist(), strict=True
        )
    ]
    assert queries.select_asks(toy, campaign="toy", sources=["nobody"]).num_rows == 0


def test_rows_of_every_table_are_counted(toy: Warehouse) -> None:
    """None is left out: a restore is held to them."""
    counted = queries.count_rows(toy)
    stored = {name: len(toy._connection.table(f"lake.main.{name}")) for name in TABLES}
    assert counted == stored
    assert all(counted.values())


def test_corpora_are_summed_up(toy: Warehouse) -> None:
    """Counts are of current clips and standing votes."""
    totals = {"clips": 6, "rejects": 1, "speakers": 2, "hours": 6 * 1.5 / 3600, "votes": 13}
    assert queries.summarise_corpora(toy).to_pylist() == [{"corpus": "toy", **totals}]


def test_votes_are_summed_up(toy: Warehouse) -> None:
    """Anonymous votes add to the votes and not to the annotators."""
    (row,) = queries.summarise_votes(toy).to_pylist()
    assert (row["votes"], row["clips"], row["annotators"]) == (13, 6, 2)


def test_transcripts_of_current_clips_are_read_in_the_order_of_their_editions(
    tmp_path: Path,
) -> None:
    """What was said of an older revision of a clip is left out."""
    said = make_rows(
        "transcripts",
        clip_id=["toy/001"] * 4,
        revision=[1, 1, 1, 7],
        source=["recogniser:b-1", "file:a.csv", "recogniser:a-1", "file:a.csv"],
        edition=[1, 1, 2, 1],
        text=["one", "three", None, "gone"],
    )
    with build_warehouse(tmp_path) as lake:
        lake.commit({"transcripts": said}, message="said")
        found = queries.select_transcripts(lake, corpus="toy").to_pylist()
        assert queries.select_transcripts(lake, corpus="to").num_rows == 0
    assert [row["text"] for row in found] == ["go away", "three", "one", None]


def test_the_latest_words_of_an_answer_that_stands_are_heard(empty: Warehouse) -> None:
    """Answers that were edited or withdrawn take their words with them."""
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4, 5)]
    cast = {
        "vote_id": ["old", "new", "gone", "other", "back"],
        "clip_id": ["toy/a"] * 5,
        "source_ref": ["1/1", "1/1", "1/2", "1/3", "1/2"],
        "cast_at": times,
        "supersedes": [None, "old", None, None, "gone"],
        "is_retraction": [False, False, False, False, True],
        "count": [1] * 5,
    }
    skipped = {"remark_id": "skip", "source_ref": "1/9", "cast_at": times[0], "clip_id": "toy/b"}
    remarks = [
        {"remark_id": "old", "source_ref": "1/1", "cast_at": times[0], "transcript": "first"},
        {"remark_id": "new", "source_ref": "1/1", "cast_at": times[1], "transcript": "second"},
        {"remark_id": "gone", "source_ref": "1/2", "cast_at": times[2], "transcript": "third"},
        {"remark_id": "other", "source_ref": "1/3", "cast_at": times[3], "comment": "noise"},
        {**skipped, "transcript": "skipped"},
    ]
    names = ("remark_id", "clip_id", "source_ref", "cast_at", "transcript", "comment")
    said = {name: [row.get(name) for row in remarks] for name in names}
    said["clip_id"] = [row.get("clip_id", "toy/a") for row in remarks]
    rows = {"votes": make_rows("votes", **cast), "remarks": make_rows("remarks", **said)}
    empty.commit(rows, message="answers")
    found = queries.select_heard_words(empty, corpus="toy").to_pylist()
    assert [(row["clip_id"], row["transcript"]) for row in found] == [
        ("toy/a", "second"),
        ("toy/b", "skipped"),
    ]
    assert queries.select_heard_words(empty, corpus="other").num_rows == 0
