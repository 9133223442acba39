"""A gateway in a process of its own, whose work is written down instead of done.

`python -m tests.pipelines.gateway.running HOME PORT` runs one.
"""

import json
import os
import signal
import subprocess
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
from tests.label_studio_server import free_port
from warehouse.testing import make_rows

ROOT = Path(__file__).parents[3]
KEY = "campaign-00c0ffee"
ANSWER = {"action": "ANNOTATION_CREATED"}
TRAIN = {"action": "START_TRAINING", "project": {"description": f"serloop project {KEY}"}}
# Patient enough for no poll to come between, and quick enough for tests.
QUICK = {"poll_s": 3600, "quiet_s": 0.1, "longest_wait_s": 0.5}
START_S = 30.0


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
class Gateway:
    """A running gateway.

    Args:
        home: Its home.
        port: Its port.
        options: Its section of settings.
    """

    home: Path
    port: int = field(default_factory=free_port)
    options: Mapping[str, float] = field(default_factory=lambda: QUICK)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Return what it has printed."""
        return (self.home / "gateway.log").read_text(encoding="utf-8")

    @property
    def keys(self) -> Keys:
        """Return its secrets."""
        keys = read_keys(find_gateway_places(Settings(home=self.home)).keys)
        assert keys is not None
        return keys

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        options = {f"SERLOOP_GATEWAY__{name.upper()}": str(v) for name, v in self.options.items()}
        with (self.home / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.home), str(self.port)],
                cwd=ROOT,
                env={**os.environ, **options},
                stderr=log,
            )
        wait_for(self.is_well, START_S)

    def is_well(self) -> bool:
        """Return whether it answers."""
        assert self.process is not None
        assert self.process.poll() is None, self.log
        try:
            return httpx.get(f"{self.url}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Kill it on the spot."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as it should be ended; return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

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
        return httpx.post(url, timeout=30, **(given | others))  # type: ignore[arg-type]

    def train(self, said: object = None) -> httpx.Response:
        """Press 'Start training'."""
        return httpx.post(
            f"{self.url}/ml/{KEY}/webhook", auth=self.login, json=said or TRAIN, timeout=30
        )

    def status(self) -> dict[str, object]:
        """Return what it says of itself."""
        answer = httpx.get(f"{self.url}/status", auth=self.login, timeout=30)
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
        if gateway.process is not None and gateway.process.poll() is None:
            gateway.kill()


def wait_for(is_so, patience_s: float = 15.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, f"{is_so} is not so after {patience_s} s"
        time.sleep(0.05)


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
