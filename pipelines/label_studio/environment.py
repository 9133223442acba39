"""The virtual environment of the server."""

from pathlib import Path

from pipelines.label_studio.places import Places
from pipelines.pinned_environment import PinnedEnvironment, find_versions, read_pins
from pipelines.progress import Progress

PINS = Path(__file__).with_name("constraints.txt")
PACKAGE = "label-studio"


def find_version(environment: Path) -> str | None:
    """Return which Label Studio is installed in an environment; None for none.

    Args:
        environment: Folder of a virtual environment; its interpreter is not run.
    """
    found = find_versions(environment, (PACKAGE,))
    return None if found is None else found[PACKAGE]


def ensure_environment(places: Places, progress: Progress) -> str:
    """Make the environment where it is missing or its pins have changed.

    Args:
        places: Where it belongs.
        progress: Where progress is shown.

    Returns:
        The version of Label Studio in it.

    Raises:
        PipelineError: There is no room, pip fails, or an adopted one has no Label Studio.
    """
    pinned = PinnedEnvironment(
        name="Label Studio",
        setting="label_studio.environment",
        folder=places.environment,
        is_adopted=places.is_adopted,
        log=places.install_log,
        pins=PINS,
        packages=(PACKAGE,),
        arguments=(f"--constraint={PINS}", f"{PACKAGE}=={read_pins(PINS)[PACKAGE]}"),
        size="about 1 GB",
        remedy="run `serloop label-studio up` again",
    )
    return pinned.ensure(progress)[PACKAGE]
