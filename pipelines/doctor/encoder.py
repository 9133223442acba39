"""Whether the features that the settings ask for can be computed."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pipelines.doctor.finding import Finding
from pipelines.errors import PipelineError
from pipelines.feature_choice import ENCODER_KINDS, name_encoder
from pipelines.settings import Settings
from ser.errors import SerError


def check_encoder(settings: Settings) -> Iterator[Finding]:
    """Find the pretrained encoder, where one is asked for; nothing is downloaded."""
    if settings.models is not None and not settings.models.is_dir():
        yield Finding(
            "models", "broken", f"there is no folder `{settings.models}`", "set SERLOOP_MODELS"
        )
    if settings.features.kind not in ENCODER_KINDS:
        return
    if find_spec("transformers") is None:
        yield Finding(
            "encoder",
            "broken",
            f"`features.kind` is `{settings.features.kind}`, and transformers is not installed",
            "run `pip install serloop[encoders]`",
        )
        return
    from ser.encoders.files import find_encoder  # noqa: PLC0415 - only where one is wanted

    try:
        name = name_encoder(settings)
        if not Path(name).is_dir():
            yield Finding(
                "encoder",
                "note",
                f"`{name}` is no folder here: it is downloaded from the Hugging Face hub",
                "set SERLOOP_MODELS to the folder that holds it, if there is no network",
            )
            return
        yield Finding("encoder", "ok", f"`{find_encoder(name)}`")
    except (PipelineError, SerError) as error:
        yield Finding("encoder", "broken", str(error), "correct SERLOOP_FEATURES__ENCODER")
