"""Every setting of serloop, typed and described; the only module that reads the environment.

Order of precedence: defaults < `serloop.toml` < environment (`SERLOOP_…`) < command line.
A setting left at None means the algorithm's own default, so a default is written in one place.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from pipelines.choices import AggregatorName
from pipelines.errors import SettingsError

CONFIG_FILE = "serloop.toml"
ENV_PREFIX = "SERLOOP_"
# Read by tests and benchmarks only, so they share the prefix without being settings.
FOREIGN_VARIABLES = frozenset({"SERLOOP_DATA", "SERLOOP_MODELS"})


class Section(BaseModel):
    """A group of settings that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def overrides(self, *names: str) -> dict[str, Any]:
        """Return the named settings that were set, as keyword arguments.

        Args:
            names: Field names to pass on.

        Returns:
            The fields that are not None, so that absent ones keep the algorithm's default.
        """
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


class WarehouseSettings(Section):
    """Where the catalog and the Parquet files live."""

    catalog: str | None = Field(
        None, description="SQLite file or `postgresql://…`; default: a file under `home`."
    )
    data_path: str | None = Field(
        None, description="Folder or `s3://bucket/prefix` of the Parquet files; default: `home`."
    )
    s3_endpoint: str | None = Field(
        None, description="Host and port of an S3-compatible store; default: the cloud's own."
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key: SecretStr | None = Field(None, description="Access key id of the bucket.")
    s3_secret_key: SecretStr | None = Field(None, description="Secret key of the bucket.")
    s3_use_ssl: bool = Field(True, description="Speak HTTPS to the S3 endpoint.")


class AudioSettings(Section):
    """How recordings become 16 kHz clips."""

    trim_rise_db: float | None = Field(
        None, gt=0, description="Decibels above the clip's noise floor that count as speech."
    )
    trim_padding_s: float | None = Field(
        None, ge=0, description="Seconds kept on either side of the speech."
    )
    vad: Literal["energy", "silero"] = Field(
        "energy", description="What finds speech: energy above the noise, or Silero's network."
    )
    longest_clip_s: float | None = Field(
        None, gt=1, description="Seconds above which a recording is cut at its pauses into clips."
    )


class FeatureSettings(Section):
    """What is computed of every clip at its ingest, and learned from."""

    kind: Literal["log_mel", "mfcc", "prosody", "egemaps"] = Field(
        "log_mel", description="Kind of features; `egemaps` is for non-commercial use only."
    )
    hop: int | None = Field(None, ge=1, description="Samples between frames at 16 kHz.")
    bands: int | None = Field(None, ge=1, description="Mel bands of `log_mel`.")
    coefficients: int | None = Field(None, ge=1, description="Cepstral coefficients of `mfcc`.")


class ComputeSettings(Section):
    """How much of this machine, or of which others, the pipeline uses."""

    runner: Literal["processes", "ray"] = Field(
        "processes", description="What runs batches: processes of this machine, or a Ray cluster."
    )
    ray_address: str | None = Field(
        None, description="Ray cluster to connect to; default: one on this machine, for the run."
    )
    processes: int | None = Field(
        None, ge=1, description="Processes that decode and extract features; default: all cores."
    )
    batch_clips: int = Field(256, ge=1, description="Most clips per shard.")
    commit_s: float = Field(
        5.0, ge=0, description="Seconds between the commits of an ingest; a kill loses as much."
    )
    threads: int = Field(1, ge=1, description="Threads of linear algebra in each process.")


class TrainingSettings(Section):
    """Overrides of the trainer's own defaults."""

    epochs: int | None = Field(None, ge=1, description="Passes over the training clips.")
    updates: int | None = Field(
        None, ge=1, description="Steps to train for instead of `epochs`; suits growing label sets."
    )
    batch_size: int | None = Field(None, ge=2, description="Clips per step.")
    learning_rate: float | None = Field(None, gt=0, description="Peak learning rate of AdamW.")
    weight_decay: float | None = Field(None, ge=0, description="Decoupled weight decay of AdamW.")
    loss: Literal["cross_entropy", "class_weighted", "focal", "soft_label"] | None = Field(
        None, description="Training loss."
    )
    schedule: Literal["cosine", "plateau"] | None = Field(
        None, description="Warm-up then cosine, or halve on a plateau of the development UAR."
    )
    speed_perturbation: bool = Field(
        True, description="Train on copies of each clip played 10 % slower and faster as well."
    )
    seed: int = Field(0, ge=0, description="Seed of initial weights, batches and augmentation.")


class AugmentationSettings(Section):
    """How often training varies a clip, as a probability; unset keeps the recipe's."""

    masks: float | None = Field(
        None, ge=0, le=1, description="Bands and spans of time are masked (SpecAugment)."
    )
    noise: float | None = Field(None, ge=0, le=1, description="Noise is added at 5 to 25 dB.")
    telephone: float | None = Field(None, ge=0, le=1, description="Only 300 to 3400 Hz are left.")
    low_pass: float | None = Field(None, ge=0, le=1, description="High frequencies are cut.")
    gain: float | None = Field(None, ge=0, le=1, description="The level changes by -10 to 6 dB.")
    mu_law: float | None = Field(None, ge=0, le=1, description="An 8-bit µ-law codec is heard.")


class RoundSettings(Section):
    """What one acquisition round asks."""

    strategy: Literal["entropy", "margin", "least_confidence"] = Field(
        "entropy", description="Utility that the active arm ranks the pool by."
    )
    budget: int = Field(120, ge=1, description="Clips asked about per round, both arms together.")
    random_share: float = Field(
        0.5, ge=0, le=1, description="Share of the budget drawn at random as the control arm."
    )
    votes_per_clip: int = Field(
        # At the error rates of CREMA-D's listeners 3 votes label 62 % of clips right, 5 votes 75 %.
        5,
        ge=1,
        description="Annotators asked about each clip.",
    )
    aggregator: AggregatorName = Field("dawid_skene", description="How votes become consensus.")


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(Path(".serloop"), description="Folder of everything serloop writes.")
    warehouse: WarehouseSettings = WarehouseSettings()
    audio: AudioSettings = AudioSettings()
    features: FeatureSettings = FeatureSettings()
    compute: ComputeSettings = ComputeSettings()
    training: TrainingSettings = TrainingSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    rounds: RoundSettings = RoundSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: command line, environment, then `serloop.toml`."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, CONFIG_FILE))

    @property
    def catalog(self) -> str:
        """Return the catalog to attach."""
        return self.warehouse.catalog or str(self.home / "warehouse" / "catalog.sqlite")

    @property
    def data_path(self) -> str:
        """Return the folder or bucket of the Parquet files."""
        return self.warehouse.data_path or str(self.home / "warehouse" / "data")

    @property
    def artifacts(self) -> Path:
        """Return the folder of trained models."""
        return self.home / "models"

    @property
    def reports(self) -> Path:
        """Return the folder of HTML reports."""
        return self.home / "reports"


def load_settings(**overrides: object) -> Settings:
    """Read the settings of this run.

    Args:
        overrides: Values from the command line; None means "not given". Sections are given as
            dictionaries and are merged over the other sources.

    Returns:
        The merged settings.

    Raises:
        SettingsError: If a key is unknown or a value is invalid, with the key and the remedy.
    """
    _refuse_unknown_variables(os.environ)
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error
    except SourceError as error:
        raise SettingsError(
            f"a section given as one variable must be a JSON object: {error}; see "
            "`serloop doctor --settings` for the names there are"
        ) from error
    except tomllib.TOMLDecodeError as error:
        message = f"`{CONFIG_FILE}` is not valid TOML: {error}; correct the file or remove it"
        raise SettingsError(message) from error


def describe_settings() -> list[tuple[str, str, str, str]]:
    """List every setting.

    Returns:
        Rows of (dotted name, environment variable, default, description).
    """
    rows = []
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Section):
            for key, leaf in type(field.default).model_fields.items():
                variable = f"{ENV_PREFIX}{name}__{key}".upper()
                rows.append((f"{name}.{key}", variable, str(leaf.default), leaf.description or ""))
        else:
            variable = f"{ENV_PREFIX}{name}".upper()
            rows.append((name, variable, str(field.default), field.description or ""))
    return rows


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {variable for _, variable, _, _ in describe_settings()}
    # A whole section may also be given as one JSON value.
    known |= {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    present = {name for name in environment if name.upper().startswith(ENV_PREFIX)}
    unknown = sorted(name for name in present - FOREIGN_VARIABLES if name.upper() not in known)
    if unknown:
        raise SettingsError(
            f"unknown setting {_quoted(unknown)} in the environment; unset it, or see "
            "`serloop doctor --settings` for the names there are"
        )


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        # The value of a misspelt key may be a secret.
        is_shown = problem["type"] != "extra_forbidden" and not where.endswith("_key")
        got = f", got {problem['input']!r}" if is_shown else ""
        lines.append(f"setting `{where}`: {problem['msg']}{got}")
    return "; ".join(lines) + "; see `serloop doctor --settings` for names and meanings"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
