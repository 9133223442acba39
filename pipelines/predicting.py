"""What a model says of clips of the warehouse, whatever kind of model it is."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.clipset import read_features
from pipelines.errors import PipelineError
from pipelines.words import read_text, read_words
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.inference.predictor import Prediction
    from ser.models.trained import TrainedModel

FUSION = "fusion"


def predict_clips(
    store: Warehouse,
    config: Mapping[str, Any],
    trained: "TrainedModel",
    clip_ids: Sequence[str],
    *,
    features: "RaggedFeatures | None" = None,
    texts: Sequence[str | None] | None = None,
    passes: int = 0,
    seed: int = 0,
) -> "Prediction":
    """Return what a model says of clips: by their sound, and by their words if it reads any.

    Args:
        store: Where features and words are read, as it is or as of a snapshot.
        config: What the model row records.
        trained: The weights.
        clip_ids: N ascending ids.
        features: What is heard instead of the clips as they are.
        texts: What is read instead of their words.
        passes: How often a single network judges with dropout.
        seed: Of what these passes drop.

    Raises:
        NothingToDoError: If a clip has no features.
        PipelineError: If the text encoder is another one than the model was trained with.
        ConfigurationError: If the model cannot judge in passes, or the text encoder is missing.
    """
    from ser.fusion.model import FusedModel  # noqa: PLC0415 - these load torch
    from ser.fusion.predictor import predict_fused  # noqa: PLC0415
    from ser.inference.predictor import predict  # noqa: PLC0415

    if features is None:
        features = read_features(store, trained.feature_set, clip_ids)
    if not isinstance(trained, FusedModel):
        return predict(trained, features, passes=passes, seed=seed)
    if texts is None:
        texts = read_words(store, clip_ids, config[FUSION]["words"]).texts
    words = read_text(config[FUSION], texts)
    return predict_fused(trained, features, words, passes=passes, seed=seed)


def refuse_fusion(model: Mapping[str, Any], what: str) -> None:
    """Refuse a model that reads words where its sound alone would be taken.

    Args:
        model: A row from `pipelines.models.require_model`.
        what: What cannot be done with it, such as `be exported`.

    Raises:
        PipelineError: If it reads words.
    """
    if FUSION in model["config"]:
        raise PipelineError(
            f"model `{model['model_id']}` reads words beside the sound (`fusion.kind` is "
            f"`{model['config'][FUSION]['kind']}`) and cannot {what}; train one with `fusion.kind` "
            "= `none`"
        )


def say_unread(model: Mapping[str, Any]) -> str | None:
    """Say that a model hears a sound without its words, if it would read them.

    Args:
        model: A row from `pipelines.models.require_model`.
    """
    if FUSION not in model["config"]:
        return None
    return f"`{model['model_id']}` reads words as well; here it judges by the sound alone"
