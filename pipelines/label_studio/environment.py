"""The virtual environment of the server: made once from pinned versions, or adopted as it is."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.label_studio.places import Places
from pipelines.progress import Advance, Progress

PINS = Path(__file__).with_name("constraints.txt")
PACKAGE = "label-studio"
STAMP = ".installed"
BYTES_WANTED = 2_000_000_000
# They would let packages of ours into an environment that must not have them.
NOT_FOR_PIP = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")


def read_pins() -> dict[str, str]:
    """Return the pinned version of every package that is installed.

    Example:
        >>> read_pins()["label-studio"]
        '1.23.2'
    """
    lines = PINS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def find_python(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / "bin" / "python"


def find_version(environment: Path) -> str | None:
    """Return which Label Studio is installed in an environment; None for none.

    Args:
        environment: Folder of a virtual environment; its interpreter is not run.
    """
    found = sorted(environment.glob("lib/python3*/site-packages/label_studio-*.dist-info"))
    if not found or not find_python(environment).exists():
        return None
    return found[-1].name.removeprefix("label_studio-").removesuffix(".dist-info")


def ensure_environment(places: Places, progress: Progress) -> str:
    """Make the environment where it is missing or its pins have changed.

    An interrupted installation goes on when called again. An adopted environment is only looked at.

    Args:
        places: Where it belongs.
        progress: Where progress is shown.

    Returns:
        The version of Label Studio in it.

    Raises:
        PipelineError: There is no room, pip fails, or an adopted one has no Label Studio.
    """
    found = find_version(places.environment)
    if places.is_adopted:
        if found is None:
            raise PipelineError(
                f"setting `label_studio.environment` is `{places.environment}`, where Label Studio "
                f"is not installed; run `{find_python(places.environment)} -m pip install "
                f"{PACKAGE}=={read_pins()[PACKAGE]}`, or unset it to have one made"
            )
        return found
    stamp = places.environment / STAMP
    wanted = _fingerprint()
    if found is not None and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return found
    _refuse_full_disk(places)
    stamp.unlink(missing_ok=True)
    _install(places, progress)
    stamp.write_text(wanted, encoding="utf-8")
    return read_pins()[PACKAGE]


def _fingerprint() -> str:
    # An environment serves the one interpreter that it was made with.
    return hashlib.sha256(PINS.read_bytes() + platform.python_version().encode()).hexdigest()


def _refuse_full_disk(places: Places) -> None:
    places.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(places.folder).free
    if free < BYTES_WANTED:
        raise PipelineError(
            f"{free / 1e9:.1f} GB free at `{places.folder}`; installing Label Studio needs "
            f"{BYTES_WANTED / 1e9:.0f} GB, so free some or set SERLOOP_HOME"
        )


def _install(places: Places, progress: Progress) -> None:
    pins = read_pins()
    pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    pinned = ["--progress-bar=off", f"--constraint={PINS}", f"{PACKAGE}=={pins[PACKAGE]}"]
    with progress.track("install Label Studio", len(pins), "packages") as advance:
        advance(0, note="making its environment, about 1 GB and some minutes, once")
        _run([sys.executable, "-m", "venv", str(places.environment)], places, advance)
        seen = _run([str(find_python(places.environment)), *pip, *pinned], places, advance)
        # pip does not name all it finds at once.
        advance(max(len(pins) - seen, 0), note="installed")


def _run(command: list[str], places: Places, advance: Advance) -> int:
    """Run a command to its end, keep what it prints, and count packages as pip names them."""
    environment = {name: os.environ[name] for name in os.environ.keys() - set(NOT_FOR_PIP)}
    complaint, seen = "", 0
    with (
        places.install_log.open("a", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603 - our own interpreter and pins
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                seen += 1
                advance(1, note=line.split()[1] if line.startswith("C") else "found")
            elif line.startswith("Installing collected"):
                advance(0, note="unpacking; takes a minute or two")
            elif line.startswith(("ERROR", "Error")):
                # pip says first what is wrong, and then what that means in general.
                complaint = complaint or line.strip()
    if process.returncode:
        raise PipelineError(
            f"Label Studio could not be installed into `{places.environment}`: "
            f"{complaint or f'exit code {process.returncode}'}; see `{places.install_log}`, then "
            "run `serloop label-studio up` again, which goes on from there"
        )
    return seen
