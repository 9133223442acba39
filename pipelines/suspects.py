"""Suspects: labels that models, which never saw them, find hard to believe."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.clips import LabelErrors, SuspectedLabel, find_label_errors
from annotation.taxonomies import build_mapping
from pipelines.clipset import INTENDED, corpus_classes, corpus_clips
from pipelines.convert import read_posterior
from pipelines.duplicates import read_audio_groups
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.judged import require_classes
from pipelines.labels import Wanted, agree, decide, intend
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

HEARD = "audio"


@dataclass(frozen=True)
class Suspect:
    """A label that is probably wrong.

    Args:
        label: The label, what is likelier, and how sure the models are of either.
        models: Models that judged the clip.
        votes: How many people heard which label in the voice, most first.
    """

    label: SuspectedLabel
    models: int
    votes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SuspectsResult:
    """What models say of labels they did not learn from.

    Args:
        models: Whose predictions were used.
        labels: `intended`, or the consensus run the labels are from.
        taxonomy: Class list of models and labels.
        judged: Labelled clips with an out-of-sample prediction.
        unpredicted: Labelled clips without one.
        unlabelled: Clips without a label, or whose leading classes tie.
        suspected: Labels that are probably wrong.
        agreement: Share of the judged clips on which the models' likeliest class is the label.
        noise_rate: Share of wrong labels by confident learning's estimate, which counts as wrong
            what models of low agreement get wrong themselves.
        suspects: The suspected labels that are shown, the least credible first.
    """

    models: tuple[str, ...]
    labels: str
    taxonomy: str
    judged: int
    unpredicted: int
    unlabelled: int
    suspected: int
    agreement: float
    noise_rate: float
    suspects: tuple[Suspect, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per suspected label, the least credible first."""
        return [
            {
                "clip_id": suspect.label.clip_id,
                "given": suspect.label.given,
                "suggested": suspect.label.likely,
                "p_given": suspect.label.given_probability,
                "p_suggested": suspect.label.likely_probability,
                "margin": suspect.label.margin,
                "models": suspect.models,
                "votes": ", ".join(f"{label} {count}" for label, count in suspect.votes) or None,
            }
            for suspect in self.suspects
        ]

    def sentence(self) -> str:
        """Say how much was judged, and how much could not be."""
        return (
            f"{self.judged} clips judged, {self.unpredicted} without an out-of-sample prediction, "
            f"{self.unlabelled} without a decided label; {self.suspected} labels are suspected, "
            f"{len(self.suspects)} shown. Models agree with {self.agreement:.0%} of the labels: "
            "the fewer, the more suspicions are their own errors, those far down the list first"
        )

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        shown = [
            {**row, "votes": dict(suspect.votes)}
            for row, suspect in zip(self.rows(), self.suspects, strict=True)
        ]
        return {**asdict(self), "suspects": shown}


def suspects(
    settings: Settings,
    progress: Progress,
    *,
    model_ids: Sequence[str],
    labels: str = INTENDED,
    limit: int | None = None,
) -> SuspectsResult:
    """List labels that are probably wrong, by confident learning.

    A model repeats the errors it was taught, so its word counts only for clips it did not learn
    from: neither the clip, nor other audio that holds the same, nor a speaker its best epoch was
    chosen on. Models that held out different speakers cover a corpus between them; where several
    judge one clip their mean posterior does.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        model_ids: Models of one taxonomy, evaluated or scored.
        labels: `intended`, or the id of a consensus run; labels in another taxonomy are mapped
            as the models' were.
        limit: How many suspects to list; None for all.

    Returns:
        The suspects, and how many clips were judged.

    Raises:
        PipelineError: If a model is unknown, or the models and labels differ in their classes.
        NothingToDoError: If no labelled clip has an out-of-sample prediction.
        TaxonomyError: If no mapping leads from the labels to the models' classes.

    Reference:
        C. G. Northcutt, L. Jiang and I. L. Chuang (2021). Confident learning: estimating
        uncertainty in dataset labels. JAIR 70, 1373-1411. doi:10.1613/jair.1.12125
    """
    names = tuple(dict.fromkeys(model_ids))
    with open_store(settings) as store:
        models = [require_model(store, name) for name in names]
        for model in models:
            require_classes(model)
        _require_same_classes(models)
        with progress.track("read predictions", len(models), "models") as advance:
            predictions = []
            for model in models:
                predictions.append(queries.select_predictions(store, model["model_id"]))
                advance(note=model["model_id"])
        corpora = _corpora_of(models, predictions)
        parts = {corpus: corpus_clips(store, corpus) for corpus in corpora}
        clips = pa.concat_tables(parts.values())
        given = _read_labels(store, parts, labels, models[0])
        posterior, judges = _judge(store, clips, models, predictions)
        judged = np.flatnonzero((given >= 0) & (judges > 0))
        if not judged.size:
            raise NothingToDoError(_explain_none(names, labels, given))
        found = find_label_errors(
            clips["clip_id"].take(judged).to_pylist(),
            models[0]["classes"],
            given[judged],
            posterior[judged] / judges[judged, None],
        )
        return SuspectsResult(
            models=names,
            labels=labels,
            taxonomy=models[0]["taxonomy"],
            judged=len(judged),
            unpredicted=int(((given >= 0) & (judges == 0)).sum()),
            unlabelled=int((given < 0).sum()),
            suspected=len(found.ranking),
            agreement=float((found.posterior.argmax(axis=1) == found.given).mean()),
            noise_rate=found.noise_rate,
            suspects=_list(store, found, judges[judged], limit),
        )


