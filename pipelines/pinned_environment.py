"""A virtual environment for packages that ours must not meet: made once from pins, or adopted."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.progress import Advance, Progress

STAMP = ".installed"
BYTES_WANTED = 2_000_000_000
BORROWED = "torch-of-serloop.pth"
# They would let packages of ours come before those of the environment, or into it.
NOT_FOR_IT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")


@dataclass(frozen=True)
class PinnedEnvironment:
    """Say what an environment holds and where it lies.

    Args:
        name: What it is made for, in words.
        setting: What names another environment.
        folder: Its folder.
        is_adopted: Whether the setting named it, so that it is never changed.
        log: What pip printed.
        pins: File of one `package==version` a line.
        packages: Names of those it is no use without; the first one brings the others.
        arguments: What pip is to install.
        size: What comes, in words.
        remedy: What to do again after a failure.
        borrows: Folder of packages that it may use as well, or none.
    """

    name: str
    setting: str
    folder: Path
    is_adopted: bool
    log: Path
    pins: Path
    packages: tuple[str, ...]
    arguments: tuple[str, ...]
    size: str
    remedy: str
    borrows: str | None = None

    def ensure(self, progress: Progress) -> dict[str, str]:
        """Make it where it is missing or its pins have changed; return versions of its packages.

        An interrupted installation goes on when called again. An adopted one is only looked at.

        Args:
            progress: Where progress is shown.

        Raises:
            PipelineError: There is no room, pip fails, or an adopted one lacks a package.
        """
        found = find_versions(self.folder, self.packages)
        first = f"{self.packages[0]}=={read_pins(self.pins)[self.packages[0]]}"
        if self.is_adopted:
            if found is None:
                raise PipelineError(
                    f"setting `{self.setting}` is `{self.folder}`, where {self.name} is not "
                    f"installed; run `{find_python(self.folder)} -m pip install {first}`, or "
                    "unset it to have one made"
                )
            return found
        stamp, wanted = self.folder / STAMP, self._fingerprint()
        if found is not None and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return found
        self._refuse_full_disk()
        stamp.unlink(missing_ok=True)
        self._install(progress)
        stamp.write_text(wanted, encoding="utf-8")
        pins = read_pins(self.pins)
        return {name: pins[name] for name in self.packages}

    def _fingerprint(self) -> str:
        # It serves the one interpreter that it was made with, and borrows of that one's packages.
        parts = (platform.python_version(), self.borrows or "")
        return hashlib.sha256(self.pins.read_bytes() + "".join(parts).encode()).hexdigest()

    def _refuse_full_disk(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.folder.parent).free
        if free < BYTES_WANTED:
            raise PipelineError(
                f"{free / 1e9:.1f} GB free at `{self.folder.parent}`; installing {self.name} needs "
                f"{BYTES_WANTED / 1e9:.0f} GB, so free some or set SERLOOP_HOME"
            )

    def _install(self, progress: Progress) -> None:
        count = len(read_pins(self.pins))
        pip = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input")
        with progress.track(f"install {self.name}", count, "packages") as advance:
            advance(0, note=f"making its environment, {self.size} and some minutes, once")
            self._run((sys.executable, "-m", "venv", str(self.folder)), advance)
            # pip would take what it finds among our packages for installed.
            self._lend("")
            python = str(find_python(self.folder))
            seen = self._run((python, *pip, "--progress-bar=off", *self.arguments), advance)
            self._lend(self.borrows or "")
            # pip does not name all it finds at once.
            advance(max(count - seen, 0), note="installed")

    def _lend(self, packages: str) -> None:
        """Let one that borrows find what is not installed in another folder, or nowhere."""
        for site in self.folder.glob("lib/python3*/site-packages") if self.borrows else ():
            (site / BORROWED).write_text(f"{packages}\n", encoding="utf-8")

    def _run(self, command: tuple[str, ...], advance: Advance) -> int:
        """Run a command to its end, keep what it prints, and count packages as pip names them."""
        complaint, seen = "", 0
        with (
            self.log.open("a", encoding="utf-8") as log,
            subprocess.Popen(  # noqa: S603 - our own interpreter and pins
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=clean_variables(),
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
                f"{self.name} could not be installed into `{self.folder}`: "
                f"{complaint or f'exit code {process.returncode}'}; see `{self.log}`, then "
                f"{self.remedy}, which goes on from there"
            )
        return seen


def read_pins(path: Path) -> dict[str, str]:
    """Return the pinned version of every package that is installed.

    Args:
        path: File of one `package==version` a line; lines that begin with # are left out.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def find_python(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / "bin" / "python"


def find_versions(folder: Path, packages: tuple[str, ...]) -> dict[str, str] | None:
    """Return which versions of packages lie in an environment; None where one is missing.

    Args:
        folder: Of a virtual environment; its interpreter is not run.
        packages: Their names.
    """
    versions = {}
    for name in packages:
        stem = name.replace("-", "_")
        found = sorted(folder.glob(f"lib/python3*/site-packages/{stem}-*.dist-info"))
        if not found or not find_python(folder).exists():
            return None
        versions[name] = found[-1].name.removeprefix(f"{stem}-").removesuffix(".dist-info")
    return versions


def clean_variables() -> dict[str, str]:
    """Return the variables of this process without those that would mix two environments."""
    return {name: os.environ[name] for name in os.environ.keys() - set(NOT_FOR_IT)}
