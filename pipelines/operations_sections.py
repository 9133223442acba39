"""The sections of the settings about running by itself: schedules, services, gate, upkeep."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from pipelines.sections import Section


class IngestSchedule(Section):
    """When a corpus is looked at again, and where it lies."""

    cron: str = Field("0 2 * * *", description="When, as five fields of cron.")
    root: Path = Field(description="Its folder.")
    reader: str | None = Field(None, description="Corpus that `ingest` reads; default: its name.")
    classes: tuple[str, ...] = Field((), description="Classes of a corpus of your own.")


class ScheduleSettings(Section):
    """What `serloop deploy` has Prefect do by itself, and when."""

    ingest: dict[str, IngestSchedule] = Field(
        {},
        description="Corpora to look at again: a table `[schedule.ingest.NAME]` each with `root` "
        "and `cron`, or JSON.",
    )
    collect_min: float = Field(
        5.0, gt=0, description="Minutes between looks for answers and for rounds that are due."
    )
    round_votes: int = Field(
        100, ge=1, description="New votes of a campaign after which its next round is due."
    )
    round_days: float = Field(
        7.0, gt=0, description="Days after which it is due all the same, if there is any new vote."
    )
    maintain: str = Field("30 3 * * *", description="When upkeep runs, as five fields of cron.")
    time_zone: str = Field("UTC", description="Whose clock schedules go by: `Europe/Berlin`.")


class StackSettings(Section):
    """The services that `serloop up` runs on this machine."""

    prefect_port: int = Field(
        4200, ge=1, le=65535, description="Port of Prefect's server, on 127.0.0.1 alone."
    )
    patience_s: float = Field(
        60.0,
        ge=1,
        description="Seconds without an answer after which a service that runs is started again.",
    )


class GateSettings(Section):
    """What a model must show before it replaces the champion."""

    false_promotion: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="Probability at most of promoting a model that is no better.",
    )
    margin: float = Field(
        0.0,
        ge=-1,
        le=1,
        description="UAR by which it must be better at least; below 0, may be worse at most.",
    )
    calibration: float = Field(
        0.05, ge=0, le=1, description="ECE by which it may be worse at most."
    )
    group: float = Field(
        0.05, ge=0, le=1, description="UAR by which it may be worse on any group at most."
    )
    robustness: float = Field(
        0.05, ge=0, le=1, description="UAR by which it may be worse under noise or gain at most."
    )
    noise_db: float = Field(10.0, description="SNR of the noise that it is tried with, dB.")
    gain_db: float = Field(10.0, gt=0, description="Gain that it is tried with, up and down, dB.")
    approval: Literal["automatic", "human"] = Field(
        "automatic", description="Who promotes what passed: the gate itself, or a person."
    )


class DriftSettings(Section):
    """When clips that came in are too unlike those a model learned from."""

    false_alarm: float = Field(
        0.01, gt=0, le=0.5, description="Probability at most of any alarm where nothing drifted."
    )


class MaintenanceSettings(Section):
    """What upkeep keeps, and for how long."""

    keep_snapshots_d: float = Field(
        30.0,
        ge=0,
        description="Days for which every snapshot is kept; those that a model, an evaluation or a "
        "consensus needs are kept for ever.",
    )
    backup: Path | None = Field(
        None, description="Folder that nightly upkeep backs up to; default: no backup."
    )
    keep_backups: int = Field(
        30, ge=1, description="Backups that are kept there; the oldest give way."
    )


class LogSettings(Section):
    """How runs and services write down what they do."""

    form: Literal["text", "json"] = Field(
        "text", description="Of lines in logs; `json` has a run, a stage and a clip to search for."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is written."
    )
