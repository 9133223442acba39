"""Taxonomies: which mappings there are, what one does, and what the warehouse loses by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import IntArray
from annotation.taxonomies import (
    BUILTIN,
    CompiledMapping,
    MappingLoss,
    Split,
    TaxonomyMap,
    account,
    compile_mapping,
    describe_mapping,
)
from annotation.taxonomies.builtin import SOURCES
from annotation.taxonomies.compiled import count_cells
from annotation.taxonomies.loss import account_cells
from annotation.taxonomies.mapping import Rule
from pipelines.clipset import INTENDED
from pipelines.errors import PipelineError
from pipelines.labels import split_columns
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.taxonomies import choose_map, is_file, load_mapping, targets_of
from pipelines.workspace import has_warehouse, open_store
from ser.corpora import CORPORA
from warehouse import Warehouse, queries
from warehouse.schemas import TABLES


@dataclass(frozen=True)
class Taxonomies:
    """What can be mapped to what.

    Args:
        mappings: One row per mapping that comes with the package.
        corpora: One row per corpus in the warehouse, with its taxonomy and where it leads.
    """

    mappings: tuple[Row, ...]
    corpora: tuple[Row, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per mapping."""
        return self.mappings


@dataclass(frozen=True)
class MappingAccount:
    """What a mapping does, and what is lost by it.

    Args:
        mapping: The mapping.
        loss: What is merged, dropped and split, in labels.
        clips: The account of intended labels in the warehouse; None without any.
        votes: The account of votes that stand there; None without any.
        counts: Clips and votes of each source label, ``label → (clips, votes)``.
    """

    mapping: TaxonomyMap
    loss: MappingLoss
    clips: MappingLoss | None
    votes: MappingLoss | None
    counts: Mapping[str, tuple[int, int]]

    def rows(self) -> Sequence[Row]:
        """Return one row per source label."""
        return [
            {
                "label": label,
                "becomes": _describe_rule(rule),
                "clips": self.counts[label][0] if self.clips else None,
                "votes": self.counts[label][1] if self.votes else None,
            }
            for label, rule in self.mapping.rules
        ]

    def record(self) -> dict[str, object]:
        """Return everything as JSON takes it."""
        return {
            "mapping": self.mapping.name,
            **describe_mapping(self.mapping),
            "rules": list(self.rows()),
            "lost": list(self.loss.sentences()),
            "counted": list(self.loss_rows()),
        }

    def loss_rows(self) -> Sequence[Row]:
        """Return one row for clips and one for votes, of what there is in the warehouse."""
        counted = {"clips": self.clips, "votes": self.votes}
        return [
            {
                "of": name,
                "all": loss.votes,
                "dropped": loss.dropped_votes,
                "merged": loss.merged_votes,
                "distinctions_lost_nats": loss.distinctions_lost,
            }
            for name, loss in counted.items()
            if loss is not None
        ]


def list_taxonomies(settings: Settings, *, source: str | None = None) -> Taxonomies:
    """List the mappings that come with the package, and the taxonomies in the warehouse.

    Args:
        settings: Where the warehouse is; none is created.
        source: Only mappings from this taxonomy.

    Raises:
        PipelineError: If neither knows the taxonomy.
    """
    mappings = [
        {
            "source": mapping.source,
            "target": mapping.target,
            "classes": ", ".join(mapping.classes),
            "dropped": ", ".join(label for label, rule in mapping.rules if rule is None) or None,
            "mapping": mapping.name,
        }
        for mapping in BUILTIN.values()
        if source in (None, mapping.source)
    ]
    corpora = _list_corpora(settings)
    if source is not None:
        known = sorted({*SOURCES, *(str(row["taxonomy"]) for row in corpora)})
        corpora = [row for row in corpora if row["taxonomy"] == source]
        if source not in known:
            raise PipelineError(_unknown(source, known))
    return Taxonomies(tuple(mappings), tuple(corpora))


def account_mapping(
    settings: Settings, *, wanted: str, source: str | None = None
) -> MappingAccount:
    """Tell what a mapping does, and what clips and votes in the warehouse lose by it.

    Args:
        settings: Where the warehouse is; none is created.
        wanted: A target, or the path of a TOML file.
        source: Taxonomy mapped from; None for the file's own.

    Raises:
        TaxonomyError: If there is no such mapping, a class has no rule, or a split does not know
            a value that occurs.
        PipelineError: If nothing tells the classes of the source.
    """
    mapping = load_mapping(wanted) if is_file(wanted) else None
    if source is None and mapping is None:
        raise PipelineError(f"name the taxonomy to map to `{wanted}` from as well")
    origin = source if source is not None or mapping is None else mapping.source
    if not has_warehouse(settings):
        compiled = _compile(mapping or wanted, str(origin), ())
        return _account(compiled, None, None)
    with open_store(settings) as store:
        corpora = queries.select_corpora(store).to_pylist()
        compiled = _compile(mapping or wanted, str(origin), corpora)
        names = [row["corpus"] for row in corpora if row["taxonomy"] == origin]
        return _account(compiled, *_count(store, compiled, str(origin), names))


