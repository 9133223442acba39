"""Gold: clips whose class is known, mixed unseen into a campaign to see how well people hear."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.campaign import clips_of, read_asks, read_rounds
from pipelines.clipset import INTENDED, corpus_classes, corpus_clips
from pipelines.convert import read_posterior, to_table
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.identity import digest
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

COLUMNS = ("clip_id", "label")
SHOWN = 5
# Of a consensus: P(class) from which a clip can tell who hears badly.
SURE = 0.9


@dataclass(frozen=True, eq=False)
class GoldResult:
    """The gold of a campaign.

    Args:
        table: Rows of `gold`.
        added: How many of them are new.
    """

    table: pa.Table
    added: int

    def rows(self) -> Sequence[Row]:
        """Return one row per clip."""
        found: list[Row] = self.table.drop_columns(["campaign"]).to_pylist()
        return found


def gold(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - one read and one commit: nothing to show in between
    *,
    campaign: str,
    count: int | None = None,
    labels: str = INTENDED,
    source: Path | None = None,
) -> GoldResult:
    """Add clips with a known class to a campaign, or list those it has.

    They are never asked about by a round: whoever is asked for gold is being tested, and such
    answers would teach what is known. Clips of test speakers are left alone.

    Args:
        settings: Where the warehouse is; the seed of the draw.
        progress: Where progress is shown.
        campaign: The campaign, of at least one round.
        count: Clips to draw, the classes as equally as they go; None for none.
        labels: What says the class of drawn clips: `intended`, or a consensus run.
        source: A CSV file with the columns `clip_id` and `label`, instead of drawing.

    Returns:
        The gold of the campaign, old and new.

    Raises:
        NothingToDoError: If there is no such campaign, or no clip to draw.
        PipelineError: If the file holds a clip that cannot be gold, or both ways are asked for.
    """
    if count is not None and source is not None:
        raise PipelineError("gold is drawn (`--count`) or read from a file (`--file`), not both")
    with open_store(settings) as store:
        there = queries.select_gold(store, campaign=campaign)
        rows: list[dict[str, str]] = []
        if count is not None or source is not None:
            taxonomy, classes, free = _read_free(store, campaign, there)
            if source is not None:
                chosen = read_gold(source, classes, free, there)
                origin = "file"
            else:
                known = _read_labels(store, labels, free, taxonomy, classes)
                chosen = draw_gold(known, count or 0, seed=settings.training.seed)
                origin = labels
                if not chosen:
                    raise NothingToDoError(
                        f"`{labels}` knows the class of no clip that campaign `{campaign}` leaves "
                        "unasked; name another run with --from, or a file"
                    )
            shared = {"campaign": campaign, "taxonomy": taxonomy, "origin": origin}
            rows = [{**shared, "clip_id": clip, "label": name} for clip, name in chosen.items()]
        if rows:
            store.commit({"gold": to_table("gold", rows)}, message=f"gold of {campaign}")
        return GoldResult(queries.select_gold(store, campaign=campaign), added=len(rows))


def draw_gold(known: Mapping[str, str], count: int, *, seed: int) -> dict[str, str]:
    """Draw clips so that every class has about as many.

    Args:
        known: The class of each clip that may be drawn.
        count: How many; all there are if those are fewer.
        seed: Of the draw.

    Example:
        >>> drawn = draw_gold({"a": "joy", "b": "joy", "c": "joy", "d": "calm"}, 2, seed=0)
        >>> sorted(drawn.values())
        ['calm', 'joy']
    """
    order = sorted(known, key=lambda clip_id: digest(seed, clip_id))
    turns: dict[str, int] = {}
    queue = []
    for clip_id in order:
        turn = turns[known[clip_id]] = turns.get(known[clip_id], 0) + 1
        queue.append((turn, digest(seed, known[clip_id], turn), clip_id))
    return {clip_id: known[clip_id] for _, _, clip_id in sorted(queue)[:count]}


def read_gold(
    source: Path, classes: Sequence[str], free: Mapping[str, str | None], there: pa.Table
) -> dict[str, str]:
    """Read clips and their classes from a file; rows that are gold already are skipped.

    Args:
        source: CSV with the columns `clip_id` and `label`.
        classes: Class names that the campaign asks for.
        free: Clips that may be gold, and why another may not, by clip.
        there: Rows of `gold`.

    Raises:
        PipelineError: If the file cannot be read, or a row cannot be gold, by its line.
    """
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lines = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PipelineError(f"`{source}` cannot be read: {error}") from error
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise PipelineError(
            f"`{source}` must be CSV with the columns {', '.join(COLUMNS)}, but has "
            f"{', '.join(reader.fieldnames or ()) or 'none'}"
        )
    known = dict(zip(there["clip_id"].to_pylist(), there["label"].to_pylist(), strict=True))
    found: dict[str, str] = {}
    wrong: list[str] = []
    for line, row in lines:
        clip_id, label = ((row[name] or "").strip() for name in COLUMNS)
        if known.get(clip_id) == label:
            continue
        reason = _why_not(clip_id, label, classes, free, {**known, **found})
        if reason is not None:
            wrong.append(f"line {line}: {reason}")
        found[clip_id] = label
    if wrong:
        more = f", and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise PipelineError(f"`{source}`: {'; '.join(wrong[:SHOWN])}{more}")
    return found


def _why_not(
    clip_id: str,
    label: str,
    classes: Sequence[str],
    free: Mapping[str, str | None],
    known: Mapping[str, str],
) -> str | None:
    if clip_id not in free:
        return f"`{clip_id}` is no clip of the campaign's corpus"
    if known.get(clip_id, label) != label:
        return f"`{clip_id}` is gold of `{known[clip_id]}` already, not `{label}`"
    if label not in classes:
        return f"`{label}` is none of the classes {', '.join(classes)}"
    return free[clip_id]


def _read_free(
    store: Warehouse, campaign: str, there: pa.Table
) -> tuple[str, tuple[str, ...], dict[str, str | None]]:
    """Return the taxonomy, its classes, and why each clip of the corpus may not be gold, if so."""
    rounds = read_rounds(store, campaign)
    if not rounds:
        raise NothingToDoError(
            f"campaign `{campaign}` has no round yet, so that its corpus and test speakers are not "
            "known; `serloop round` or `serloop acquire` begins it"
        )
    corpus, held_out = rounds[0]["corpus"], set(rounds[0]["test_speakers"])
    asked = set(clips_of(read_asks(store, campaign)))
    taken = set(there["clip_id"].to_pylist())
    clips = corpus_clips(store, corpus)
    free: dict[str, str | None] = {}
    for clip_id, speaker in zip(
        clips["clip_id"].to_pylist(), clips["speaker"].to_pylist(), strict=True
    ):
        free[clip_id] = (
            f"`{clip_id}` is spoken by test speaker `{speaker}`"
            if speaker in held_out
            else f"`{clip_id}` is asked about by a round"
            if clip_id in asked
            else f"`{clip_id}` is gold already"
            if clip_id in taken
            else None
        )
    taxonomy, classes = corpus_classes(store, corpus)
    return taxonomy, classes, free


def _read_labels(
    store: Warehouse,
    labels: str,
    free: Mapping[str, str | None],
    taxonomy: str,
    classes: Sequence[str],
) -> dict[str, str]:
    """Return the class of each free clip, as the corpus intended it or people agreed on it."""
    clips = sorted(clip_id for clip_id, reason in free.items() if reason is None)
    if labels == INTENDED:
        table = corpus_clips(store, next(iter(free)).split("/", 1)[0])
        column = "intended"
    else:
        table, column = _read_agreed(store, labels, taxonomy), "label"
    allowed = pc.is_in(table["clip_id"], pa.array(clips, pa.string()))
    offered = pc.is_in(table[column], pa.array(list(classes), pa.string()))
    table = table.filter(pc.and_(allowed, offered))
    return dict(zip(table["clip_id"].to_pylist(), table[column].to_pylist(), strict=True))


def _read_agreed(store: Warehouse, run_id: str, taxonomy: str) -> pa.Table:
    """Return what people agreed on; what they are divided about tests nobody."""
    runs = queries.select_consensus_runs(store)
    names = dict(zip(runs["run_id"].to_pylist(), runs["taxonomy"].to_pylist(), strict=True))
    if names.get(run_id) != taxonomy:
        raise PipelineError(
            f"`{run_id}` is a consensus run in `{names[run_id]}`, not `{taxonomy}`, which the "
            "campaign asks in"
            if run_id in names
            else f"there is no consensus run `{run_id}`; see `serloop status`"
        )
    table = queries.select_consensus(store, run_id)
    is_sure = read_posterior(table["posterior"]).max(axis=1, initial=0.0) >= SURE
    return table.filter(pa.array(is_sure))
