"""Recordings go in over real sockets, and answers or reasons come out."""

import io
import time

import httpx
import numpy as np
import pytest
import soundfile

from pipelines.deployment_sections import ServingSettings
from pipelines.serving.doors import HEAD_S
from tests.pipelines.serving.running import Server, read_to_end, wav

# The server is told to wait for 2 s; what it would wait for otherwise is the limit to stay below.
DEFAULT_S = ServingSettings().idle_s
PATIENCE_S = 60.0


def test_a_recording_is_judged(server: Server) -> None:
    """A file as the body is answered with a posterior that sums to one."""
    answer = server.ask().json()
    (result,) = answer["results"]
    assert sum(result["posterior"].values()) == pytest.approx(1, abs=1e-4)
    assert result["emotion"] == max(result["posterior"], key=result["posterior"].__getitem__)
    assert answer["model"] == server.model()


@pytest.mark.parametrize(("rate", "form"), [(8000, "WAV"), (44100, "FLAC"), (48000, "OGG")])
def test_formats_and_rates(server: Server, rate: int, form: str) -> None:
    """What callers record in does not matter."""
    (result,) = server.ask(wav(1.0, rate, form)).json()["results"]
    assert result["duration_s"] == pytest.approx(1.0, abs=0.01)


def test_a_form_is_answered_in_its_order(server: Server) -> None:
    """Several files of a form give one answer each, the same as alone."""
    files = [("file", (f"{s}.wav", wav(s))) for s in (0.5, 2.0, 1.0)]
    answer = httpx.post(f"{server.url}/v1/recognise", files=files, timeout=60).json()
    assert [result["name"] for result in answer["results"]] == ["0.5.wav", "2.0.wav", "1.0.wav"]
    alone = server.ask(wav(2.0)).json()["results"][0]["posterior"]
    together = answer["results"][1]["posterior"]
    assert together == pytest.approx(alone, abs=1e-5)


def _nan() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.full(16000, np.nan, np.float32), 16000, "FLOAT", format="WAV")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no sound at all", "not_audio"),
        (b"", "no file"),
        (wav()[:-9000], "truncated"),
        (wav(0.05), "too_short"),
        (wav(2)[:44] + bytes(64000), "no_speech"),
        (_nan(), "not_finite"),
        (wav(form="FLAC")[:200], ""),
    ],
    ids=["text", "empty", "truncated", "short", "silent", "nan", "half a FLAC"],
)
def test_malformed_audio_is_refused(server: Server, content: bytes, reason: str) -> None:
    """What cannot be heard is refused with 422 and why; the server goes on."""
    answer = server.ask(content)
    assert answer.status_code == 422
    assert reason in answer.json()["detail"]
    assert server.ask().is_success


def test_one_bad_file_is_named(server: Server) -> None:
    """Of several files the one that cannot be judged is named."""
    files = [("file", ("good.wav", wav())), ("file", ("bad.wav", b"bad"))]
    answer = httpx.post(f"{server.url}/v1/recognise", files=files, timeout=60)
    assert answer.status_code == 422
    assert "`bad.wav`" in answer.json()["detail"]
    assert "good.wav" not in answer.json()["detail"]


def test_a_long_recording_is_refused(server: Server) -> None:
    """A recording longer than may be is refused with 413, and not heard."""
    assert server.ask(wav(21)).status_code == 413