def _list_corpora(settings: Settings) -> list[Row]:
    if not has_warehouse(settings):
        return []
    with open_store(settings) as store:
        rows = queries.select_corpora(store).to_pylist()
    return [
        {
            "corpus": row["corpus"],
            "taxonomy": row["taxonomy"],
            "classes": ", ".join(row["classes"]),
            "targets": ", ".join(targets_of(row["taxonomy"])) or None,
        }
        for row in rows
    ]


def _compile(
    wanted: str | TaxonomyMap, source: str, corpora: Sequence[Mapping[str, object]]
) -> CompiledMapping:
    """Compile against the classes of the source as the warehouse or the package knows them."""
    known: dict[str, Sequence[str]] = dict(SOURCES)
    offered = (corpus.info.taxonomy for corpus in CORPORA.values())
    known |= {taxonomy.name: taxonomy.classes for taxonomy in offered if taxonomy.classes}
    known |= {str(row["taxonomy"]): row["classes"] for row in corpora}  # type: ignore[misc]
    if source in known:
        return choose_map(wanted, source, known[source])
    if isinstance(wanted, TaxonomyMap) and wanted.source == source:
        # Nobody else knows these classes, so the file's word is taken for them.
        return compile_mapping(wanted, [label for label, _ in wanted.rules])
    raise PipelineError(_unknown(source, sorted(known)))


def _count(
    store: Warehouse, compiled: CompiledMapping, source: str, corpora: Sequence[str]
) -> tuple[IntArray | None, IntArray | None]:
    """Count clips by intended label and votes by label, each (S, T + 1)."""
    clips = pa.concat_tables(
        [TABLES["clips"].empty()]
        + [queries.select_clips(store, corpus=corpus) for corpus in corpora]
    )
    votes = queries.select_effective_votes(store, taxonomy=source)
    votes = votes.filter(pc.not_equal(votes["source"], INTENDED))
    clips = clips.append_column("count", pa.array(np.ones(clips.num_rows, np.int64)))
    if compiled.splits:
        names = sorted({"clip_id", *(split.column for _, split in compiled.splits)})
        split_columns(compiled, clips)
        votes = votes.select(["clip_id", "label", "count"]).join(
            clips.select(names), "clip_id", join_type="inner"
        )
    return _cells(compiled, clips, clips["intended"]), _cells(compiled, votes, votes["label"])


def _cells(compiled: CompiledMapping, table: pa.Table, labels: pa.ChunkedArray) -> IntArray | None:
    table = table.filter(pc.is_valid(labels))
    labels = labels.drop_null()
    if not len(labels):
        return None
    index = pc.index_in(labels, pa.array(compiled.source_classes, pa.string()))
    if index.null_count:
        stranger = labels.filter(pc.is_null(index))[0]
        raise PipelineError(
            f"label `{stranger}` is none of the classes {list(compiled.source_classes)} that "
            f"`{compiled.name}` maps; `serloop status` checks the warehouse"
        )
    index = np.asarray(index, np.int64)
    rows = np.arange(len(index))
    columns = split_columns(compiled, table)
    target = compiled.targets(len(index), columns)[rows, index]
    compiled.check_ruled(target, rows, index, columns)
    shape = len(compiled.source_classes), len(compiled.classes)
    return count_cells(index, target, table["count"].to_numpy(), shape)


def _account(
    compiled: CompiledMapping, clips: IntArray | None, votes: IntArray | None
) -> MappingAccount:
    counts = [
        np.zeros(len(compiled.source_classes), int) if cells is None else cells.sum(axis=1)
        for cells in (clips, votes)
    ]
    return MappingAccount(
        mapping=compiled.mapping,
        loss=account(compiled),
        clips=None if clips is None else account_cells(compiled, clips),
        votes=None if votes is None else account_cells(compiled, votes),
        counts={
            label: (int(counts[0][at]), int(counts[1][at]))
            for at, label in enumerate(compiled.source_classes)
        },
    )


def _describe_rule(rule: Rule) -> str | None:
    """Say what becomes of a label; None: it is dropped."""
    if not isinstance(rule, Split):
        return rule
    choices = ", ".join(f"{value} → {target or 'dropped'}" for value, target in rule.targets)
    return f"by {rule.column}: {choices}"


def _unknown(source: str, known: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in known)
    return f"no taxonomy `{source}` is known; there are {listed}, and those of TOML files"
