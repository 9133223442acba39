"""A small, seeded, defect-free warehouse and rows to put into one, for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from warehouse.schemas import find_table
from warehouse.shards import write_shard
from warehouse.warehouse import Warehouse, open_warehouse

CLASSES = ("anger", "neutral", "sadness")
_FRAMES, _BANDS = 5, 4
_SAMPLES = 320


def make_rows(table_name: str, **columns: Sequence[object]) -> pa.Table:
    """Return rows that fit a table, with neutral values in the columns not given.

    Args:
        table_name: The table.
        **columns: Values by column, all equally long, at least one.

    Returns:
        Rows in the table's schema; other columns are null where allowed, else `-`, 1, 0.0,
        False, empty or 1970.

    Example:
        >>> make_rows("feature_sets", feature_set=["a", "b"]).column("kind").to_pylist()
        ['-', '-']
    """
    schema = find_table(table_name).schema
    count = len(next(iter(columns.values())))
    return pa.table(
        {f.name: pa.array(columns.get(f.name, [_neutral(f)] * count), f.type) for f in schema},
        schema=schema,
    )


def _neutral(field: pa.Field) -> object:
    if field.nullable:
        return None
    kinds: tuple[tuple[bool, object], ...] = (
        (pa.types.is_string(field.type), "-"),
        (pa.types.is_integer(field.type), 1),
        (pa.types.is_floating(field.type), 0.0),
        (pa.types.is_boolean(field.type), False),
        (pa.types.is_binary(field.type), b""),
        (pa.types.is_list(field.type), []),
        (pa.types.is_timestamp(field.type), datetime.fromtimestamp(0, UTC)),
    )
    return next(value for matches, value in kinds if matches)


def build_warehouse(root: Path, *, clips: int = 6, seed: int = 0) -> Warehouse:
    """Build a warehouse with rows in every table; every check passes on it.

    The corpus `toy` has one vote per clip and annotator; of clip 0 one vote was corrected and one
    retracted, and an anonymous count of two was added.

    Args:
        root: Folder for the catalog and the data.
        clips: Number of clips, at least 2.
        seed: Seed of signals and votes.

    Returns:
        The open warehouse.
    """
    warehouse = open_warehouse(str(root / "catalog.sqlite"), str(root / "data"))
    generator = np.random.default_rng(seed)
    ids = [f"toy/{index:03d}" for index in range(clips)]
    shards = [
        write_shard(warehouse.data_path, name, rows)
        for name, rows in _signals(ids, generator).items()
    ]
    warehouse.commit(_sources(ids), shards=shards, message="toy clips")
    refused = make_rows("quarantine", source=["toy"], reason=["missing_clip_id"])
    remarks = make_rows(
        "remarks", clip_id=ids[:1], comment=["a door slams"], transcript=["go away"]
    )
    said = make_rows("transcripts", clip_id=ids[:1], source=["file:toy.csv"], text=["go away"])
    votes = {"votes": _votes(ids, generator), "quarantine": refused, "remarks": remarks}
    votes["transcripts"] = said
    warehouse.commit(votes, message="toy votes")
    warehouse.commit(_opinions(ids), message="toy consensus")
    warehouse.commit(_learning(ids), message="toy model")
    warehouse.commit(_labelling(ids), message="toy project")
    return warehouse


def _sources(ids: list[str]) -> Mapping[str, pa.Table]:
    count = len(ids)
    native = [clip_id.removeprefix("toy/") for clip_id in ids]
    return {
        "corpora": make_rows(
            "corpora", corpus=["toy"], version=["1"], taxonomy=["toy-3"], classes=[list(CLASSES)]
        ),
        "clips": make_rows(
            "clips",
            clip_id=ids,
            corpus=["toy"] * count,
            native_id=native,
            path=[f"{name}.wav" for name in native],
            # The last two are copies of one another.
            audio_sha256=_contents(count),
            speaker=[f"speaker-{index % 2}" for index in range(count)],
            intended=[CLASSES[index % len(CLASSES)] for index in range(count)],
            duration_s=[1.5] * count,
            speech_start_s=[0.25] * count,
            speech_end_s=[1.25] * count,
        ),
        "sources": make_rows(
            "sources",
            corpus=["toy"] * count,
            path=[f"{name}.wav" for name in native],
            state=["present"] * count,
            audio_sha256=_contents(count),
        ),
        "duplicates": make_rows(
            "duplicates", clip_id=ids[:1], other_id=ids[1:2], kind=["near"], similarity=[0.9]
        ),
        "comparisons": make_rows("comparisons", clip_id=ids[:1]),
        "rejects": make_rows("rejects", corpus=["toy"], path=["broken.wav"], reason=["truncated"]),
        "feature_sets": make_rows("feature_sets", feature_set=["toy-mel"], parameters=["{}"]),
    }


def _contents(count: int) -> list[str]:
    return [f"{min(index, count - 2):064x}" for index in range(count)]


def _signals(ids: list[str], generator: np.random.Generator) -> Mapping[str, pa.Table]:
    count = len(ids)
    frames = generator.normal(size=(count, _FRAMES * _BANDS)).astype(np.float32)
    samples = generator.integers(-1000, 1000, size=(count, _SAMPLES), dtype=np.int16)
    return {
        "features": make_rows(
            "features",
            clip_id=ids,
            feature_set=["toy-mel"] * count,
            frames=[_FRAMES] * count,
            bands=[_BANDS] * count,
            values=list(frames),
        ),
        "waveforms": make_rows(
            "waveforms",
            clip_id=ids,
            sample_rate=[16000] * count,
            samples=[_SAMPLES] * count,
            pcm16=[row.astype("<i2").tobytes() for row in samples],
            fingerprint=[row.astype("<i2").tobytes()[:16] for row in samples],
        ),
    }


def _votes(ids: list[str], generator: np.random.Generator) -> pa.Table:
    cast: list[dict[str, object]] = [
        {"vote_id": f"{who}:{clip_id}", "clip_id": clip_id, "annotator": who, "label": label}
        for clip_id in ids
        for who, label in zip(("ann", "bob"), generator.choice(CLASSES, size=2), strict=True)
    ]
    first = ids[0]
    later: list[dict[str, object]] = [
        {"vote_id": "correction", "annotator": "ann", "supersedes": f"ann:{first}"},
        {"vote_id": "retraction", "annotator": "bob", "supersedes": f"bob:{first}"},
        {"vote_id": "anonymous", "annotator": None, "count": 2},
    ]
    cast += [{"clip_id": first, "label": "anger", **row} for row in later]
    names = ("vote_id", "clip_id", "annotator", "label", "supersedes")
    return make_rows(
        "votes",
        **{name: [row.get(name) for row in cast] for name in names},
        modality=["audio"] * len(cast),
        taxonomy=["toy-3"] * len(cast),
        source=["toy"] * len(cast),
        count=[row.get("count", 1) for row in cast],
        is_retraction=[row["vote_id"] == "retraction" for row in cast],
    )


def _opinions(ids: list[str]) -> Mapping[str, pa.Table]:
    count = len(ids)
    return {
        "consensus_runs": make_rows(
            "consensus_runs",
            run_id=["run"],
            taxonomy=["toy-3"],
            classes=[list(CLASSES)],
            modality=["audio"],
        ),
        "consensus": make_rows(
            "consensus",
            run_id=["run"] * count,
            clip_id=ids,
            modality=["audio"] * count,
            posterior=[[0.5, 0.25, 0.25]] * count,
            label=["anger"] * count,
        ),
        "annotators": make_rows(
            "annotators", run_id=["run"] * 2, annotator=["ann", "bob"], modality=["audio"] * 2
        ),
    }


def _learning(ids: list[str]) -> Mapping[str, pa.Table]:
    count = len(ids)
    return {
        "models": make_rows(
            "models", model_id=["model"], taxonomy=["toy-3"], classes=[list(CLASSES)]
        ),
        "evaluations": make_rows("evaluations", evaluation_id=["eval"], model_id=["model"]),
        "metrics": make_rows("metrics", evaluation_id=["eval"], metric=["uar"]),
        "predictions": make_rows(
            "predictions",
            model_id=["model"] * count,
            clip_id=ids,
            posterior=[[0.5, 0.25, 0.25]] * count,
            embedding=[[0.0, 1.0]] * count,
        ),
        "trials": make_rows(
            "trials",
            trial_id=["study/0"],
            study=["study"],
            number=[0],
            state=["complete"],
            objective=[0.5],
            fold_values=[[0.25, 0.75]],
        ),
        "rounds": make_rows("rounds", round_id=["round"], campaign=["toy"], model_id=["model"]),
        "asks": make_rows(
            "asks", ask_id=["a0", "a1"], round_id=["round"] * 2, clip_id=ids[:2], arm=["active"] * 2
        ),
    }


def _labelling(ids: list[str]) -> Mapping[str, pa.Table]:
    project = ["toy-00c0ffee"]
    return {
        "projects": make_rows(
            "projects",
            project=project,
            campaign=["toy"],
            corpus=["toy"],
            taxonomy=["toy-3"],
            classes=[list(CLASSES)],
            choices=["{}"],
        ),
        "tasks": make_rows("tasks", project=project, clip_id=ids[:1]),
        "deliveries": make_rows("deliveries", project=project, clip_id=ids[:1]),
        "withdrawals": make_rows("withdrawals", ask_id=["toy-000/none"]),
        "gold": make_rows("gold", campaign=["toy"], clip_id=ids[-1:]),
        "collections": make_rows("collections", project=project),
        "accounts": make_rows("accounts", project=project),
        "gates": make_rows("gates", gate_id=["toy-gate"]),
        "gate_checks": make_rows("gate_checks", gate_id=["toy-gate"]),
        "transitions": make_rows("transitions", line=["toy"], model_id=["model"]),
        "drifts": make_rows("drifts", drift_id=["toy-drift"]),
        "bundles": make_rows("bundles", model_id=["model"]),
        "calibrations": make_rows("calibrations", model_id=["model"]),
        "baselines": make_rows("baselines", model_id=["model"]),
    }
