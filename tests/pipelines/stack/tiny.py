"""Services that do nothing, under a real supervisor: they are there within a second."""

import re
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.settings import Settings
from pipelines.stack import configuration
from pipelines.stack.control import Process, read_processes
from pipelines.stack.places import find_stack_places
from tests.label_studio_server import free_port

# A child in a session of its own, as a flow run is.
PROGRAM = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', "
    "'import time; time.sleep(600)'], start_new_session=True); time.sleep(600)"
)
NAMES = ("prefect", "worker", "gateway", "watch")
"""What runs where Label Studio is elsewhere."""

PATIENCE_S = 180.0


def tiny_settings(home: Path) -> Settings:
    """Return settings of services of which none is Label Studio."""
    return Settings(
        home=home,
        stack={"prefect_port": free_port()},
        gateway={"port": free_port()},
        label_studio={"url": f"http://127.0.0.1:{free_port()}", "token": "t"},
    )


def build_tiny(settings: Settings) -> str:
    """Return the real configuration, with programs that do nothing."""
    command = shlex.join([sys.executable, "-c", PROGRAM])
    text = configuration.build_configuration(settings)
    return re.sub(r"^command = .*$", f"command = {command}", text, flags=re.MULTILINE)


def wait_for(
    settings: Settings, seen: Callable[[Mapping[str, Process]], bool]
) -> Mapping[str, Process]:
    """Return what is supervised once it is as wanted."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = read_processes(find_stack_places(settings).socket) or {}
        if seen(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"never came: {found}")


def run_all(found: Mapping[str, Process]) -> bool:
    """Return whether every service has a process."""
    return set(found) == set(NAMES) and all(item.pid is not None for item in found.values())