def _require_same_classes(models: Sequence[Mapping[str, Any]]) -> None:
    kinds = {(model["taxonomy"], tuple(model["classes"])): model["model_id"] for model in models}
    if len(kinds) > 1:
        listed = "; ".join(
            f"`{name}` predicts {list(classes)} of `{taxonomy}`"
            for (taxonomy, classes), name in kinds.items()
        )
        raise PipelineError(
            f"models must predict the same classes in one order to judge together: {listed}; "
            "name those of one taxonomy"
        )


def _corpora_of(models: Sequence[Mapping[str, Any]], predictions: Sequence[pa.Table]) -> list[str]:
    """Return the corpora of the clips that were predicted, sorted."""
    silent = [
        model["model_id"]
        for model, table in zip(models, predictions, strict=True)
        if not table.num_rows
    ]
    if silent:
        raise NothingToDoError(
            f"model `{silent[0]}` has predicted no clip; run `serloop evaluate {silent[0]}`, or "
            f"`serloop score {silent[0]}` for clips it did not learn from"
        )
    ids = pa.chunked_array([chunk for table in predictions for chunk in table["clip_id"].chunks])
    return sorted(
        pc.unique(pc.list_element(pc.split_pattern(ids, "/", max_splits=1), 0)).to_pylist()
    )


def _read_labels(
    store: Warehouse, parts: Mapping[str, pa.Table], labels: str, model: Mapping[str, Any]
) -> npt.NDArray[np.int64]:
    """Return the class of each clip of the corpora, −1 where it has none, (N,)."""
    rules = model["config"].get("rules")
    wanted: Wanted = build_mapping(rules) if rules else model["taxonomy"]
    found = [
        intend(clips, *corpus_classes(store, corpus), wanted)
        if labels == INTENDED
        else agree(store, clips, labels, wanted)
        for corpus, clips in parts.items()
    ]
    for one in found:
        if (one.taxonomy, list(one.classes)) != (model["taxonomy"], model["classes"]):
            raise PipelineError(
                f"`{labels}` is in {list(one.classes)} of `{one.taxonomy}`, but the models "
                f"predict {model['classes']} of `{model['taxonomy']}`; name labels or models of "
                "one taxonomy"
            )
    decided = [decide(one) for one in found]
    given = [np.where(one.has_label, one.posterior.argmax(axis=1), -1) for one in decided]
    return np.asarray(np.concatenate(given), np.int64)


def _judge(
    store: Warehouse,
    clips: pa.Table,
    models: Sequence[Mapping[str, Any]],
    predictions: Sequence[pa.Table],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the sum of out-of-sample posteriors of each clip, (N, C), and their number, (N,)."""
    total = np.zeros((clips.num_rows, len(models[0]["classes"])))
    judges = np.zeros(clips.num_rows, np.int64)
    for model, table in zip(models, predictions, strict=True):
        config = model["config"]
        learned = pa.array(sorted(set(read_audio_groups(store, config["clips"]))), pa.string())
        tuned = pa.array(config["dev_speakers"], pa.string())
        is_seen = pc.or_(
            pc.is_in(clips["audio"], learned),
            pc.and_(pc.is_valid(clips["speaker"]), pc.is_in(clips["speaker"], tuned)),
        )
        place = pc.index_in(clips["clip_id"], table["clip_id"].combine_chunks())
        at = np.flatnonzero(pc.and_(pc.invert(is_seen), pc.is_valid(place)).to_numpy())
        rows = place.take(at).to_numpy()
        total[at] += read_posterior(table["posterior"])[rows]
        judges[at] += 1
    return total, judges


def _list(
    store: Warehouse, found: LabelErrors, judges: npt.NDArray[np.int64], limit: int | None
) -> tuple[Suspect, ...]:
    shown = found.suspects(limit)
    votes = queries.select_effective_votes(
        store, modality=HEARD, clip_ids=[suspect.clip_id for suspect in shown]
    )
    # What the corpus's design asked for is nobody's opinion, even where it was counted as a vote.
    votes = votes.filter(
        pc.and_(pc.is_valid(votes["label"]), pc.not_equal(votes["source"], INTENDED))
    )
    counts: dict[str, Counter[str]] = {suspect.clip_id: Counter() for suspect in shown}
    for vote in votes.select(["clip_id", "label", "count"]).to_pylist():
        counts[vote["clip_id"]][vote["label"]] += vote["count"]
    return tuple(
        Suspect(
            label=suspect,
            models=int(judges[at]),
            votes=tuple(sorted(counts[suspect.clip_id].items(), key=lambda one: (-one[1], one[0]))),
        )
        for suspect, at in zip(shown, found.ranking, strict=False)
    )


def _explain_none(names: Sequence[str], labels: str, given: npt.NDArray[np.int64]) -> str:
    if not (given >= 0).any():
        return f"no clip that the models predicted has a decided label from `{labels}`"
    return (
        f"every prediction of {', '.join(f'`{name}`' for name in names)} is of a clip it learned "
        f"from; run `serloop evaluate {names[0]}`, which predicts the speakers held out, or train "
        "models that hold out others with --test-speakers"
    )
