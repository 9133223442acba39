"""How many streams a server hears in real time, and what it does when it is asked too much.

    python -m tests.benchmarks.serving streams --home HOME --model MODEL --audio FOLDER
    python -m tests.benchmarks.serving overload --home HOME --bundle BUNDLE --audio FOLDER

The server is a process of its own with one thread per model; callers share the machine with it, and
what they take is reported. A number of streams counts as heard in real time if 95 of 100 moments
come within a hop (250 ms) of the sound that completes them, and none is lost. `cores` is what the
server used per second; `cost` is its milliseconds of a core for one second of one stream, which
says more on a machine that has other things to do.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import soundfile
from websockets.asyncio.client import connect

from tests.label_studio_server import free_port

CHUNK_S = 0.1
HOP_S = 0.25
RATE = 16000
STEPS = (5, 10, 20, 30, 40, 50, 60, 80, 100)
say = print
MAIN = "from pipelines.cli import main; main()"


class Served:
    """A server of the model or bundle that was asked for."""

    def __init__(self, given: argparse.Namespace, **options: object) -> None:
        self.port = free_port()
        told = {f"SERLOOP_SERVING__{name.upper()}": str(value) for name, value in options.items()}
        what = ["--bundle", given.bundle] if given.bundle else ["--model", given.model]
        self._process = subprocess.Popen(
            [
                *[sys.executable, "-c", MAIN, "serve", "--home", given.home],
                *["--port", str(self.port), *what],
            ],
            env={**os.environ, "OMP_NUM_THREADS": "1", **told},
            stdout=subprocess.DEVNULL,
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}/health", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise SystemExit("the server does not answer")

    def read(self, name: str) -> float:
        """Return a number of its metrics."""
        for line in httpx.get(f"{self.url}/metrics", timeout=30).text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[-1])
        return 0.0

    def end(self) -> int:
        """End it; return its exit code."""
        self._process.terminate()
        return self._process.wait(60)


def read_speech(folder: Path, clips: int = 40) -> np.ndarray:
    """Return clips one behind the other, int16 at 16 kHz: speech and its pauses."""
    paths = sorted(folder.rglob("*.wav"))[:: max(1, len(list(folder.rglob("*.wav"))) // clips)]
    parts = []
    for path in paths[:clips]:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        # Every third sample of 48 kHz: how it sounds matters to nobody here.
        parts.append(samples[:: round(rate / RATE), 0])
    return np.concatenate(parts)


async def hear_one(
    url: str, speech: np.ndarray, seconds: float, offset: int, delay_s: float
) -> tuple[list[float], bool]:
    """Send a stream in real time; return the delay of each moment, s, and if all came."""
    await asyncio.sleep(delay_s)
    size = round(CHUNK_S * RATE)
    rolled = np.roll(speech, -offset)[: round(seconds * RATE)]
    sent: list[float] = []
    delays: list[float] = []
    is_whole = False
    async with connect(f"{url.replace('http', 'ws')}/v1/stream", compression=None) as socket:
        await socket.send(json.dumps({"type": "start", "sample_rate": RATE}))
        await socket.recv()
        begin = time.perf_counter()

        async def speak() -> None:
            for number, first in enumerate(range(0, len(rolled), size), 1):
                await asyncio.sleep(max(0.0, begin + number * CHUNK_S - time.perf_counter()))
                # Whoever cannot send in time because the server takes nothing is late, too.
                sent.append(begin + number * CHUNK_S)
                await socket.send(rolled[first : first + size].tobytes())
            await socket.send('{"type": "end"}')

        speaking = asyncio.create_task(speak())
        async for message in socket:
            told = json.loads(message)
            if told["type"] == "moment":
                chunk = min(len(sent), max(1, int(np.ceil(told["end_s"] / CHUNK_S - 1e-6)))) - 1
                delays.append(time.perf_counter() - sent[chunk])
            is_whole = told["type"] == "end"
        await speaking
    return delays, is_whole


async def hear_many(url: str, speech: np.ndarray, streams: int, seconds: float) -> tuple:
    """Run streams at once, begun over the first second; return delays and how many were whole."""
    step = len(speech) // streams
    found = await asyncio.gather(
        *(
            hear_one(url, speech, seconds, number * step, number / streams)
            for number in range(streams)
        )
    )
    return [delay for delays, _ in found for delay in delays], sum(whole for _, whole in found)


def measure_streams(given: argparse.Namespace) -> None:
    """Print a row per number of streams, until they are not heard in real time any more."""
    speech = read_speech(Path(given.audio))
    served = Served(given, streams=1000, requests_per_min=1_000_000)
    say("streams  p50_ms  p95_ms  p99_ms  whole  cores  caller_cores  cost_ms  batch  rss_mb  ok")
    for streams in given.steps:
        cpu, judged, batches = (served.read(name) for name in COUNTED)
        begin, own = time.perf_counter(), time.process_time()
        delays, whole = asyncio.run(hear_many(served.url, speech, streams, given.seconds))
        took_s, own = time.perf_counter() - begin, time.process_time() - own
        now = [served.read(name) for name in COUNTED]
        p50, p95, p99 = (1000 * np.percentile(delays, q) for q in (50, 95, 99))
        cost_ms = 1000 * (now[0] - cpu) / (streams * given.seconds)
        is_ok = p95 <= 1000 * HOP_S and whole == streams
        mean = (now[1] - judged) / max(1, now[2] - batches)
        rss = served.read("process_resident_memory_bytes") / 1e6
        say(
            f"{streams:7d} {p50:7.0f} {p95:7.0f} {p99:7.0f} {whole:6d} "
            f"{(now[0] - cpu) / took_s:6.2f} {own / took_s:13.2f} {cost_ms:8.1f} "
            f"{mean:6.1f} {rss:7.0f}  "
            f"{'yes' if is_ok else 'no'}",
            flush=True,
        )
        if not is_ok:
            break
    say("exit code", served.end())


COUNTED = (
    "process_cpu_seconds_total",
    "serloop_serving_clips_total",
    "serloop_serving_batch_clips_count",
)


async def flood(url: str, body: bytes, callers: int, seconds: float) -> tuple:
    """Ask without a pause; return the time of each answer by status, s, and slow looks."""
    end = time.perf_counter() + seconds
    told: dict[str, list[float]] = {}
    looks: list[float] = []

    async def ask(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < end:
            begin = time.perf_counter()
            try:
                answer = await client.post(f"{url}/v1/recognise", content=body)
                status = str(answer.status_code)
                if status == "429" and "Retry-After" not in answer.headers:
                    status = "429 without Retry-After"
            except httpx.TransportError as error:
                status = type(error).__name__
            told.setdefault(status, []).append(time.perf_counter() - begin)
            if status != "200":
                # A caller that did heed Retry-After would not be an overload.
                await asyncio.sleep(0.02)

    async def look(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < end:
            begin = time.perf_counter()
            answer = await client.get(f"{url}/health")
            assert answer.status_code == 200, answer.text
            looks.append(time.perf_counter() - begin)
            await asyncio.sleep(0.5)

    limits = httpx.Limits(max_connections=callers + 1)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        await asyncio.gather(look(client), *(ask(client) for _ in range(callers)))
    return told, looks


def measure_overload(given: argparse.Namespace) -> None:
    """Print what became of the requests of far too many callers."""
    path = sorted(Path(given.audio).rglob("*.wav"))[0]
    served = Served(given, requests_per_min=10_000_000, queue=given.queue)
    before = served.read("process_resident_memory_bytes") / 1e6
    told, looks = asyncio.run(flood(served.url, path.read_bytes(), given.callers, given.seconds))
    for status, times in sorted(told.items()):
        p50, p99 = (1000 * np.percentile(times, q) for q in (50, 99))
        per_s = len(times) / given.seconds
        say(f"{status}: {len(times)} ({per_s:.0f}/s), p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    say(f"/health: {len(looks)} looks, slowest {1000 * max(looks):.0f} ms")
    inside = served.read("serloop_serving_clips_inside")
    rss = served.read("process_resident_memory_bytes") / 1e6
    say(f"afterwards: {inside:.0f} clips inside, RSS {before:.0f} -> {rss:.0f} MB")
    begin = time.perf_counter()
    answer = httpx.post(f"{served.url}/v1/recognise", content=path.read_bytes(), timeout=30)
    say(f"next request: {answer.status_code} in {1000 * (time.perf_counter() - begin):.0f} ms")
    say("exit code", served.end(), dict(Counter({k: len(v) for k, v in told.items()})))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["streams", "overload"])
    parser.add_argument("--home", required=True)
    parser.add_argument("--model")
    parser.add_argument("--bundle")
    parser.add_argument("--audio", required=True, help="Folder of WAV files.")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--steps", type=int, nargs="*", default=STEPS)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--queue", type=int, default=16)
    given = parser.parse_args(arguments)
    (measure_streams if given.what == "streams" else measure_overload)(given)


if __name__ == "__main__":
    main()
