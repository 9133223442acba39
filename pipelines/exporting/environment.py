"""The virtual environment that converts to TFLite, which borrows torch of ours."""

import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.pinned_environment import PinnedEnvironment, find_python
from pipelines.progress import Progress
from pipelines.settings import Settings

PINS = Path(__file__).with_name("tflite_pins.txt")
CONVERTER: Final = "litert-torch"
RUNTIME: Final = "ai-edge-litert"
LOG = "install.log"


@dataclass(frozen=True)
class Environment:
    """Where models are converted.

    Args:
        python: Its interpreter.
        versions: Of the converter and of the runtime, by name.
    """

    python: Path
    versions: dict[str, str]


def own_folder(settings: Settings) -> Path:
    """Return the folder that holds the environment, if it is ours, and what was logged."""
    return settings.home.resolve() / "tflite"


def ensure_environment(settings: Settings, progress: Progress) -> Environment:
    """Make the environment where it is missing or its pins have changed.

    Args:
        settings: The home, and the environment if it is another.
        progress: Where progress is shown.

    Raises:
        PipelineError: There is no room, pip fails, or an adopted one has no converter.
    """
    adopted, own = settings.export.environment, own_folder(settings)
    pinned = PinnedEnvironment(
        name=f"{CONVERTER} or {RUNTIME}" if adopted else CONVERTER,
        setting="export.environment",
        folder=adopted.absolute() if adopted else own / "environment",
        is_adopted=adopted is not None,
        log=own / LOG,
        pins=PINS,
        packages=(CONVERTER, RUNTIME),
        # All of them are named, and torch, which pip would bring, is borrowed.
        arguments=("--no-deps", f"--requirement={PINS}"),
        size="about 1.4 GB",
        remedy="export again",
        borrows=sysconfig.get_path("purelib"),
    )
    versions = pinned.ensure(progress)
    return Environment(find_python(pinned.folder), versions)
