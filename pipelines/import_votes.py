"""Import votes: what people said already, from a corpus or from a file of your own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from annotation.imports import ImportedExport, ImportedVotes
from annotation.label_studio import InterfaceChoices
from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.collect import answer_rows
from pipelines.convert import corpus_row, vote_rows
from pipelines.errors import PipelineError
from pipelines.labelling import interface_choices
from pipelines.progress import Progress
from pipelines.quarantine import examples_of, listed
from pipelines.readers import find_reader
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.vote_context import Told, read_known
from pipelines.vote_shapes import CREMA_D
from pipelines.vote_tables import INTENDED, intended_as_votes, quarantine_rows, read_votes
from pipelines.workspace import open_store
from ser.corpora import find_corpus
from warehouse import Warehouse

TABLE = "table"
_JUDGEMENTS = ("label", "arousal", "valence", "dominance")


@dataclass(frozen=True)
class ImportResult:
    """What one import of votes did.

    Args:
        source: Corpus or file the votes came from.
        shape: Shape of the file; None when it was no file.
        ledger_rows: Rows read, abstentions among them.
        votes: Judgements in them; an anonymous count is several.
        clips: Distinct clips voted on.
        added: Rows that were new.
        snapshot: Snapshot after the import.
        quarantined: Rows that are no votes, by reason.
        notes: Votes of which something was set aside, by what.
        ignored: Columns that were not read.
        examples: The first row refused for each reason, in words.
    """

    source: str
    shape: str | None
    ledger_rows: int
    votes: int
    clips: int
    added: int
    snapshot: int
    quarantined: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per import."""
        return [
            {
                "source": self.source,
                "shape": self.shape,
                "ledger_rows": self.ledger_rows,
                "votes": self.votes,
                "clips": self.clips,
                "quarantined": sum(self.quarantined.values()),
                "reasons": listed(self.quarantined),
                "notes": listed(self.notes),
                "ignored": ", ".join(self.ignored) or None,
                "added": self.added,
                "snapshot": self.snapshot,
            }
        ]


def import_votes(
    settings: Settings,
    progress: Progress,
    *,
    source: str,
    path: Path | None = None,
    corpus: str | None = None,
    taxonomy: str | None = None,
    shape: str | None = None,
    columns: tuple[str, ...] = (),
    holds: str = "label",
    total: str | None = None,
    modality: str = "audio",
    project: str | None = None,
) -> ImportResult:
    """Append votes to the ledger; votes that are there already are left alone.

    Rows of a file that are no votes are filed under `quarantine` with the reason.

    Args:
        settings: Where the warehouse is, and what a labelling interface asked.
        progress: Where progress is shown.
        source: A corpus that comes with votes, `table` for a file of your own, or `intended` to
            count a corpus's intended labels as one vote each.
        path: Folder of the corpus, or the file: CSV, JSONL, Parquet or Label Studio's JSON.
        corpus: Corpus of `intended` or of a file's clips; the name of your own corpus, for
            `manifest`.
        taxonomy: Class list of a file's labels, as `serloop corpora` lists it; default: that of
            `corpus`.
        shape: Shape of the file, a key of `vote_shapes.SHAPES`; default: what its header tells.
        columns: Columns of a wide table that hold votes; default: all that can.
        holds: What annotators' columns hold: `label` or a rating.
        total: Column that states how many votes a row of counts holds.
        modality: What was perceived, where the file does not say.
        project: Name or id of the Label Studio project.

    Returns:
        How many votes were read, how many were new, and what was refused.

    Raises:
        PipelineError: If the corpus has no votes, or the file lacks what it needs.
    """
    told = Told(corpus, taxonomy, shape, columns, holds, total, modality, project)
    with open_store(settings) as store, progress.track("import votes", 2, "steps") as advance:
        if source == TABLE:
            found_shape, found = _read_file(store, path, told, interface_choices(settings))
            rows = _rows_of_file(store, found_shape, found)
        else:
            found_shape, found = None, None
            rows = _read(store, source, path, corpus)
        advance()
        commit = store.commit(rows, message=f"votes from {source}")
        advance()
    # What is counted was read, whether or not it was new.
    votes = rows["votes"] if found is None else found.votes
    judged = votes.filter(_is_judgement(votes))
    return ImportResult(
        source=path.name if source == TABLE and path else source,
        shape=found_shape,
        ledger_rows=votes.num_rows,
        votes=pc.sum(judged["count"]).as_py() or 0,
        clips=pc.count_distinct(judged["clip_id"]).as_py(),
        added=commit.inserted.get("votes", 0),
        snapshot=commit.snapshot,
        quarantined=dict(found.reason_counts()) if found else {},
        notes=dict(Counter(found.notes["code"].to_pylist())) if found else {},
        ignored=found.ignored if found else (),
        examples=tuple(examples_of(found.quarantined)) if found else (),
    )


def _read_file(
    store: Warehouse, path: Path | None, told: Told, choices: InterfaceChoices
) -> tuple[str, ImportedVotes]:
    if path is None:
        raise PipelineError(f"votes from `{TABLE}` need a folder or a file; give its path")
    return read_votes(path, told, read_known(store), choices)


def _rows_of_file(store: Warehouse, shape: str, found: ImportedVotes) -> dict[str, pa.Table]:
    rows = {"votes": found.votes, "quarantine": quarantine_rows(found.quarantined)}
    if isinstance(found, ImportedExport):
        # Of an annotation that was edited since, the ledger has an older revision.
        rows |= {"votes": answer_rows(store, found), "remarks": found.remarks}
    if shape == CREMA_D:
        # Its classes must be known even where its audio is not.
        rows["corpora"] = corpus_row(find_corpus(CREMA_D).info)
    return rows


def _read(
    store: Warehouse, source: str, path: Path | None, corpus: str | None
) -> dict[str, pa.Table]:
    if source == INTENDED:
        if corpus is None:
            raise PipelineError("`intended` needs the corpus whose labels to count: --corpus NAME")
        name, _ = corpus_classes(store, corpus)
        return {"votes": intended_as_votes(corpus_clips(store, corpus), name)}
    if path is None:
        raise PipelineError(f"votes from `{source}` need a folder or a file; give its path")
    reader = find_reader(source, path, corpus)
    votes = reader.read_votes(path)
    if votes is None:
        raise PipelineError(
            f"corpus `{source}` comes without votes at `{path}`; to count its intended labels as "
            f"votes, say so: serloop votes intended --corpus {source}"
        )
    return {"corpora": corpus_row(reader.info), "votes": vote_rows(votes, reader.info)}


def _is_judgement(votes: pa.Table) -> pa.ChunkedArray:
    given = pc.is_valid(votes[_JUDGEMENTS[0]])
    for name in _JUDGEMENTS[1:]:
        given = pc.or_(given, pc.is_valid(votes[name]))
    return given
