"""Opinions in one taxonomy: the labels of several corpora mapped, and what that lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.taxonomies import CompiledMapping, MappingLoss, TaxonomyError, map_labels
from annotation.taxonomies.compiled import DROPPED, count_cells
from annotation.taxonomies.loss import account_cells
from pipelines.opinions import Opinions
from pipelines.taxonomies import choose_map, is_file, load_mapping, targets_of
from warehouse import Warehouse, queries


@dataclass(frozen=True, eq=False)
class MappedOpinions:
    """The votes on one modality, from whatever taxonomies, in the classes of one.

    Args:
        opinions: The votes that were kept, with their labels in the target's classes.
        mapping: Names of the mappings, sorted and comma-separated; None where nothing was mapped.
        losses: The account of each mapping, by its name.
        clips_lost: Clips that have no vote left.
    """

    opinions: Opinions
    mapping: str | None = None
    losses: tuple[MappingLoss, ...] = ()
    clips_lost: int = 0


def map_opinions(
    store: Warehouse, found: Sequence[Opinions], wanted: str
) -> tuple[list[MappedOpinions], list[Opinions]]:
    """Bring votes into one taxonomy, so that annotators are known by all they said.

    Args:
        store: The warehouse, for the columns of clips that a mapping splits labels by.
        found: Labelled votes by taxonomy and modality.
        wanted: A target that comes with the package, or a TOML file; a file maps its own source,
            and sources that have a mapping to its target in the package join in.

    Returns:
        The votes in the target by modality, by name; and those that have no mapping to it.

    Raises:
        PipelineError: If the file cannot be read.
        TaxonomyError: If no taxonomy has a mapping, two of them mean other classes by the
            target's name, or a label has no rule.
    """
    target, source = wanted, None
    if is_file(wanted):
        mapping = load_mapping(wanted)
        target, source = mapping.target, mapping.source
    compiled: dict[str, CompiledMapping] = {}
    for one in found:
        if one.taxonomy == source:
            compiled[one.taxonomy] = choose_map(wanted, one.taxonomy, one.classes)
        elif one.taxonomy == target or target in targets_of(one.taxonomy):
            compiled[one.taxonomy] = choose_map(target, one.taxonomy, one.classes)
    _check(wanted, target, compiled, found)
    modalities = sorted({one.modality for one in found if one.taxonomy in compiled})
    mapped = [
        _join(
            store,
            target,
            [one for one in found if one.modality == modality and one.taxonomy in compiled],
            compiled,
        )
        for modality in modalities
    ]
    return mapped, [one for one in found if one.taxonomy not in compiled]


def _check(
    wanted: str, target: str, compiled: Mapping[str, CompiledMapping], found: Sequence[Opinions]
) -> None:
    if not compiled:
        voted = ", ".join(f"`{name}`" for name in sorted({one.taxonomy for one in found}))
        msg = (
            f"no mapping to `{wanted}` from what people voted in, {voted}; name a target that "
            "comes with serloop (`emotion-4`, `arousal-2`, `valence-2`), or write a TOML file "
            "with such a source"
        )
        raise TaxonomyError(msg)
    meant = {source: one.classes for source, one in compiled.items()}
    if len(set(meant.values())) > 1:
        listed = "; ".join(f"from `{source}`: {list(meant[source])}" for source in sorted(meant))
        msg = f"`{target}` means different classes ({listed}); aggregate one corpus at a time"
        raise TaxonomyError(msg)


def _join(
    store: Warehouse,
    target: str,
    sources: Sequence[Opinions],
    compiled: Mapping[str, CompiledMapping],
) -> MappedOpinions:
    translated = [_translate(store, one, compiled[one.taxonomy]) for one in sources]
    kept = pa.concat_tables([votes for votes, _ in translated])
    before = pa.concat_tables([one.votes.select(["clip_id"]) for one in sources])
    lost = pc.count_distinct(before["clip_id"]).as_py() - pc.count_distinct(kept["clip_id"]).as_py()
    # Votes that were cast in the target's classes need no mapping, and lose nothing.
    losses = sorted(
        (
            loss
            for one, (_, loss) in zip(sources, translated, strict=True)
            if one.taxonomy != target
        ),
        key=lambda loss: loss.mapping,
    )
    classes = compiled[sources[0].taxonomy].classes
    return MappedOpinions(
        opinions=Opinions(target, sources[0].modality, classes, kept),
        mapping=", ".join(loss.mapping for loss in losses) or None,
        losses=tuple(losses),
        clips_lost=lost,
    )


def _translate(
    store: Warehouse, opinions: Opinions, compiled: CompiledMapping
) -> tuple[pa.Table, MappingLoss]:
    """Return the votes that are kept, and the account of all of them."""
    votes = opinions.votes
    labels = map_labels(compiled, votes["label"], _columns(store, votes, compiled))
    position = pc.index_in(labels, pa.array(compiled.classes, pa.string()))
    cells = count_cells(
        pc.index_in(votes["label"], pa.array(opinions.classes)).to_numpy().astype(np.int64),
        position.fill_null(DROPPED).to_numpy().astype(np.int64),
        votes["count"].to_numpy().astype(np.int64),
        (len(opinions.classes), len(compiled.classes)),
    )
    at = votes.schema.get_field_index("label")
    kept = votes.set_column(at, votes.schema.field(at), labels).filter(labels.is_valid())
    return kept, account_cells(compiled, cells)


def _columns(
    store: Warehouse, votes: pa.Table, compiled: CompiledMapping
) -> dict[str, list[str | None]] | None:
    """Return what the clips say in the columns that labels are split by; None without splits."""
    if not compiled.splits:
        return None
    clips = queries.select_clips(store)
    names = {split.column for _, split in compiled.splits} & set(clips.column_names)
    row = pc.index_in(votes["clip_id"], clips["clip_id"])
    return {name: clips[name].take(row).cast(pa.string()).to_pylist() for name in sorted(names)}
