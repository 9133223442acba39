"""What a clip is taught as: its design's label or people's, in the classes that are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation.result import split_leaders
from annotation.taxonomies import CompiledMapping, TaxonomyMap, map_labels, map_posterior
from pipelines.convert import read_posterior
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.taxonomies import choose_map, is_identity, share_mapping
from warehouse import Warehouse, queries

# `hard` decides every label, `soft` keeps the posterior; None leaves the choice to the loss.
Targets = Literal["hard", "soft"]
Wanted = str | TaxonomyMap


@dataclass(frozen=True, eq=False)
class Labels:
    """P(class) of clips, and what became of labels on the way.

    Args:
        posterior: P(class) of each clip, float64 ``(N, C)``; a row of zeros where it has none.
        votes: Votes behind each row, ``(N,)``; 0 for intended labels.
        is_dropped: Whether the clip's label has no counterpart in `taxonomy`, ``(N,)``.
        is_tied: Whether it was left out for want of one leading class, ``(N,)``.
        classes: C names.
        taxonomy: Name of the class list.
        mapping: Name of the mapping that led to it; None for labels given in it.
        rules: That mapping, as far as it is known.
    """

    posterior: npt.NDArray[np.float64]
    votes: npt.NDArray[np.int64]
    is_dropped: npt.NDArray[np.bool_]
    is_tied: npt.NDArray[np.bool_]
    classes: tuple[str, ...]
    taxonomy: str
    mapping: str | None
    rules: TaxonomyMap | None

    @property
    def has_label(self) -> npt.NDArray[np.bool_]:
        """Return whether each clip has a label, ``(N,)``."""
        return np.asarray(self.posterior.sum(axis=1) > 0)


def intend(
    clips: pa.Table, taxonomy: str, classes: Sequence[str], wanted: Wanted | None = None
) -> Labels:
    """Return the labels that the corpus's design asked for.

    Args:
        clips: Rows of `clips`.
        taxonomy: Taxonomy of the corpus.
        classes: Its classes.
        wanted: Taxonomy to map to, see `pipelines.taxonomies.choose_map`; None for none.

    Raises:
        TaxonomyError: If there is no such mapping, or a label is none of the classes.
        PipelineError: If it splits by a column that clips do not have.
    """
    compiled = choose_map(wanted or taxonomy, taxonomy, classes)
    mapped = map_labels(compiled, clips["intended"], split_columns(compiled, clips))
    has_label = np.asarray(mapped.is_valid())
    posterior = np.zeros((clips.num_rows, len(compiled.classes)))
    index = pc.index_in(mapped, pa.array(compiled.classes, pa.string()))
    posterior[np.flatnonzero(has_label), np.asarray(index.drop_null(), np.int64)] = 1.0
    was_given = np.asarray(clips["intended"].is_valid())
    votes = np.zeros(clips.num_rows, np.int64)
    return _labels(compiled, posterior, votes, was_given & ~has_label)


def agree(store: Warehouse, clips: pa.Table, run_id: str, wanted: Wanted | None = None) -> Labels:
    """Return the labels that an aggregation run concluded.

    Args:
        store: The warehouse.
        clips: Rows of `clips`.
        run_id: The run; one that is in the wanted taxonomy already is taken as it is.
        wanted: Taxonomy to map to; None for the run's own.

    Raises:
        NothingToDoError: If there is no such run.
        TaxonomyError: If there is no such mapping.
        PipelineError: If it splits by a column that clips do not have, or the run was mapped to
            the wanted taxonomy by other rules than those wanted.
    """
    runs = queries.select_consensus_runs(store).to_pylist()
    run = next((row for row in runs if row["run_id"] == run_id), None)
    if run is None:
        raise NothingToDoError(
            f"`labels` must be `intended` or the id of a consensus run, got `{run_id}`; "
            "`serloop aggregate` prints the ids"
        )
    compiled = choose_map(wanted or run["taxonomy"], run["taxonomy"], run["classes"])
    rules = wanted if isinstance(wanted, TaxonomyMap) else None
    mapped_by = run.get("mapping")
    if rules and mapped_by and not share_mapping(rules.name, mapped_by):
        raise PipelineError(
            f"`{run_id}` was mapped to `{run['taxonomy']}` by `{mapped_by}`, not by "
            f"`{rules.name}`; aggregate with that mapping"
        )
    consensus = queries.select_consensus(store, run_id)
    place = pc.index_in(clips["clip_id"], consensus["clip_id"].combine_chunks())
    rows = np.flatnonzero(np.asarray(place.is_valid()))
    concluded = consensus.take(place.drop_null())
    given = read_posterior(concluded["posterior"])
    posterior = np.zeros((clips.num_rows, len(compiled.classes)))
    is_dropped, votes = np.zeros((2, clips.num_rows), np.int64)
    if rows.size:
        columns = split_columns(compiled, clips.take(rows))
        posterior[rows], is_dropped[rows] = _translate(compiled, given, columns)
        votes[rows] = concluded["votes"].to_numpy()
    labels = _labels(compiled, posterior, votes, is_dropped > 0)
    if labels.mapping is None:
        return replace(labels, mapping=mapped_by, rules=rules)
    return labels


def decide(labels: Labels) -> Labels:
    """Return each clip's leading class as its label; where classes tie, the clip has none.

    Args:
        labels: Posteriors.

    Returns:
        One-hot rows, and zeros where there was no label or a tie, which is noted.
    """
    leaders = np.where(labels.has_label[:, None], split_leaders(labels.posterior), 0.0)
    is_tied = labels.has_label & (leaders.max(axis=1) < 1)
    decided = np.where(is_tied[:, None], 0.0, leaders)
    return replace(labels, posterior=decided, is_tied=is_tied)


def _translate(
    compiled: CompiledMapping,
    given: npt.NDArray[np.float64],
    columns: dict[str, list[str | None]],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return posteriors in the target's classes, zeros where the label is dropped, and where."""
    if is_identity(compiled) and compiled.classes == compiled.source_classes:
        # Scaling would move the last digit, and with it the name of a model.
        return given, np.zeros(len(given), np.bool_)
    mapped = map_posterior(compiled, given, columns)
    return np.where(mapped.is_dropped[:, None], 0.0, mapped.posterior), mapped.is_dropped


def _labels(
    compiled: CompiledMapping,
    posterior: npt.NDArray[np.float64],
    votes: npt.NDArray[np.int64],
    is_dropped: npt.NDArray[np.bool_],
) -> Labels:
    is_mapped = not is_identity(compiled)
    return Labels(
        posterior=posterior,
        votes=votes,
        is_dropped=is_dropped,
        is_tied=np.zeros(len(posterior), np.bool_),
        classes=compiled.classes,
        taxonomy=compiled.mapping.target,
        mapping=compiled.name if is_mapped else None,
        rules=compiled.mapping if is_mapped else None,
    )


def split_columns(compiled: CompiledMapping, clips: pa.Table) -> dict[str, list[str | None]]:
    """Return the columns of clips that a mapping splits labels by."""
    wanted = sorted({split.column for _, split in compiled.splits})
    missing = [name for name in wanted if name not in clips.column_names]
    if missing:
        known = [field.name for field in clips.schema if pa.types.is_string(field.type)]
        raise PipelineError(
            f"`{compiled.name}` splits labels by `{missing[0]}`, which is no column of clips; "
            f"there are {', '.join(f'`{name}`' for name in known)}"
        )
    return {name: clips[name].to_pylist() for name in wanted}