def test_hours_in_a_small_file_are_not_decoded(server: Server) -> None:
    """Silence compresses to almost nothing: it is refused before it is decoded."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16000 * 3600 * 2, np.int16), 16000, format="FLAC")
    begin = time.monotonic()
    assert server.ask(file.getvalue()).status_code == 413
    refused_s = time.monotonic() - begin
    file.seek(0)
    begin = time.monotonic()
    soundfile.read(file, dtype="int16")
    # However busy the machine is, who decoded it would take longer than it takes here.
    assert refused_s < time.monotonic() - begin


def test_an_oversized_body_is_refused_unread(server: Server) -> None:
    """A body that says it is too large is refused before a byte of it is sent."""
    with server.connect() as connection:
        head = b"POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_an_oversized_body_that_does_not_say_so_is_refused(server: Server) -> None:
    """A chunked body is counted."""
    chunks = (bytes(100_000) for _ in range(20))
    answer = httpx.post(f"{server.url}/v1/recognise", content=chunks, timeout=30)
    assert answer.status_code == 413


def test_too_many_files_are_refused(server: Server) -> None:
    """A form holds no more files than are judged together."""
    files = [("file", (f"{number}.wav", b"x")) for number in range(17)]
    assert httpx.post(f"{server.url}/v1/recognise", files=files).status_code == 413


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n--x--"),
    ],
    ids=["no boundary", "no end", "no header"],
)
def test_a_malformed_form_is_refused(server: Server, kind: str, body: bytes) -> None:
    """What is no form is told so."""
    assert server.ask(body, **{"Content-Type": kind}).status_code == 400


def test_pages_of_other_sites_are_refused(server: Server) -> None:
    """A browser that visits another site cannot be made to ask."""
    assert server.ask(Origin="https://elsewhere.example").status_code == 403
    assert server.ask(Host="rebound.example").status_code == 403
    assert server.ask(Origin=server.url).is_success


def test_a_body_that_trickles_is_ended(server: Server) -> None:
    """A byte every half second does not hold a connection: it is answered 408."""
    with server.connect() as connection:
        head = b"POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head)
        begin = time.monotonic()
        connection.settimeout(0.5)
        said = b""
        while not said and time.monotonic() - begin < DEFAULT_S:
            connection.sendall(b"x")
            try:
                said = connection.recv(100)
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("first", [b"", b"POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_trickles_is_ended(server: Server, first: bytes) -> None:
    """A header every half second, or none at all, does not hold a connection either."""
    with server.connect() as connection:
        connection.sendall(first)
        begin = time.monotonic()
        connection.settimeout(0.5)
        while time.monotonic() - begin < HEAD_S:
            try:
                if first:
                    connection.sendall(b"X-Slow: 1\r\n")
                if connection.recv(100) in (b"",) or not first:
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - begin < HEAD_S


def test_the_rest_of_a_refused_body_is_not_read_for_ever(server: Server) -> None:
    """Whoever goes on trickling behind a refusal is cut off."""
    with server.connect() as connection:
        connection.sendall(
            b"POST /v1/recognise HTTP/1.1\r\nHost: rebound.example\r\nContent-Length: 9999\r\n\r\nx"
        )
        begin = time.monotonic()
        assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")
        connection.settimeout(0.5)
        while time.monotonic() - begin < PATIENCE_S:
            try:
                connection.sendall(b"x")
                if connection.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert time.monotonic() - begin < PATIENCE_S


def test_slow_callers_do_not_hinder_others(server: Server) -> None:
    """Two hundred callers that trickle leave the answer of one that does not as it was."""
    slow = [server.connect() for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(b"POST /v1/recognise HTTP/1.1\r\nHost: localhost\r\nConte")
        assert server.ask().is_success
        assert all(read_to_end(connection) is not None for connection in slow)
        assert server.ask().is_success
    finally:
        for connection in slow:
            connection.close()


def test_what_is_no_http_is_refused(server: Server) -> None:
    """Noise on the port is answered 400 and hung up on."""
    with server.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")


def test_the_description_is_complete(server: Server) -> None:
    """OpenAPI tells of every refusal, and shows an example."""
    told = httpx.get(f"{server.url}/openapi.json").json()
    door = told["paths"]["/v1/recognise"]["post"]
    assert {"200", "401", "408", "413", "422", "429", "503"} <= door["responses"].keys()
    assert "multipart/form-data" in door["requestBody"]["content"]
    assert told["components"]["schemas"]["Judged"]["example"]["emotion"] == "angry"


def test_metrics_count_what_was_judged_and_refused(server: Server) -> None:
    """Prometheus is told of clips and of refusals by their reason."""
    before = server.meter("clips_total")
    server.ask()
    server.ask(b"nonsense")
    assert server.meter("clips_total") == before + 1
    assert server.meter('refused_total{reason="audio"}') >= 1
