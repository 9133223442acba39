"""Streams go in over real WebSockets, and moments come out while they last."""

import json
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pipelines.deployment_sections import ServingSettings
from ser.inference.recogniser import ModelRecogniser
from ser.streaming.stream import EmotionStream
from tests.pipelines.places import Trained
from tests.pipelines.serving.running import Server, Told, begin, listen, run_server, tone
from tests.running import wait_for


def hear(
    socket: ClientConnection, samples: npt.NDArray[Any], *, chunk: int = 1600, **said: object
) -> Told:
    """Send a sound in chunks, and return everything that is told until the end."""
    socket.send(begin(**said))
    for first in range(0, len(samples), chunk):
        socket.send(samples[first : first + chunk].tobytes())
    socket.send(json.dumps({"type": "end"}))
    return listen(socket)


def test_a_stream_is_told_moments(server: Server) -> None:
    """First what listens, then a moment every quarter of a second, then the end."""
    with connect(server.stream_url) as socket:
        told = hear(socket, tone(2.0))
        assert socket.close_code == 1000
    kinds = [said["type"] for said in told]
    assert kinds == ["ready", *["moment"] * 8, "end"]
    assert [said["end_s"] for said in told[1:-1]] == [0.25 * number for number in range(1, 9)]
    assert told[-1] == {"type": "end", "reason": "asked", "seconds": 2.0}
    last = told[-2]
    assert last["is_speech"]
    assert sum(last["posterior"].values()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("encoding", ["pcm16", "float32"])
def test_rates_and_encodings(server: Server, rate: int, encoding: str) -> None:
    """What a microphone gives is heard, in messages that match no hop."""
    samples = tone(1.3, rate)
    if encoding == "float32":
        samples = (samples / 32768).astype(np.float32)
    with connect(server.stream_url) as socket:
        told = hear(socket, samples, chunk=997, sample_rate=rate, encoding=encoding)
    assert [said["type"] for said in told].count("moment") == 6
    assert told[-1]["seconds"] == pytest.approx(1.3, abs=0.001)


def test_messages_of_any_size_are_told_the_same(server: Server) -> None:
    """How a stream is cut changes nothing but rounding, alone or beside others."""
    answers = []
    for chunk in (160, 1600, 32000):
        with connect(server.stream_url) as socket:
            answers.append(hear(socket, tone(2.0), chunk=chunk)[1:-1])
    for told in answers[1:]:
        for one, other in zip(answers[0], told, strict=True):
            assert one["end_s"] == other["end_s"]
            assert one["is_speech"] == other["is_speech"]
            if one["posterior"] is not None:
                assert other["posterior"] == pytest.approx(one["posterior"], abs=1e-5)


def test_the_address_may_say_what_comes(server: Server) -> None:
    """A caller that needs no key may begin with sound at once."""
    with connect(f"{server.stream_url}?sample_rate=16000&encoding=pcm16") as socket:
        assert json.loads(socket.recv(timeout=60))["type"] == "ready"
        socket.send(tone(0.5).tobytes())
        assert json.loads(socket.recv(timeout=60))["end_s"] == 0.25


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["no JSON"], 1003),
        ([b"sound too early"], 1003),
        ([begin(sample_rate=1)], 1003),
        ([begin(encoding="mp3")], 1003),
        ([begin(colour="blue")], 1003),
        ([begin(key=7)], 1003),
        (["[" * 10_000], 1003),
        ([begin(), b"odd"], 1003),
        ([begin(), '{"type": "stop"}'], 1003),
        ([begin(encoding="float32"), np.full(100, np.nan, np.float32).tobytes()], 1003),
        ([begin(), bytes(2_000_000)], 1009),
    ],
    ids="text early rate encoding unknown key deep odd stop nan large".split(),  # noqa: SIM905
)
def test_malformed_messages_end_a_stream(
    server: Server, messages: list[str | bytes], code: int
) -> None:
    """What is not understood is told so, and the stream is closed with a code that says why."""
    with connect(server.stream_url, max_size=None) as socket:
        for message in messages:
            socket.send(message)
        told = listen(socket)
    assert socket.close_code == code
    assert code == 1009 or told[-1]["type"] == "error"
    assert server.ask().is_success


def test_a_silent_caller_is_ended(server: Server) -> None:
    """A stream without a message for a while is closed, be it begun or not."""
    for messages in ([], [begin()]):
        start = time.monotonic()
        with connect(server.stream_url) as socket:
            for message in messages:
                socket.send(message)
            told = listen(socket)
        assert told[-1]["status"] == 408
        # The server is told 2 s.
        assert time.monotonic() - start < ServingSettings().idle_s


def test_pages_of_other_sites_may_not_listen(server: Server) -> None:
    """A page of another site is refused before the handshake is done."""
    with pytest.raises(InvalidStatus, match="403"):
        connect(server.stream_url, origin="https://elsewhere.example")  # type: ignore[arg-type]


def test_a_caller_that_vanishes_leaves_nothing(server: Server) -> None:
    """Connections that break off in the middle free their place."""
    for _ in range(5):
        with connect(server.stream_url) as socket:
            socket.send(begin())
            socket.recv(timeout=60)
            socket.send(tone(0.3).tobytes())
            socket.socket.close()
    wait_for(lambda: server.meter("streams") == 0)


def test_sound_faster_than_speech_has_to_wait(server: Server) -> None:
    """A minute sent at once is not heard at once: it would take what other streams need."""
    with connect(server.stream_url) as socket:
        socket.send(begin())
        start = time.monotonic()
        for _ in range(13):
            socket.send(tone(1.0).tobytes())
        while json.loads(socket.recv(timeout=60)).get("end_s", 0) < 13:
            pass
        assert time.monotonic() - start > 1.5


def test_too_many_streams_are_told_when_to_return(crowned: Trained) -> None:
    """One stream more than there may be gets 429 and Retry-After; a place that is free is given."""
    with run_server(crowned.settings, streams=1) as server:
        with connect(server.stream_url) as socket:
            socket.send(begin())
            socket.recv(timeout=60)
            with pytest.raises(InvalidStatus) as refused:
                connect(server.stream_url)
            assert refused.value.response.status_code == 429
            assert int(refused.value.response.headers["Retry-After"]) >= 1
        with connect(server.stream_url) as socket:
            assert hear(socket, tone(0.5))[0]["type"] == "ready"


def test_the_server_says_what_the_library_does(crowned: Trained) -> None:
    """A stream over the network is told what the same stream is told in this process."""
    from pipelines.serving.load import load_recogniser

    recogniser = load_recogniser(crowned.settings).recogniser
    assert isinstance(recogniser, ModelRecogniser)
    stream = EmotionStream(recogniser, sample_rate=22050)
    samples = tone(2.0, 22050)
    wanted = [*stream.feed(samples), *stream.finish()]
    with run_server(crowned.settings) as server, connect(server.stream_url) as socket:
        told = hear(socket, samples, sample_rate=22050)[1:-1]
    for said, moment in zip(told, wanted, strict=True):
        assert said["is_speech"] == moment.is_speech
        if moment.posterior is not None:
            assert list(said["posterior"].values()) == pytest.approx(moment.posterior, abs=1e-5)
