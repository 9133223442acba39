"""Train: labelled clips become a model, recorded with everything needed to make it again."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.choices import Recipe
from pipelines.clipset import INTENDED, TRAIN, ClipSet, select_clip_set
from pipelines.corpora_together import join_corpora
from pipelines.errors import NothingToDoError
from pipelines.fitting import Plan, fit, make_plan
from pipelines.labels import Targets
from pipelines.model_record import record_model, scale_of
from pipelines.models import find_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.taxonomies import check_comparable
from pipelines.unlabelled import keep_label_share
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class TrainResult:
    """A trained model.

    Args:
        model_id: Names it in the warehouse.
        labels: `intended`, or the consensus run the labels came from.
        taxonomy: Class list it predicts.
        mapping: Mapping that labels came to it by; None for labels given in it.
        clips: Clips it learned from.
        dropped: Clips it could not learn from because the mapping drops their label.
        tied: Clips it could not learn from because no class leads.
        speakers: Distinct speakers among them.
        test_speakers: Speakers it must never meet.
        epochs: Passes over the clips.
        dev_uar: Best UAR on the development speakers, if there were any.
        dev_ccc: Mean CCC of ratings on them in the epoch that was kept, if they are rated.
        artifact: File of the weights.
        is_new: False when the same model was there already.
        seconds: Wall time.
    """

    model_id: str
    labels: str
    taxonomy: str
    mapping: str | None
    clips: int
    dropped: int
    tied: int
    speakers: int
    test_speakers: tuple[str, ...]
    epochs: int
    dev_uar: float | None
    dev_ccc: float | None
    artifact: str
    is_new: bool
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per model."""
        return [
            {
                "model_id": self.model_id,
                "labels": self.labels,
                "taxonomy": self.taxonomy,
                "mapping": self.mapping,
                "clips": self.clips,
                "dropped": self.dropped,
                "tied": self.tied,
                "speakers": self.speakers,
                "held_out": len(self.test_speakers),
                "epochs": self.epochs,
                "dev_uar": self.dev_uar,
                **({} if self.dev_ccc is None else {"dev_ccc": self.dev_ccc}),
                "new": "yes" if self.is_new else "no",
                "seconds": round(self.seconds, 1),
            }
        ]


def train(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    labels: str = INTENDED,
    test_speakers: tuple[str, ...] = (),
    dev_speakers: tuple[str, ...] = (),
    recipe: Recipe = "full",
    taxonomy: str | None = None,
    targets: Targets | None = None,
    round_id: str | None = None,
    arm: str | None = None,
) -> TrainResult:
    """Train a network on labelled clips of speakers that are not held out.

    The same data, settings, seed and code give the same model: if it is there, nothing is done,
    and if its training was killed, it goes on from the last epoch.

    Args:
        settings: Network and training settings, and where the warehouse is.
        progress: Where progress is shown.
        corpus: Corpus to learn from.
        labels: `intended` for the corpus's own labels, or the id of a consensus run.
        test_speakers: Speakers held out for evaluation; empty for the default fifth.
        dev_speakers: Speakers held out to choose the best epoch; empty for none.
        recipe: `full` trains to convergence, `round` trains a smaller network in seconds.
        taxonomy: Taxonomy to learn, by name or the path of a mapping in TOML; None for the one
            the labels are in. Clips whose label it drops are left out and counted.
        targets: `hard` for the leading class of each clip, ties left out and counted; `soft` for
            the posterior, learned with the loss `soft_label`; None leaves it to the loss: all but
            `soft_label` learn the leading class, which tied classes share.
        round_id: Round this model belongs to.
        arm: Arm of the round whose asks it learned from.

    Returns:
        The model's id and what it learned from.

    Raises:
        LeakageError: If a speaker or session would be on both sides, with the offenders.
        NothingToDoError: If no labelled clip remains, or nobody rated what is to be learned.
        TaxonomyError: If no mapping leads to the taxonomy.
        PipelineError: If the loss cannot learn such targets, settings contradict each other, or
            the campaign of the round has models in another taxonomy, with which a learning curve
            would compare this one.
    """
    started = time.monotonic()
    with open_store(settings) as store:
        clips = select_clip_set(
            store,
            corpus=corpus,
            labels=labels,
            test_speakers=test_speakers,
            dev_speakers=dev_speakers,
            taxonomy=taxonomy,
            kind=targets,
        )
        clips = join_corpora(store, clips, corpus, settings.training.other_corpora)
        clips = keep_label_share(clips, settings.training.label_share, settings.training.seed)
        if not clips.train.size:
            raise NothingToDoError(
                f"every labelled clip of corpus `{corpus}` belongs to a held-out speaker; hold "
                "fewer speakers out, or label clips of others"
            )
        if round_id is not None:
            require_one_scale(store, round_id, clips)
        origin = {"corpus": corpus, "labels": labels, "round_id": round_id, "arm": arm}
        plan = make_plan(settings, clips, recipe, origin, store)
        known = find_model(store, plan.model_id)
        is_new = known is None or not plan.artifact(settings).is_file()
        if known is None or is_new:
            known = _fit_and_record(store, settings, progress, clips, plan)
    metrics = json.loads(known["metrics"])
    return TrainResult(
        model_id=plan.model_id,
        labels=labels,
        taxonomy=clips.taxonomy,
        mapping=clips.mapping,
        clips=len(clips.train),
        dropped=clips.dropped[TRAIN],
        tied=clips.tied[TRAIN],
        speakers=len(set(clips.speakers[clips.train])),
        test_speakers=clips.test_speakers,
        epochs=metrics["epochs"],
        dev_uar=metrics["dev_uar"],
        dev_ccc=metrics.get("dev_ccc"),
        artifact=str(plan.artifact(settings)),
        is_new=is_new,
        seconds=time.monotonic() - started,
    )


def require_one_scale(store: Warehouse, round_id: str, clips: ClipSet) -> None:
    """Refuse a model that a campaign's learning curve would compare with another taxonomy's.

    Args:
        store: The warehouse.
        round_id: A round of the campaign.
        clips: What the model is to learn from.

    Raises:
        PipelineError: If there is a model of the campaign in another one, with its id.
    """
    rounds = queries.select_rounds(store).to_pylist()
    campaign = next((row["campaign"] for row in rounds if row["round_id"] == round_id), None)
    members = {row["round_id"] for row in rounds if row["campaign"] == campaign} | {round_id}
    models = [row for row in queries.select_models(store).to_pylist() if row["round_id"] in members]
    check_comparable([*models, {"model_id": "the new model", **scale_of(clips)}])


def _fit_and_record(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, plan: Plan
) -> dict[str, Any]:
    from ser.training.distributed import Share, join_processes  # noqa: PLC0415 - loads torch

    snapshot = store.snapshot
    with join_processes():
        model = fit(store, settings, progress, clips, plan)
        is_first = Share.of_this_process().rank == 0
    # Of several processes that train together, one stores what all of them have.
    return record_model(
        store, settings, clips, plan, model, snapshot=snapshot, verb="train", is_stored=is_first
    )
