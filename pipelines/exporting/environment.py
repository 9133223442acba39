"""The virtual environment that converts to TFLite: made once from pins, or adopted as it is."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import PipelineError
from pipelines.progress import Progress
from pipelines.settings import Settings

PINS = Path(__file__).with_name("tflite_pins.txt")
CONVERTER: Final = "litert-torch"
RUNTIME: Final = "ai-edge-litert"
BORROWED = "torch-of-serloop.pth"
STAMP = ".installed"
LOG = "install.log"
BYTES_WANTED = 2_000_000_000
# They would let packages of ours come before those of the environment.
NOT_FOR_IT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")


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

    An interrupted installation goes on when called again. An adopted environment is only looked at.

    Args:
        settings: The home, and the environment if it is another.
        progress: Where progress is shown.

    Raises:
        PipelineError: There is no room, pip fails, or an adopted one has no converter.
    """
    adopted = settings.export.environment
    folder = adopted.absolute() if adopted else own_folder(settings) / "environment"
    found = _find(folder)
    if adopted:
        if found is None:
            raise PipelineError(
                f"setting `export.environment` is `{folder}`, where {CONVERTER} and {RUNTIME} are "
                f"not installed; run `{folder / 'bin' / 'python'} -m pip install "
                f"{CONVERTER}=={read_pins()[CONVERTER]}`, or unset it to have one made"
            )
        return found
    stamp, wanted = folder / STAMP, _fingerprint()
    if found is None or not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        stamp.unlink(missing_ok=True)
        _install(folder, progress)
        stamp.write_text(wanted, encoding="utf-8")
    return Environment(folder / "bin" / "python", _pinned(CONVERTER, RUNTIME))


def read_pins() -> dict[str, str]:
    """Return the pinned version of every package that is installed.

    Example:
        >>> read_pins()["litert-torch"]
        '0.10.0'
    """
    lines = PINS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def clean_variables() -> dict[str, str]:
    """Return the variables of this process without those that would mix two environments."""
    return {name: os.environ[name] for name in os.environ.keys() - set(NOT_FOR_IT)}


def _pinned(*names: str) -> dict[str, str]:
    pins = read_pins()
    return {name: pins[name] for name in names}


def _find(folder: Path) -> Environment | None:
    """Return an environment by what lies there; its interpreter is not run."""
    python, versions = folder / "bin" / "python", {}
    for name in (CONVERTER, RUNTIME):
        stem = name.replace("-", "_")
        found = sorted(folder.glob(f"lib/python3*/site-packages/{stem}-*.dist-info"))
        if not found or not python.exists():
            return None
        versions[name] = found[-1].name.removeprefix(f"{stem}-").removesuffix(".dist-info")
    return Environment(python, versions)


def _fingerprint() -> str:
    # It serves the one interpreter that it was made with, and borrows of that one's packages.
    parts = (PINS.read_text(encoding="utf-8"), platform.python_version(), _ours())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _ours() -> str:
    return sysconfig.get_path("purelib")


def _install(folder: Path, progress: Progress) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    if free < BYTES_WANTED:
        raise PipelineError(
            f"{free / 1e9:.1f} GB free at `{folder.parent}`; installing {CONVERTER} needs "
            f"{BYTES_WANTED / 1e9:.0f} GB, so free some or set SERLOOP_HOME"
        )
    pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    # All of them are named, and torch, which pip would bring, is borrowed.
    pinned = ["--progress-bar=off", "--no-deps", f"--requirement={PINS}"]
    with progress.track(f"install {CONVERTER}", len(read_pins()), "packages") as advance:
        advance(0, note="making its environment, about 1.4 GB and some minutes, once")
        _run([sys.executable, "-m", "venv", str(folder)], folder)
        # pip would take what it finds among our packages for installed.
        _borrow(folder, None)
        _run([str(folder / "bin" / "python"), *pip, *pinned], folder)
        _borrow(folder, _ours())
        advance(len(read_pins()), note="installed")


def _borrow(folder: Path, packages: str | None) -> None:
    """Let what is not installed in an environment be found in another folder, or nowhere."""
    for site in folder.glob("lib/python3*/site-packages"):
        (site / BORROWED).write_text(f"{packages or ''}\n", encoding="utf-8")


def _run(command: list[str], folder: Path) -> None:
    log = folder.parent / LOG
    done = subprocess.run(  # noqa: S603 - our own interpreter and pins
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=clean_variables(),
        text=True,
        errors="replace",
        check=False,
    )
    with log.open("a", encoding="utf-8") as written:
        written.write(done.stdout)
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if line.startswith(("ERROR", "Error"))]
        raise PipelineError(
            f"{CONVERTER} could not be installed into `{folder}`: "
            f"{errors[0] if errors else f'exit code {done.returncode}'}; see `{log}`, then export "
            "again, which goes on from there"
        )
