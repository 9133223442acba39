"""From noted corrections to clips and votes, the way that every clip and every vote is made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from annotation.imports.identity import vote_ids
from pipelines.convert import to_table
from pipelines.duplicates import link_duplicates
from pipelines.errors import PipelineError
from pipelines.ingest import commit_batches, make_job, plan_intake, start_batches
from pipelines.models import find_model
from pipelines.progress import SilentProgress
from pipelines.serving.page.record import Correction
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.audio.segment import TrimSettings
from ser.corpora.records import CorpusInfo, Scan, Utterance
from ser.labels import Taxonomy
from warehouse import Warehouse, queries
from warehouse.schemas import SOURCES

SOURCE = "live"
CORPUS = "live"
TITLE = "What people corrected on the live page"


class Sounds(Protocol):
    """Where the sounds of segments lie."""

    def sound(self, segment: str) -> Path:
        """Return where a segment's sound lies, or would."""


@dataclass(frozen=True)
class Stored:
    """What became of corrections.

    Args:
        clips: New clips.
        votes: New rows of the ledger, withdrawals among them.
    """

    clips: int
    votes: int


def audio_settings(settings: Settings) -> dict[str, Any]:
    """Return how `ser.prepare.prepare` has to hear a segment for it to be as a clip later.

    Args:
        settings: How audio is prepared.
    """
    job = make_job(_whole(settings), CORPUS, settings.home, ())
    return {"trim": TrimSettings(**job.trimming), **job.preparing}


def store_corrections(
    settings: Settings, sounds: Sounds, corrections: Sequence[Correction]
) -> Stored:
    """Make clips of segments and votes of clicks; what is there already is left alone.

    A segment becomes a clip of the corpus `live`, or of `live-TAXONOMY` where that corpus is in
    another class list. Its first vote supersedes nothing, each later one of the same person the
    one before. What was taken back before it was stored leaves nothing.

    Args:
        settings: Where the warehouse is, and how audio is prepared.
        sounds: Where the sounds are.
        corrections: Clicks in the order in which they came.

    Raises:
        PipelineError: If a sound is missing, or is no longer one that can become a clip.
        WarehouseError: If the warehouse cannot be written.
    """
    clips = votes = 0
    with open_store(settings) as store:
        for info, part in _by_corpus(store, corrections):
            known = _known_segments(store, info.name, part)
            fresh = _wanted(part) - known
            if fresh:
                first = {c.segment: c for c in reversed(part) if c.segment in fresh}
                clips += _add_clips(store, settings, sounds, info, first)
            rows = _judge(store, info, [c for c in part if c.segment in fresh | known])
            votes += store.commit(rows, message="corrections").inserted.get("votes", 0)
        if clips:
            link_duplicates(store)
    return Stored(clips, votes)


def _whole(settings: Settings) -> Settings:
    # In this process, whose models are loaded already; and a segment is never cut.
    audio = settings.audio.model_copy(update={"longest_clip_s": None})
    compute = settings.compute.model_copy(update={"processes": 1, "runner": "processes"})
    return settings.model_copy(update={"audio": audio, "compute": compute})


def _by_corpus(
    store: Warehouse, corrections: Sequence[Correction]
) -> Iterator[tuple[CorpusInfo, list[Correction]]]:
    """Yield each corpus with its corrections: usually one, as there is one class list."""
    offered = list(dict.fromkeys((c.model_id, c.classes) for c in corrections))
    corpora: dict[CorpusInfo, list[Correction]] = {}
    for model_id, classes in offered:
        info = _describe(store, _find_taxonomy(store, model_id, classes), corrections)
        corpora.setdefault(info, []).extend(
            c for c in corrections if (c.model_id, c.classes) == (model_id, classes)
        )
    for info, part in corpora.items():
        yield info, sorted(part, key=lambda correction: correction.cast_at)


def _find_taxonomy(store: Warehouse, model_id: str, classes: tuple[str, ...]) -> Taxonomy:
    """Return the class list that was offered, by the name under which others have voted in it."""
    model = find_model(store, model_id)
    if model is not None and tuple(model["classes"]) == classes:
        return Taxonomy(model["taxonomy"], classes)
    for row in queries.select_corpora(store).to_pylist():
        if tuple(row["classes"]) == classes:
            return Taxonomy(row["taxonomy"], classes)
    return Taxonomy(f"{CORPUS}-{len(classes)}", classes)


def _describe(
    store: Warehouse, taxonomy: Taxonomy, corrections: Sequence[Correction]
) -> CorpusInfo:
    rows = queries.select_corpora(store).to_pylist()
    taken = {row["corpus"]: row["taxonomy"] for row in rows}
    is_own = taken.get(CORPUS, taxonomy.name) == taxonomy.name
    consent = next((c.consent for c in corrections if c.consent), None)
    return CorpusInfo(
        name=CORPUS if is_own else f"{CORPUS}-{taxonomy.name}",
        version="1",
        title=TITLE,
        languages=(),
        licence=f"kept with consent: “{consent}”" if consent else "kept with consent",
        taxonomy=taxonomy,
        url="",
        citation="",
        layout="",
    )


