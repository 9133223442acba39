"""What a file of votes does not say: what a person says of it, and what the warehouse knows."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotation.imports import RawTable, VoteSource
from annotation.imports.cells import as_bool, read_text
from annotation.imports.long_table import NAMES
from pipelines.errors import PipelineError
from warehouse import Warehouse, queries

_NO_TAXONOMY = "none"


@dataclass(frozen=True)
class Told:
    """What a person says about a file of votes because the file does not.

    Args:
        corpus: Corpus of the clips; without it clip ids tell theirs.
        taxonomy: Class list of the labels; default: that of `corpus`.
        shape: A key of `vote_shapes.SHAPES`; None tells it from the header.
        columns: Columns of a wide table that hold votes; none means all that can.
        holds: What the cells of annotators' columns are: `label` or a rating.
        total: Column that states the number of votes of a row of counts.
        modality: What was perceived, where the file does not say.
        project: Label Studio's project.
    """

    corpus: str | None = None
    taxonomy: str | None = None
    shape: str | None = None
    columns: tuple[str, ...] = ()
    holds: str = "label"
    total: str | None = None
    modality: str = "audio"
    project: str | None = None


@dataclass(frozen=True, eq=False)
class Known:
    """What the warehouse knows that votes must agree with.

    Args:
        corpora: Rows of `corpora`.
        clips: Columns `clip_id` and `corpus` of the current clips.
    """

    corpora: pa.Table
    clips: pa.Table

    def find_classes(self, taxonomy: str | None, name: str) -> tuple[str, ...]:
        """Return the classes of a taxonomy.

        Args:
            taxonomy: Its name.
            name: The file whose labels they are.

        Raises:
            PipelineError: If no corpus has that taxonomy.
        """
        names, classes = self.corpora["taxonomy"], self.corpora["classes"]
        lists = dict(zip(names.to_pylist(), classes.to_pylist(), strict=True))
        if taxonomy not in lists:
            raise PipelineError(
                f"the labels of `{name}` need their class list: name one with --taxonomy, got "
                f"`{taxonomy}`, of {', '.join(sorted(lists)) or 'none: ingest the corpus first'}"
            )
        return tuple(lists[taxonomy])

    def clip_ids(self, corpus: str | None = None) -> pa.Array | None:
        """Return the clips, of one corpus or of all; None where there are none yet."""
        clips = self.clips
        if corpus is not None:
            clips = clips.filter(pc.equal(clips["corpus"], corpus))
        return clips["clip_id"].combine_chunks() if clips.num_rows else None

    def find_taxonomy(self, corpus: str) -> str:
        """Return the taxonomy of a corpus.

        Raises:
            PipelineError: If the warehouse does not have it.
        """
        names = self.corpora["corpus"].to_pylist()
        if corpus not in names:
            raise PipelineError(
                f"corpus `{corpus}` is not in the warehouse (corpora there: "
                f"{', '.join(sorted(names)) or 'none'}); ingest it first"
            )
        return str(self.corpora["taxonomy"][names.index(corpus)])


def read_known(store: Warehouse) -> Known:
    """Read what votes must agree with.

    Args:
        store: The warehouse.
    """
    clips = queries.select_clips(store).select(["clip_id", "corpus"])
    return Known(queries.select_corpora(store), clips)


def describe(
    name: str, told: Told, known: Known, raw: RawTable | None = None, *, is_labelled: bool
) -> VoteSource:
    """Put together what a reader must know about a file.

    Args:
        name: The file's name, the `source` of its votes.
        told: What a person says of it.
        known: What the warehouse knows.
        raw: The table, unless clips are named by their whole ids.
        is_labelled: Whether there are labels, which need a class list.

    Raises:
        PipelineError: If there is no class list, or the corpus is not in the warehouse.
        VoteError: If no column names the clip, or the modality is unknown.
    """
    taxonomy = find_taxonomy(told, known)
    classes: tuple[str, ...] = ()
    if is_labelled or taxonomy is not None:
        classes = known.find_classes(taxonomy, name)
    prefix, clips = ("", known.clip_ids()) if raw is None else _find_clips(raw, told, known)
    return VoteSource(
        name,
        taxonomy=taxonomy or _NO_TAXONOMY,
        classes=classes,
        clip_prefix=prefix,
        known_clips=clips,
        modality=told.modality,
    )


def find_taxonomy(told: Told, known: Known) -> str | None:
    """Return the taxonomy a person named, else that of the corpus they named.

    Raises:
        PipelineError: If the warehouse does not have the corpus.
    """
    if told.taxonomy is not None or told.corpus is None:
        return told.taxonomy
    return known.find_taxonomy(told.corpus)


def _find_clips(raw: RawTable, told: Told, known: Known) -> tuple[str, pa.Array | None]:
    """Return what to put before each clip id, and the clips that may be voted on."""
    name = raw.require(*NAMES["clip_id"])
    written = read_text(raw.table[name], name)
    if told.corpus is not None:
        prefix = f"{told.corpus}/"
        is_whole = bool(as_bool(pc.starts_with(written, prefix)).any())
        return "" if is_whole else prefix, known.clip_ids(told.corpus)
    clips = known.clip_ids()
    if clips is None:
        return "", None
    # Votes can be there before the audio is, as CREMA-D's are.
    silent = set(known.corpora["corpus"].to_pylist()) - set(known.clips["corpus"].to_pylist())
    corpora = pc.replace_substring_regex(written, "(?s)/.*", "")
    of_silent = written.filter(pc.is_in(corpora, pa.array(sorted(silent), pa.string())))
    return "", pa.concat_arrays([clips, of_silent.drop_null()])
