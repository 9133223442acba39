"""The sections of the settings about models that leave: export, compression, serving, doubt."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines.sections import Section


class ExportSettings(Section):
    """What `serloop export` writes."""

    features: Literal["inside", "outside"] = Field(
        "inside", description="Whether an exported model hears waveforms, or reads features."
    )
    environment: Path | None = Field(
        None,
        description="Virtual environment that converts to TFLite; default: one of its own in "
        "the home, made when it is first needed.",
    )
    window_s: float = Field(
        4.0,
        gt=0,
        description="Longest clip that a TFLite file hears, s; it computes as much for any.",
    )


class CompressionSettings(Section):
    """How models are made smaller."""

    student_parameters: int = Field(
        200_000, ge=1_000, description="Parameters that a distilled student has at most."
    )
    keep: float = Field(0.5, gt=0, le=1, description="Share of channels that pruning keeps.")
    epochs: int = Field(20, ge=1, description="Epochs of fine-tuning after pruning.")


class ServingSettings(Section):
    """What `serloop serve` takes, and what it refuses."""

    host: str = Field("127.0.0.1", description="Address it listens on.")
    port: int = Field(18100, ge=1, le=65535, description="Its port.")
    line: str | None = Field(
        None, description="Line whose champion answers; default: the only one there is."
    )
    longest_s: float = Field(60.0, gt=0, description="Longest recording of a request, s.")
    largest_mb: float = Field(20.0, gt=0, description="Largest request, MB.")
    requests_per_min: int = Field(600, ge=1, description="Requests of one key in a minute at most.")
    streams: int = Field(50, ge=1, description="Streams at a time at most.")
    batch_clips: int = Field(16, ge=1, description="Clips judged together at most.")
    batch_wait_ms: float = Field(
        5.0, ge=0, description="How long a clip waits for others to be judged with, ms."
    )
    queue: int = Field(
        128, ge=1, description="Clips that may wait; more are refused with 429 and when to return."
    )
    idle_s: float = Field(
        15.0, gt=0, description="Seconds without a byte after which a request or stream is ended."
    )
    drain_s: float = Field(
        30.0, ge=0, description="Seconds that requests have to finish when it is stopped."
    )
    keep_audio: Literal["never", "with_consent"] = Field(
        "never", description="Whether sounds people corrected are kept, if they agree."
    )


class AbstainSettings(Section):
    """When a model says that it is not sure."""

    coverage: float = Field(
        0.9, gt=0.5, lt=1, description="Share of sets of classes that shall hold the right one."
    )
    method: Literal["lac", "aps"] = Field(
        "lac", description="Score by which classes enter a set: least ambiguous, or adaptive."
    )
    correction: Literal["left_out", "hierarchical"] = Field(
        "left_out",
        description="How thresholds allow for few speakers: `left_out` is close to the coverage, "
        "`hierarchical` is proven to reach it, for larger sets.",
    )
    group: str = Field(
        "all", description="What thresholds differ by: `all` for nothing, or such as `gender`."
    )
