"""What Prefect adds to a round: the same round by functions, as a flow, and by a worker.

Run as `python -m tests.benchmarks.orchestration --home HOME` with a home in which RAVDESS was
ingested; each repetition begins with the same copy of it, so that the very same round is made.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from tests.benchmarks.whole import REPOSITORY, SERLOOP
from tests.label_studio_server import free_port

CORPUS, CAMPAIGN = "ravdess", "overhead"
WAYS = ("functions", "flow", "worker")
POOL = "serloop"
# The plain function with its settings, and nothing else of ours or Prefect's.
BY_FUNCTIONS = f"""
import sys, time
from pathlib import Path
from pipelines.loop import run_round
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner
from pipelines.settings import load_settings
begin = time.perf_counter()
run = DirectRunner(load_settings(home=Path(sys.argv[1])), SilentProgress())
run_round(run, corpus="{CORPUS}", campaign="{CAMPAIGN}", simulate=True)
print(time.perf_counter() - begin)
"""
BY_FLOW = f"""
import sys, time
from pathlib import Path
from pipelines.flows import FLOWS
begin = time.perf_counter()
FLOWS["run_round"](
    corpus="{CORPUS}", campaign="{CAMPAIGN}", simulate=True, home=Path(sys.argv[1])
)
print(time.perf_counter() - begin)
"""


@dataclass(frozen=True)
class Took:
    """Seconds of one round.

    Args:
        whole_s: From the wish to the end, with the start of a process and all imports.
        own_s: Of the round itself.
    """

    whole_s: float
    own_s: float


def clean_environment() -> dict[str, str]:
    """Return this environment without what serloop or Prefect would read."""
    left = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SERLOOP_", "PREFECT_"))
    }
    return left | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}


@contextmanager
def run_server(folder: Path) -> Iterator[dict[str, str]]:
    """Run a Prefect server and a worker, and give the environment in which they are found."""
    port = free_port()
    environment = clean_environment() | {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
    prefect = [sys.executable, "-m", "prefect"]
    started = []
    try:
        for command in (
            ["server", "start", "--host", "127.0.0.1", "--port", str(port)],
            ["worker", "start", "--pool", POOL, "--type", "process", "--install-policy", "never"],
        ):
            with (folder / f"{command[0]}.log").open("wb") as log:
                started.append(
                    subprocess.Popen([*prefect, *command], env=environment, stdout=log, stderr=log)
                )
            if command[0] == "server":
                wait_for_server(environment["PREFECT_API_URL"])
        yield environment
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)


def wait_for_server(url: str) -> None:
    """Return once the server answers."""
    deadline = time.monotonic() + 120
    while True:
        try:
            httpx.get(f"{url}/health", timeout=5).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def time_process(code: str, home: Path, environment: Mapping[str, str]) -> Took:
    """Make the round in a process of its own."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)],
        env=dict(environment),
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    whole_s = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return Took(whole_s, float(done.stdout.split()[-1]))


def time_worker(home: Path, environment: Mapping[str, str]) -> Took:
    """Have the worker make the round."""
    serloop = [sys.executable, *SERLOOP]
    subprocess.run(
        [*serloop, "deploy", "--home", str(home)],
        env=dict(environment),
        cwd=home.parent,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    api = environment["PREFECT_API_URL"]
    name = f"{api}/deployments/name/round/{CAMPAIGN}"
    with httpx.Client(timeout=60) as client:
        deployment = client.get(name).raise_for_status().json()
        begin = time.perf_counter()
        wanted = {"parameters": {"simulate": True}, "state": {"type": "SCHEDULED"}}
        address = f"{api}/deployments/{deployment['id']}/create_flow_run"
        made = client.post(address, json=wanted).raise_for_status().json()
        while True:
            run = client.get(f"{api}/flow_runs/{made['id']}").raise_for_status().json()
            if run["state_type"] == "COMPLETED":
                return Took(time.perf_counter() - begin, run["total_run_time"])
            if run["state_type"] in {"FAILED", "CRASHED", "CANCELLED"}:
                raise RuntimeError(run["state"]["message"])
            time.sleep(0.2)


def prepare(source: Path, folder: Path) -> None:
    """Bring a home to `home` and ask its seed round, answered by simulated annotators; keep it."""
    home, backups = folder / "home", folder / "backups"
    for arguments in (
        ("backup", backups, "--home", source),
        ("restore", backups, "--home", home),
        ("round", CORPUS, "--campaign", CAMPAIGN, "--simulate", "--home", home),
    ):
        subprocess.run(
            [sys.executable, *SERLOOP, *map(str, arguments)],
            env=clean_environment(),
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    # A catalog knows where its files lie, so that the round is always made in the same place.
    home.rename(folder / "kept")


def main() -> None:
    """Print the ratio of every way to plain functions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    took: dict[str, list[Took]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(given.home, folder)
        with run_server(folder) as environment:
            for repeat in range(given.repeats):
                # Each way is first, second and third in turn.
                for way in (*WAYS[repeat % 3 :], *WAYS[: repeat % 3]):
                    home = folder / "home"
                    shutil.copytree(folder / "kept", home)
                    if way == "functions":
                        took[way].append(time_process(BY_FUNCTIONS, home, clean_environment()))
                    elif way == "flow":
                        took[way].append(time_process(BY_FLOW, home, environment))
                    else:
                        took[way].append(time_worker(home, environment))
                    shutil.rmtree(home)
                    sys.stdout.write(f"{way} {took[way][-1]}\n")
    whole, own = (
        {way: median(getattr(one, name) for one in of) for way, of in took.items()}
        for name in ("whole_s", "own_s")
    )
    ratios = {
        way: {
            "round_s": round(own[way], 2),
            "whole_s": round(whole[way], 2),
            "round": round(own[way] / own["functions"], 3),
            "whole": round(whole[way] / whole["functions"], 3),
        }
        for way in WAYS
    }
    sys.stdout.write(f"{json.dumps(ratios, indent=2)}\n")


if __name__ == "__main__":
    main()
