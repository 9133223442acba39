"""Every setting of serloop, typed and described; the only module that reads the environment.

Order of precedence: defaults < `serloop.toml` < environment (`SERLOOP_…`) < command line.
A setting left at None means the algorithm's own default, so a default is written in one place.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from pipelines.errors import SettingsError
from pipelines.operations_sections import (
    DriftSettings,
    GateSettings,
    LogSettings,
    MaintenanceSettings,
    ScheduleSettings,
    StackSettings,
)
from pipelines.people_sections import (
    GatewaySettings,
    LabellingSettings,
    LabelStudioSettings,
    PeopleSettings,
)
from pipelines.sections import (
    AudioSettings,
    AugmentationSettings,
    ComputeSettings,
    FeatureSettings,
    NetworkSettings,
    RoundSettings,
    Section,
    TrainingSettings,
    WarehouseSettings,
)

CONFIG_FILE = "serloop.toml"
ENV_PREFIX = "SERLOOP_"
# Read by tests and benchmarks only, so they share the prefix without being settings.
FOREIGN_VARIABLES = frozenset({"SERLOOP_DATA", "SERLOOP_MODELS"})
# Names whose values are never repeated; an address may hold a password.
SECRET_ENDINGS = ("_key", "token", "database", "url")


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(Path(".serloop"), description="Folder of everything serloop writes.")
    models: Path | None = Field(
        None, description="Folder of pretrained encoders, in which `features.encoder` is looked up."
    )
    warehouse: WarehouseSettings = WarehouseSettings()
    audio: AudioSettings = AudioSettings()
    features: FeatureSettings = FeatureSettings()
    compute: ComputeSettings = ComputeSettings()
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    rounds: RoundSettings = RoundSettings()
    label_studio: LabelStudioSettings = LabelStudioSettings()
    labelling: LabellingSettings = LabellingSettings()
    gateway: GatewaySettings = GatewaySettings()
    people: PeopleSettings = PeopleSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    stack: StackSettings = StackSettings()
    gate: GateSettings = GateSettings()
    drift: DriftSettings = DriftSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    log: LogSettings = LogSettings()

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
        is_shown = problem["type"] != "extra_forbidden" and not where.endswith(SECRET_ENDINGS)
        got = f", got {problem['input']!r}" if is_shown else ""
        lines.append(f"setting `{where}`: {problem['msg']}{got}")
    return "; ".join(lines) + "; see `serloop doctor --settings` for names and meanings"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
