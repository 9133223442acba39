"""Score: a model says what it thinks of every clip that may be asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clipset import corpus_clips
from pipelines.convert import prediction_rows
from pipelines.errors import PipelineError
from pipelines.judged import require_classes
from pipelines.models import load_weights, require_model
from pipelines.predicting import predict_clips
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class ScoreResult:
    """What one scoring did.

    Args:
        model_id: The model.
        clips: Clips scored, those of test speakers left out.
        mean_entropy: Mean entropy of the posteriors, nats.
        added: Predictions that were new.
        passes: Passes with dropout that tell where the model contradicts itself; 0 for none.
    """

    model_id: str
    clips: int
    mean_entropy: float
    added: int
    passes: int = 0

    def rows(self) -> Sequence[Row]:
        """Return one row per scoring."""
        return [
            {
                "model_id": self.model_id,
                "clips": self.clips,
                "mean_entropy": self.mean_entropy,
                "added": self.added,
                "passes": self.passes,
            }
        ]


def score(settings: Settings, progress: Progress, *, model_id: str) -> ScoreResult:
    """Predict every clip of the model's corpus whose speaker is not held out.

    Args:
        settings: Where the warehouse and the weights are; how often a single network judges with
            dropout, which an ensemble does not need.
        progress: Where progress is shown.
        model_id: The model.

    Returns:
        How many clips were scored.

    Raises:
        PipelineError: If the model is unknown or predicts ratings alone, has judged these clips
            before without the passes that are wanted, or was solved for and passes are wanted.
        ConfigurationError: If passes are wanted of a network without dropout.
    """
    from annotation.sampling import bald, entropy  # noqa: PLC0415 - keeps help fast

    with open_store(settings) as store:
        model = require_model(store, model_id)
        require_classes(model)
        clips = corpus_clips(store, model["config"]["corpus"])
        held_out = set(model["config"]["test_speakers"])
        keep = [name not in held_out for name in clips["speaker"].to_pylist()]
        clip_ids = clips.filter(keep)["clip_id"].to_pylist()
        trained = load_weights(settings, model)
        passes = 0 if trained.network.n_members else settings.rounds.dropout_passes
        if passes:
            _require_dropout(model, passes)
            _require_unjudged(store, model_id, clip_ids)
        with progress.track("score the pool", len(clip_ids), "clips") as advance:
            seed = settings.training.seed
            prediction = predict_clips(
                store, model["config"], trained, clip_ids, passes=passes, seed=seed
            )
            advance(len(clip_ids))
        rows = prediction_rows(
            model_id,
            clip_ids,
            prediction.posterior,
            prediction.embeddings,
            bald(prediction.members) if len(prediction.members) else None,
        )
        commit = store.commit({"predictions": rows}, message=f"score with {model_id}")
    return ScoreResult(
        model_id=model_id,
        clips=len(clip_ids),
        mean_entropy=float(np.mean(entropy(prediction.posterior))),
        added=commit.inserted.get("predictions", 0),
        passes=passes,
    )


def _require_dropout(model: Mapping[str, Any], passes: int) -> None:
    """Refuse passes of a head that was solved for, which nothing was ever dropped of."""
    if model["config"].get("solver") == "ridge":
        raise PipelineError(
            f"`rounds.dropout_passes` is {passes}, but `{model['model_id']}` was solved for by "
            "ridge regression, without dropout; set it to 0 and `network.members` to 5 or so, or "
            "`training.solver` to `descent`, and train again"
        )


def _require_unjudged(store: Warehouse, model_id: str, clip_ids: Sequence[str]) -> None:
    """Refuse passes over clips of which something without them is stored and would stay."""
    stored = queries.select_predictions(store, model_id)
    silent = stored.filter(pc.is_null(stored["disagreement"]))["clip_id"]
    known = silent.filter(pc.is_in(silent, pa.array(clip_ids, pa.string())))
    if len(known):
        raise PipelineError(
            f"model `{model_id}` has judged {len(known)} of these clips without passes, such as "
            f"`{known[0]}`, and a prediction that is stored stays; set `rounds.dropout_passes` "
            "back to 0, or train another model and score with it first"
        )
