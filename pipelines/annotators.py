"""Annotators: how well each one hears, whether they listen, and what to do about it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from annotation.aggregation import AGGREGATORS
from annotation.annotators import AnnotatorProfile, build_judgements, profile_annotators
from annotation.votes import build_vote_matrix
from pipelines.choices import AggregatorName
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.opinions import Opinions, read_opinions
from pipelines.progress import Progress
from pipelines.runner import Cell, Row
from pipelines.settings import Settings
from pipelines.workspace import open_store

GRAVEST_FIRST = ("exclude", "retrain", "watch", "trust")


@dataclass(frozen=True, eq=False)
class ProfiledAnnotator:
    """One annotator in one taxonomy and modality.

    Args:
        taxonomy: Class list of their votes.
        modality: What they perceived.
        classes: C class names, the order of the profile's confusion and bias.
        profile: What is known of them.
    """

    taxonomy: str
    modality: str
    classes: tuple[str, ...]
    profile: AnnotatorProfile

    def row(self) -> Row:
        """Return it as a row of a table; what cannot be told is None."""
        found = self.profile
        return {
            "annotator": found.annotator,
            "taxonomy": self.taxonomy,
            "modality": self.modality,
            "votes": found.votes,
            "skill": _known(found.skill),
            "low": _known(found.skill_low),
            "high": _known(found.skill_high),
            "typical": _known(found.typical_skill),
            "spam": _known(found.spam_probability),
            "drift": _known(found.drift),
            "fatigue": _known(found.fatigue),
            "lead_s": _known(found.median_lead_s),
            "gold": f"{found.gold_right}/{found.gold_votes}" if found.gold_votes else None,
            "advice": found.recommendation,
            "evidence": "; ".join(found.reasons),
        }

    def document(self) -> dict[str, Any]:
        """Return everything that is known as values that JSON can write."""
        place = {"taxonomy": self.taxonomy, "modality": self.modality, "classes": self.classes}
        facts = {item.name: getattr(self.profile, item.name) for item in fields(self.profile)}
        return place | {name: _plain(value) for name, value in facts.items()}


@dataclass(frozen=True, eq=False)
class AnnotatorsResult:
    """Profiles of all named annotators.

    Args:
        aggregator: Whose consensus their votes were compared with.
        annotators: By taxonomy and modality, those that need attention first.
    """

    aggregator: str
    annotators: tuple[ProfiledAnnotator, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per annotator."""
        return [annotator.row() for annotator in self.annotators]

    def document(self) -> list[dict[str, Any]]:
        """Return everything as values that JSON can write."""
        return [annotator.document() for annotator in self.annotators]


def annotators(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str | None = None,
    modality: str | None = None,
    method: AggregatorName | None = None,
    gold: Path | None = None,
) -> AnnotatorsResult:
    """Profile everybody who put a name to a vote that stands.

    A vote is judged by the consensus of all others on the clip, so nobody is their own witness.
    Anonymous counts take part in the consensus and get no profile.

    Args:
        settings: Where the warehouse is, and the default method.
        progress: Where progress is shown.
        corpus: Only votes on this corpus.
        modality: Only votes on this modality.
        method: A key of `annotation.aggregation.AGGREGATORS`, which makes the consensus.
        gold: CSV table of clips whose class is known, with the columns clip_id and label; clips
            nobody voted on are ignored.

    Returns:
        The profiles with plain advice: trust, watch, retrain or exclude.

    Raises:
        NothingToDoError: If no named annotator gave a label.
        PipelineError: If the gold table cannot be used.
        AnnotationError: If the method takes no anonymous counts and there are some, or a gold
            label is outside the taxonomy.
    """
    name = method or settings.rounds.aggregator
    known = {} if gold is None else _read_gold(gold)
    with open_store(settings) as store:
        opinions = read_opinions(store, corpus=corpus, modality=modality)
    named = [group for group in map(_labelled, opinions) if _has_names(group)]
    if not named:
        raise NothingToDoError(
            "no label was given by a named annotator, and anonymous counts cannot be told apart; "
            "collect answers with `serloop collect`, or import a table with the column `annotator`"
        )
    found: list[ProfiledAnnotator] = []
    with progress.track(f"profile by {name}", len(named), "groups") as advance:
        for group in named:
            found += _profile(group, name, known)
            advance(note=f"{len(found)} annotators")
    return AnnotatorsResult(name, tuple(found))


def _labelled(opinions: Opinions) -> Opinions:
    votes = opinions.votes.filter(pc.is_valid(opinions.votes["label"]))
    return Opinions(opinions.taxonomy, opinions.modality, opinions.classes, votes)


def _has_names(opinions: Opinions) -> bool:
    return len(opinions.votes["annotator"].drop_null()) > 0


def _profile(
    opinions: Opinions, method: str, gold: Mapping[str, str]
) -> Iterator[ProfiledAnnotator]:
    consensus = AGGREGATORS[method]().aggregate(build_vote_matrix(opinions.votes, opinions.classes))
    judgements = build_judgements(opinions.votes, consensus)
    own_gold = {clip: gold[clip] for clip in judgements.clips if clip in gold}
    profiles = profile_annotators(judgements, gold=own_gold)
    profiles.sort(key=lambda one: (GRAVEST_FIRST.index(one.recommendation), one.annotator))
    for profile in profiles:
        yield ProfiledAnnotator(opinions.taxonomy, opinions.modality, opinions.classes, profile)


def _read_gold(path: Path) -> dict[str, str]:
    kinds = pa_csv.ConvertOptions(
        column_types={"clip_id": pa.string(), "label": pa.string()},
        include_columns=["clip_id", "label"],
    )
    try:
        table = pa_csv.read_csv(path, convert_options=kinds)
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(
            f"gold table `{path}` must be a CSV file with the columns clip_id and label: {error}"
        ) from error
    known: dict[str, str] = {}
    for row in table.to_pylist():
        if known.setdefault(row["clip_id"], row["label"]) != row["label"]:
            raise PipelineError(
                f"gold table `{path}` gives clip `{row['clip_id']}` the labels "
                f"`{known[row['clip_id']]}` and `{row['label']}`; a gold clip has one"
            )
    return known


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(value: object) -> Cell | list[Any]:
    """Return a value as JSON writes it; what is not finite has no word there."""
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return _known(value)
    return value if value is None or isinstance(value, str | int) else str(value)
