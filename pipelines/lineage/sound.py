"""The first steps of lineage: the bytes that were recorded, what was cut, what was computed."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lineage.step import Step
from warehouse import Warehouse, queries

AS_IT_WAS, CHANGED, VANISHED, UNSEEN = "as it was", "changed since", "vanished", "never looked at"


def content_hash(clips: pa.Table) -> str:
    """Return one hash of the contents of clips: SHA-256 over lines `CLIP_ID SHA256`, by clip_id.

    Args:
        clips: Columns clip_id and audio_sha256, ordered by clip_id.
    """
    lines = pc.binary_join_element_wise(clips["clip_id"], clips["audio_sha256"], " ")
    return hashlib.sha256("".join(f"{line}\n" for line in lines.to_pylist()).encode()).hexdigest()


def tell_sources(store: Warehouse, corpus: str, clips: pa.Table) -> dict[str, int]:
    """Return how many source files of clips are how, by the last look at them.

    Args:
        store: The warehouse now.
        corpus: Their corpus.
        clips: Columns path and audio_sha256.
    """
    seen = {
        row["path"]: (row["state"], row["audio_sha256"])
        for row in queries.select_sources(store, corpus=corpus).to_pylist()
    }
    files = set(zip(clips["path"].to_pylist(), clips["audio_sha256"].to_pylist(), strict=True))
    return dict(Counter(_state(seen.get(path), sha256) for path, sha256 in sorted(files)))


def trace_sound_of_clips(store: Warehouse, corpus: str, clips: pa.Table) -> list[Step]:
    """Tell what many clips were made of.

    Args:
        store: The warehouse now.
        corpus: Their corpus.
        clips: Rows of `clips` as they were, ordered by clip_id.
    """
    speech = pc.subtract(clips["speech_end_s"], clips["speech_start_s"])
    return [
        Step(
            "audio",
            corpus,
            {
                "clips": clips.num_rows,
                "speakers": pc.count_distinct(clips["speaker"]).as_py(),
                "sha256 of all": content_hash(clips),
                "files": tell_sources(store, corpus, clips),
            },
        ),
        Step(
            "trim",
            corpus,
            {
                "speech h": pc.sum(speech).as_py() / 3600,
                "of h": pc.sum(clips["duration_s"]).as_py() / 3600,
                # The warehouse has the spans, and not what found them.
                "found by": None,
            },
        ),
    ]


def trace_sound_of_clip(store: Warehouse, clip: Mapping[str, Any]) -> list[Step]:
    """Tell what one clip was made of, and what was computed from it.

    Args:
        store: The warehouse now.
        clip: Its row of `clips`.
    """
    copies = [
        (row["other_id"] if row["clip_id"] == clip["clip_id"] else row["clip_id"])
        for row in queries.select_duplicates(store).to_pylist()
        if clip["clip_id"] in (row["clip_id"], row["other_id"])
    ]
    table = pa.table({name: [clip[name]] for name in ("path", "audio_sha256")})
    (state,) = tell_sources(store, clip["corpus"], table)
    audio = {
        "sha256": clip["audio_sha256"],
        "revision": clip["revision"],
        "file": state,
        "format": clip["source_format"],
        "rate Hz": clip["source_rate"],
        "speaker": clip["speaker"],
        "intended": clip["intended"],
        "same sound as": sorted(copies),
    }
    span = {name: clip[name] for name in ("speech_start_s", "speech_end_s", "duration_s")}
    waveform = queries.select_waveforms(store, [clip["clip_id"]]).to_pylist()
    kept = {name: waveform[0][name] if waveform else None for name in ("samples", "sample_rate")}
    return [
        Step("audio", clip["path"], audio),
        Step("trim", clip["clip_id"], {**span, **kept, "found by": None}),
        *(
            _features(row["feature_set"], json.loads(row["parameters"]), frames=row["frames"])
            for row in queries.select_clip_features(store, clip["clip_id"]).to_pylist()
        ),
    ]


def trace_features(model: Mapping[str, Any]) -> Step:
    """Tell what a model reads.

    Args:
        model: A row from `require_model`.
    """
    return _features(model["feature_set"], model["config"].get("features"))


def _features(feature_set: str, parameters: Mapping[str, Any] | None, **more: int) -> Step:
    known = {name: value for name, value in (parameters or {}).items() if name != "model"}
    return Step("features", feature_set, {**more, "parameters": known if parameters else None})


def _state(seen: tuple[str, str] | None, audio_sha256: str) -> str:
    if seen is None:
        return UNSEEN
    state, found = seen
    if state == "vanished":
        return VANISHED
    return AS_IT_WAS if found == audio_sha256 else CHANGED