def _known_segments(store: Warehouse, corpus: str, part: Sequence[Correction]) -> set[str]:
    wanted = pa.array([f"{corpus}/{correction.segment}" for correction in part], pa.string())
    clips = queries.select_clips(store, corpus=corpus)
    return set(clips.filter(pc.is_in(clips["clip_id"], wanted))["native_id"].to_pylist())


def _wanted(part: Sequence[Correction]) -> set[str]:
    """Return the segments that somebody's last word is a label of."""
    last = {(correction.segment, correction.annotator): correction for correction in part}
    return {c.segment for c in last.values() if c.label is not None}


def _add_clips(
    store: Warehouse,
    settings: Settings,
    sounds: Sounds,
    info: CorpusInfo,
    fresh: Mapping[str, Correction],
) -> int:
    paths = {segment: sounds.sound(segment) for segment in sorted(fresh)}
    missing = [segment for segment, path in paths.items() if not path.is_file()]
    if missing:
        raise PipelineError(f"the sound of segment `{missing[0]}` is gone: it cannot be stored")
    utterances = tuple(
        Utterance(
            native_id=segment,
            path=path.name,
            # Whoever corrects was at the microphone: nobody else is known to have spoken.
            speaker=f"{SOURCE}/{fresh[segment].annotator}",
            session=fresh[segment].session,
        )
        for segment, path in paths.items()
    )
    folder = next(iter(paths.values())).parent
    # Sounds of others are there as they were, and were not looked for.
    intake = plan_intake(store, info, Scan(folder, utterances))
    intake = replace(intake, survey=replace(intake.survey, vanished=SOURCES.empty()))
    whole = _whole(settings)
    with start_batches(whole, intake) as outcomes:
        tally = commit_batches(store, whole, intake, outcomes, SilentProgress())
    if tally.rejected:
        raise PipelineError(f"{sum(tally.rejected.values())} sounds are refused: {tally.rejected}")
    return tally.added


def _judge(
    store: Warehouse, info: CorpusInfo, part: Sequence[Correction]
) -> Mapping[str, pa.Table]:
    """Return the rows of the ledger, each superseding what the same person had said before."""
    clip_ids = sorted({f"{info.name}/{correction.segment}" for correction in part})
    ledger = queries.select_ledger(store, clip_ids=clip_ids)
    known = set(ledger["vote_id"].to_pylist())
    own = ledger.filter(pc.equal(ledger["source"], SOURCE)).sort_by("cast_at")
    last = dict(zip(own["source_ref"].to_pylist(), own["vote_id"].to_pylist(), strict=True))
    gone = set(own.filter(own["is_retraction"])["vote_id"].to_pylist())
    rows: dict[str, list[dict[str, Any]]] = {"votes": [], "remarks": []}
    for correction in part:
        before = last.get(_reference(correction))
        vote = _vote(info, correction, before)
        takes_nothing_back = vote["is_retraction"] and (before is None or before in gone)
        if vote["vote_id"] in known or takes_nothing_back:
            continue
        last[vote["source_ref"]] = vote["vote_id"]
        rows["votes"].append(vote)
        if vote["is_retraction"]:
            gone.add(vote["vote_id"])
        else:
            rows["remarks"].append(_remark(vote, correction))
    return {name: to_table(name, found) for name, found in rows.items()}


def _reference(correction: Correction) -> str:
    return f"{correction.segment}/{correction.annotator}"


def _vote(info: CorpusInfo, correction: Correction, before: str | None) -> dict[str, Any]:
    reference = _reference(correction)
    (vote_id,) = vote_ids(SOURCE, [f"{reference}/{correction.event}"]).to_pylist()
    return {
        "vote_id": vote_id,
        "clip_id": f"{info.name}/{correction.segment}",
        "modality": "audio",
        "annotator": f"{SOURCE}/{correction.annotator}",
        "taxonomy": info.taxonomy.name,
        "label": correction.label,
        "count": 1,
        "lead_time_s": correction.lead_time_s,
        "cast_at": correction.cast_at,
        "source": SOURCE,
        "source_ref": reference,
        "supersedes": before,
        "is_retraction": correction.label is None,
    }


def _remark(row: Mapping[str, Any], correction: Correction) -> dict[str, Any]:
    """Keep what was agreed to beside the vote that was given with it."""
    names = ("clip_id", "annotator", "source", "source_ref", "cast_at")
    said = f"agreed: {correction.consent}" if correction.consent else None
    return {**{name: row[name] for name in names}, "remark_id": row["vote_id"], "comment": said}
