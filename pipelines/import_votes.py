"""Import votes: what people said already, from a corpus or from a table of your own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.convert import corpus_row, vote_rows
from pipelines.errors import PipelineError
from pipelines.progress import Progress
from pipelines.readers import find_reader
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.vote_tables import intended_as_votes, ledger_from_table, read_table
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

TABLE = "table"
INTENDED = "intended"


@dataclass(frozen=True)
class ImportResult:
    """What one import of votes did.

    Args:
        source: Corpus or file the votes came from.
        ledger_rows: Rows read.
        votes: Judgements in them; an anonymous count is several.
        clips: Distinct clips voted on.
        added: Rows that were new.
        snapshot: Snapshot after the import.
    """

    source: str
    ledger_rows: int
    votes: int
    clips: int
    added: int
    snapshot: int

    def rows(self) -> Sequence[Row]:
        """Return one row per import."""
        return [
            {
                "source": self.source,
                "ledger_rows": self.ledger_rows,
                "votes": self.votes,
                "clips": self.clips,
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
) -> ImportResult:
    """Append votes to the ledger; votes that are there already are left alone.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        source: A corpus that comes with votes, `table` for a table of your own, or `intended` to
            count a corpus's intended labels as one vote each.
        path: Folder of the corpus, or the table: CSV, JSONL or Parquet with the columns clip_id
            and label and/or arousal, valence, dominance; annotator, count, modality,
            lead_time_s and cast_at if there are any.
        corpus: Corpus of `intended`; the name of your own corpus, for `manifest`.
        taxonomy: Class list of a table's labels, as `serloop corpora` lists it.

    Returns:
        How many votes were read and how many were new.

    Raises:
        PipelineError: If the corpus has no votes, or the table lacks what it needs.
    """
    with open_store(settings) as store, progress.track("import votes", 2, "steps") as advance:
        rows = _read(store, source, path, corpus, taxonomy)
        advance()
        commit = store.commit(rows, message=f"votes from {source}")
        advance()
    votes = rows["votes"]
    return ImportResult(
        source=path.name if source == TABLE and path else source,
        ledger_rows=votes.num_rows,
        votes=pc.sum(votes["count"]).as_py() or 0,
        clips=pc.count_distinct(votes["clip_id"]).as_py(),
        added=commit.inserted.get("votes", 0),
        snapshot=commit.snapshot,
    )


def _read(
    store: Warehouse, source: str, path: Path | None, corpus: str | None, taxonomy: str | None
) -> dict[str, pa.Table]:
    if source == INTENDED:
        if corpus is None:
            raise PipelineError("`intended` needs the corpus whose labels to count: --corpus NAME")
        name, _ = corpus_classes(store, corpus)
        return {"votes": intended_as_votes(corpus_clips(store, corpus), name)}
    if path is None:
        raise PipelineError(f"votes from `{source}` need a folder or a file; give its path")
    if source == TABLE:
        known = {
            row["taxonomy"]: row["classes"] for row in queries.select_corpora(store).to_pylist()
        }
        return {"votes": ledger_from_table(read_table(path), path.name, taxonomy, known)}
    reader = find_reader(source, path, corpus)
    votes = reader.read_votes(path)
    if votes is None:
        raise PipelineError(
            f"corpus `{source}` comes without votes at `{path}`; to count its intended labels as "
            f"votes, say so: serloop votes intended --corpus {source}"
        )
    return {"corpora": corpus_row(reader.info), "votes": vote_rows(votes, reader.info)}
