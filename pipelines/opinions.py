"""Opinions: people's votes that stand, apart by taxonomy and modality, and what was intended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotation.ratings.matrix import Dimension
from pipelines.campaign import ANSWER_SOURCES
from pipelines.clipset import INTENDED
from pipelines.errors import NothingToDoError
from ser.corpora import crema_d
from ser.errors import CorpusError
from warehouse import Warehouse, queries

RATED: tuple[Dimension, ...] = ("arousal", "valence", "dominance")
# Votes may come without the audio, and then nothing but the clip's name says what was intended.
_NAMED_AFTER_INTENTION = {crema_d.INFO.name: crema_d.intended_label}


@dataclass(frozen=True, eq=False)
class Opinions:
    """The votes on one modality in one taxonomy; they are never added to those of another.

    Args:
        taxonomy: Class list the labels are from.
        modality: What the annotators perceived.
        classes: C class names; none where no vote has a label.
        votes: Rows of `votes`, by vote_id.
    """

    taxonomy: str
    modality: str
    classes: tuple[str, ...]
    votes: pa.Table


def split_by_round(votes: pa.Table, asks: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield the answers to each round that was asked, in the order of the asks.

    Args:
        votes: Rows of `votes`; those that answer no ask are left out.
        asks: Rows of `asks`.
    """
    answers = votes.filter(pc.is_in(votes["source"], pa.array(ANSWER_SOURCES)))
    for name in dict.fromkeys(asks["round_id"].to_pylist()):
        clips = asks.filter(pc.equal(asks["round_id"], name))["clip_id"].combine_chunks()
        yield name, answers.filter(pc.is_in(answers["clip_id"], clips))


def read_opinions(
    store: Warehouse, *, corpus: str | None = None, modality: str | None = None
) -> list[Opinions]:
    """Read the votes in force; an intended label that was counted as a vote is nobody's opinion.

    Args:
        store: The warehouse.
        corpus: Only votes on this corpus.
        modality: Only votes on this modality.

    Returns:
        One entry per taxonomy and modality, by name; at least one.

    Raises:
        NothingToDoError: If there is no such vote, or the taxonomy of a label is unknown.
    """
    selection = {"corpus": corpus, "modality": modality}
    votes = queries.select_effective_votes(store, corpus=corpus, modality=modality)
    votes = votes.filter(pc.not_equal(votes["source"], INTENDED))
    if not votes.num_rows:
        given = ", ".join(f"{name} `{value}`" for name, value in selection.items() if value)
        raise NothingToDoError(
            f"nobody has voted{' for ' + given if given else ''}; bring votes in with "
            "`serloop votes` or `serloop collect`, and see `serloop status` for what there is"
        )
    groups = votes.group_by(["taxonomy", "modality"]).aggregate([])
    ordered = groups.sort_by([("taxonomy", "ascending"), ("modality", "ascending")])
    return [_opinions(store, votes, **group) for group in ordered.to_pylist()]


def classes_of(store: Warehouse, taxonomy: str) -> tuple[str, ...]:
    """Return the classes of a taxonomy in order.

    Raises:
        NothingToDoError: If no corpus in the warehouse has it.
    """
    for row in queries.select_corpora(store).to_pylist():
        if row["taxonomy"] == taxonomy:
            return tuple(row["classes"])
    raise NothingToDoError(
        f"taxonomy `{taxonomy}` of the votes belongs to no corpus in the warehouse; ingest the "
        "corpus, or import votes under a taxonomy that `serloop corpora` lists"
    )


def intended_labels(store: Warehouse, clip_ids: Sequence[str]) -> dict[str, str]:
    """Return what the corpus's design asked for, by clip id; clips without it are left out.

    Args:
        store: The warehouse.
        clip_ids: The clips, with or without audio in the warehouse.
    """
    wanted = set(clip_ids)
    found: dict[str, str | None] = {}
    for corpus in sorted({clip_id.partition("/")[0] for clip_id in wanted}):
        clips = queries.select_clips(store, corpus=corpus).select(["clip_id", "intended"])
        found |= dict(zip(*(column.to_pylist() for column in clips.columns), strict=True))
    for clip_id in wanted - found.keys():
        found[clip_id] = _intention_in_name(clip_id)
    return {clip_id: label for clip_id, label in found.items() if label and clip_id in wanted}


def _opinions(store: Warehouse, votes: pa.Table, taxonomy: str, modality: str) -> Opinions:
    chosen = votes.filter(
        pc.and_(pc.equal(votes["taxonomy"], taxonomy), pc.equal(votes["modality"], modality))
    )
    has_labels = chosen["label"].null_count < chosen.num_rows
    classes = classes_of(store, taxonomy) if has_labels else ()
    return Opinions(taxonomy, modality, classes, chosen)


def _intention_in_name(clip_id: str) -> str | None:
    corpus, _, native_id = clip_id.partition("/")
    if corpus not in _NAMED_AFTER_INTENTION:
        return None
    try:
        return _NAMED_AFTER_INTENTION[corpus](native_id)
    except CorpusError:
        # An id of another scheme says nothing, which is no fault of the votes on it.
        return None
