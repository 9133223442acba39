"""Every setting of serloop, typed and described; the only module that reads the environment.

Order of precedence: defaults < `serloop.toml` < files of secrets < environment (`SERLOOP_…`) <
command line.
A setting left at None means the algorithm's own default, so a default is written in one place.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from pipelines.deployment_sections import (
    AbstainSettings,
    CompressionSettings,
    ExportSettings,
    ServingSettings,
)
from pipelines.errors import SettingsError
from pipelines.learning_sections import FusionSettings, PretrainingSettings
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
from pipelines.redaction import find_secrets, hide_in_logs
from pipelines.secret_files import (
    find_given_secrets,
    name_secrets,
    read_secret_files,
    refuse_open_secrets,
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
SECRET_ENDINGS = ("_key", "token", "database", "url", "catalog")


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        # A traceback prints the error of a check, and with it what it was given.
        hide_input_in_errors=True,
    )

    home: Path = Field(Path(".serloop"), description="Folder of everything serloop writes.")
    models: Path | None = Field(
        None, description="Folder of pretrained encoders, in which `features.encoder` is looked up."
    )
    secrets: Path | None = Field(
        None,
        description="Folder of files, named like these variables and of mode 600, each of which "
        "holds the value of one.",
    )
    warehouse: WarehouseSettings = WarehouseSettings()
    audio: AudioSettings = AudioSettings()
    features: FeatureSettings = FeatureSettings()
    compute: ComputeSettings = ComputeSettings()
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    pretraining: PretrainingSettings = PretrainingSettings()
    fusion: FusionSettings = FusionSettings()
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
    export: ExportSettings = ExportSettings()
    compression: CompressionSettings = CompressionSettings()
    serving: ServingSettings = ServingSettings()
    abstain: AbstainSettings = AbstainSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: command line, environment, files of secrets, then `serloop.toml`."""
        toml = TomlConfigSettingsSource(settings_cls, CONFIG_FILE)
        refuse_open_secrets(Path(CONFIG_FILE), toml(), name_secrets(cls))
        folder = {**toml(), **env_settings(), **init_settings()}.get("secrets")
        if folder is None:
            return (init_settings, env_settings, toml)
        files = EnvSettingsSource(settings_cls)
        files.env_vars = read_secret_files(Path(folder), _known_variables())
        return (init_settings, env_settings, files, toml)

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
        settings = Settings(**given)  # type: ignore[arg-type]
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
    # Whoever has secrets may log them by accident; here nobody can forget to prevent it.
    hide_in_logs(find_secrets(settings))
    return settings


def refuse_secret_options(options: Mapping[str, object]) -> None:
    """Refuse secrets among the settings of one run, which Prefect stores and shows.

    Args:
        options: Sections of settings.

    Raises:
        SettingsError: If there is one; the message names it and does not show it.
    """
    told = find_given_secrets(options, name_secrets(Settings))
    if told:
        raise SettingsError(
            f"{_quoted(told)} is a secret, and what a run is told is stored by Prefect; delete the "
            "run there, draw a new secret, and set it where the run happens: see SERLOOP_SECRETS"
        )


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
    known = _known_variables()
    present = {name for name in environment if name.upper().startswith(ENV_PREFIX)}
    unknown = sorted(name for name in present - FOREIGN_VARIABLES if name.upper() not in known)
    if unknown:
        raise SettingsError(
            f"unknown setting {_quoted(unknown)} in the environment; unset it, or see "
            "`serloop doctor --settings` for the names there are"
        )


def _known_variables() -> set[str]:
    named = {variable for _, variable, _, _ in describe_settings()}
    # A whole section may also be given as one JSON value.
    return named | {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        # The value of a misspelt key may be a secret, and so may be a part of a whole section.
        is_shown = (
            problem["type"] != "extra_forbidden"
            and not where.endswith(SECRET_ENDINGS)
            and not isinstance(getattr(Settings.model_fields.get(where), "default", None), Section)
        )
        got = f", got {problem['input']!r}" if is_shown else ""
        lines.append(f"setting `{where}`: {problem['msg']}{got}")
    return "; ".join(lines) + "; see `serloop doctor --settings` for names and meanings"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
