"""Servers to start: a stand-in that takes no time, and a real one where there is one."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.server import down
from pipelines.settings import Settings
from tests.label_studio_server import free_port

StandIn = Callable[[str], Settings]


def make_environment(folder: Path, behaviour: str) -> Path:
    """Make what looks like an environment with Label Studio, whose interpreter runs a stand-in."""
    program = Path(__file__).with_name("stand_in.py")
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{program}' '{behaviour}' \"$@\"\n")
    python.chmod(0o755)
    (folder / "lib/python3.11/site-packages/label_studio-1.23.2.dist-info").mkdir(parents=True)
    return folder


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    """Return what makes the settings of a stand-in that behaves as told, ended afterwards."""
    made = []

    def make(behaviour: str = "works") -> Settings:
        environment = make_environment(tmp_path / f"environment-{len(made)}", behaviour)
        section = {"environment": environment, "port": free_port()}
        made.append(Settings(home=tmp_path / f"home-{len(made)}", label_studio=section))
        return made[-1]

    yield make
    for settings in made:
        try:
            down(settings, grace_s=0.5)
        except PipelineError as error:
            pytest.fail(str(error))
