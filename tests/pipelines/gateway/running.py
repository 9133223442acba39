"""A gateway in a process of its own, whose work is written down instead of done.

`python -m tests.pipelines.gateway.running HOME PORT` runs one.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pipelines.gateway.keys import SECRET_HEADER, USER, Keys, read_keys
from pipelines.gateway.places import find_gateway_places
from pipelines.gateway.serve import serve
from pipelines.gateway.work import Outcome, Work
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.running import WEB, RunningServer
from warehouse.testing import make_rows

KEY = "campaign-00c0ffee"
ANSWER = {"action": "ANNOTATION_CREATED"}
TRAIN = {"action": "START_TRAINING", "project": {"description": f"serloop project {KEY}"}}
# Patient enough for no poll to come between, and quick enough for tests.
QUICK = {"poll_s": 3600, "quiet_s": 0.1, "longest_wait_s": 0.5}

# Files in a home that change what becomes of work.
HINDRANCES = ("die", "refuse", "due")


def write_down(settings: Settings, work: Work) -> Outcome:
    """Do work as files in the home tell: refuse it, take long over it, die of it, find more."""
    home = settings.home
    if (home / "die").exists():
        (home / "die").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    with (home / "begun.txt").open("a", encoding="utf-8") as file:
        file.write(f"{work.kind} {work.campaign}\n")
    while (home / f"slow-{work.kind}").exists():
        time.sleep(0.05)
    if (home / "refuse").exists():
        return Outcome(False, "refused by the test")
    with (home / "done.txt").open("a", encoding="utf-8") as file:
        file.write(f"{work.kind} {work.campaign}\n")
    is_due = work.kind == "collect" and (home / "due").exists()
    return Outcome(True, "written down", is_due)


def open_campaign(home: Path, *keys: str) -> None:
    """Write campaigns with a project each; the campaign's name is its key's end."""
    named = keys or (KEY,)
    rows = make_rows(
        "projects",
        project=list(named),
        campaign=[key.removeprefix("campaign-") for key in named],
        corpus=["demo"] * len(named),
    )
    with open_store(Settings(home=home)) as store:
        store.commit({"projects": rows}, message="projects")


@dataclass
class Gateway(RunningServer):
    """A running gateway.

    Args:
        home: Its home.
        options: Its section of settings.
    """

    home: Path
    options: Mapping[str, float] = field(default_factory=lambda: QUICK)

    @property
    def log_file(self) -> Path:
        """Return where it logs to."""
        return self.home / "gateway.log"

    @property
    def keys(self) -> Keys:
        """Return its secrets."""
        keys = read_keys(find_gateway_places(Settings(home=self.home)).keys)
        assert keys is not None
        return keys

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {f"SERLOOP_GATEWAY__{name.upper()}": str(v) for name, v in self.options.items()}
        self.launch([sys.executable, "-m", __name__, str(self.home), str(self.port)], options)

    @property
    def login(self) -> tuple[str, str]:
        """Return user and password."""
        return USER, self.keys.password

    def send(self, said: object = None, *, project: str = KEY, **others: object) -> httpx.Response:
        """Send a webhook as a connected project does."""
        given: dict[str, object] = {
            "params": {"project": project},
            "json": ANSWER if said is None else said,
        }
        if "headers" not in others:
            given["headers"] = {SECRET_HEADER: self.keys.webhook}
        url = f"{self.url}/webhooks/label-studio"
        return WEB.post(url, **(given | others))  # type: ignore[arg-type]

    def train(self, said: object = None) -> httpx.Response:
        """Press 'Start training'."""
        return WEB.post(f"{self.url}/ml/{KEY}/webhook", auth=self.login, json=said or TRAIN)

    def status(self) -> dict[str, object]:
        """Return what it says of itself."""
        answer = WEB.get(f"{self.url}/status", auth=self.login)
        found: dict[str, object] = answer.raise_for_status().json()
        return found

    def done(self, what: str = "done") -> list[str]:
        """Return what it has done so far."""
        path = self.home / f"{what}.txt"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def counts(self) -> tuple[int, int]:
        """Return how often it was told and how much of this is handled, by its file."""
        path = find_gateway_places(Settings(home=self.home)).wakes
        wakes = json.loads(path.read_text(encoding="utf-8"))["wakes"]
        return sum(wake["received"] for wake in wakes), sum(wake["handled"] for wake in wakes)


@contextmanager
def run_gateway(home: Path, **options: float) -> Iterator[Gateway]:
    """Run a gateway, ended afterwards."""
    gateway = Gateway(home, options={**QUICK, **options})
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.kill()


def main() -> None:
    """Run a gateway until it is ended."""
    from pipelines.observe.logs import configure
    from pipelines.settings import load_settings

    home, port = sys.argv[1:]
    settings = load_settings(home=home, gateway={"port": int(port)})
    configure(settings)
    # By its module's name, which the process that works imports it by.
    from tests.pipelines.gateway import running

    serve(settings, work=running.write_down)


if __name__ == "__main__":
    main()
