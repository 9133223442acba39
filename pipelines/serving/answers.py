"""What callers are told: the shapes of answers, as the OpenAPI description shows them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from pipelines.serving.load import Loaded

if TYPE_CHECKING:
    from ser.streaming.moments import Moment

DIGITS = 6


class Model(BaseModel):
    """What answers."""

    model: str = Field(description="Id of the model.", examples=["ravdess-5f1c2a"])
    line: str | None = Field(description="Line whose champion it is.", examples=["ravdess"])
    sha256: str = Field(description="Of its weights, or of the bundle that runs it.")
    classes: list[str] = Field(description="Its classes.", examples=[["angry", "happy", "sad"]])
    sample_rate: int = Field(description="Rate that it hears, Hz; others are resampled.")
    coverage: float | None = Field(
        description="Share of sets that hold the right class; null where it is not calibrated."
    )
    groups: list[str] = Field(
        description="What `group` may name: those with thresholds of their own, behind `all`.",
        examples=[["all", "female", "male"]],
    )


class Judged(BaseModel):
    """What was heard in one file."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "call.wav",
                "emotion": "angry",
                "confidence": 0.81,
                "posterior": {"angry": 0.81, "happy": 0.12, "sad": 0.07},
                "set": ["angry"],
                "is_sure": True,
                "speech_start_s": 0.4,
                "speech_end_s": 3.1,
                "duration_s": 3.6,
                "flags": [],
            }
        }
    )

    name: str = Field(description="Of the file, as the request called it.")
    emotion: str = Field(description="The likeliest class.")
    confidence: float = Field(description="Its probability.")
    posterior: dict[str, float] = Field(description="Probability of each class.")
    set: list[str] | None = Field(
        description="Classes that may be right, as often as `coverage` says; null without "
        "calibration, and where what is known of the speaker changed the answer: sets were not "
        "calibrated for that."
    )
    is_sure: bool | None = Field(description="Whether that set is exactly one class.")
    speech_start_s: float = Field(description="Where the speech that was judged begins, s.")
    speech_end_s: float = Field(description="Where it ends, s.")
    duration_s: float = Field(description="Of the whole file, s.")
    flags: list[str] = Field(description="What is odd about the sound, such as `clipped`.")


class Answer(BaseModel):
    """What was heard in the files of a request, in their order."""

    model: str = Field(description="Id of the model that judged them.")
    speaker: str | None = Field(description="Who speaks, as the request named them.")
    baseline: str | None = Field(
        description="Id of what the model was told of the speaker and judged with; `off` where "
        "that does not help and was left out, `none` where only another model was told of them, "
        "null where no speaker was named."
    )
    group: str = Field(description="Whose thresholds made the sets.", examples=["all"])
    results: list[Judged]


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str = Field(description="What was wrong, and what would be right.")


def describe_model(loaded: Loaded) -> Model:
    """Return what answers."""
    calibration = loaded.calibration
    return Model(
        model=loaded.model_id,
        line=loaded.line,
        sha256=loaded.sha256,
        classes=list(loaded.recogniser.classes),
        sample_rate=loaded.recogniser.sample_rate,
        coverage=None if calibration is None else calibration.coverage,
        groups=list(loaded.groups),
    )


def describe_posterior(loaded: Loaded, posterior: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Return what a posterior ``(C,)`` says, for JSON.

    Args:
        loaded: What gave it.
        posterior: P(class).
    """
    classes = loaded.recogniser.classes
    best = int(posterior.argmax())
    named = zip(classes, posterior.tolist(), strict=True)
    said = loaded.name_set(posterior)
    return {
        "emotion": classes[best],
        "confidence": round(float(posterior[best]), DIGITS),
        "posterior": {name: round(value, DIGITS) for name, value in named},
        "set": said,
        "is_sure": None if said is None else len(said) == 1,
    }


def describe_moment(loaded: Loaded, moment: "Moment") -> dict[str, Any]:
    """Return a moment of a stream, for JSON.

    Args:
        loaded: What the stream was begun with.
        moment: The moment.
    """
    nothing = dict.fromkeys(("emotion", "confidence", "posterior", "set", "is_sure"))
    said = nothing if moment.posterior is None else describe_posterior(loaded, moment.posterior)
    return {
        "type": "moment",
        "start_s": round(moment.start_s, DIGITS),
        "end_s": round(moment.end_s, DIGITS),
        "is_speech": moment.is_speech,
        "heard_s": round(moment.heard_s, DIGITS),
        "onset_s": None if moment.onset_s is None else round(moment.onset_s, DIGITS),
        **said,
    }
