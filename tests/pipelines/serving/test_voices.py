"""Callers who say who speaks get the answer of `serloop recognise --speaker`, and others theirs."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from pipelines.baselines.recognise import recognise
from pipelines.exporting.export import export
from pipelines.progress import SilentProgress
from pipelines.serving.load import choose, load_choice, load_recogniser
from pipelines.serving.meters import Meters
from pipelines.serving.swap import Champion
from ser.streaming.stream import EmotionStream
from tests.pipelines.baselines.telling import make_known, switch, tell
from tests.pipelines.places import Trained, borrow
from tests.pipelines.serving.running import (
    Server,
    begin,
    crown,
    listen,
    put_calibration,
    put_twin,
    run_server,
    tone,
)
from tests.running import wait_for

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def knowing(trained_once: Trained, tmp_path_factory: pytest.TempPathFactory):
    """Run a server whose model knows sam and eve, is told in vain of tom, and has two groups."""
    settings = borrow(trained_once.settings, tmp_path_factory.mktemp("knowing") / "home")
    crown(settings, trained_once.model_id)
    make_known(settings, trained_once.model_id, "sam")
    make_known(settings, trained_once.model_id, "eve", label="sadness")
    tell(settings, trained_once.model_id, "tom")
    put_calibration(settings, trained_once.model_id, "c", all=0.5, female=1.0)
    options = {"batch_wait_ms": 200, "requests_per_min": 100_000, "idle_s": 5}
    with run_server(settings, **options) as running:
        yield running


@pytest.fixture
def sound(synthetic_root: Path) -> Path:
    """Return a file of the corpus."""
    return sorted(synthetic_root.rglob("*.wav"))[0]


def ask(server: Server, sound: Path, **named: str) -> dict[str, Any]:
    """Return what a server says of a file."""
    answer = httpx.post(
        f"{server.url}/v1/recognise", params=named, content=sound.read_bytes(), timeout=60
    )
    return answer.json() | {"status": answer.status_code}


def say(server: Server, sound: Path, speaker: str | None) -> dict[str, float]:
    """Return what `serloop recognise` says of a file."""
    (heard,) = recognise(server.settings, SILENT, files=[sound], speaker=speaker).heard
    return heard.posterior


def test_one_batch_answers_each_by_what_is_known_of_them(knowing: Server, sound: Path) -> None:
    """Twelve callers at once, of two speakers, one who is off and nobody, each get their own."""
    wanted = {name: say(knowing, sound, name) for name in (None, "sam", "eve", "tom")}
    assert wanted["tom"] == wanted[None]
    assert wanted["sam"] != pytest.approx(wanted[None], abs=1e-3)
    assert wanted["sam"] != pytest.approx(wanted["eve"], abs=1e-3)
    asked = [None, "sam", "eve", "tom"] * 3

    def go(name: str | None) -> dict[str, Any]:
        return ask(knowing, sound, **({} if name is None else {"speaker": name}))

    before = knowing.meter("batch_clips_count")
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(go, asked))
    for name, answer in zip(asked, answers, strict=True):
        assert answer["results"][0]["posterior"] == pytest.approx(wanted[name], abs=1e-5)
        assert answer["speaker"] == name
    assert [answer["baseline"] for answer in answers[:4:3]] == [None, "off"]
    assert answers[1]["baseline"].endswith("-sam-" + answers[1]["baseline"].split("-")[-1])
    # Whoever has nothing of their own is judged with the others, and those of one voice together.
    assert knowing.meter("batch_clips_count") - before < len(asked)


def test_files_of_a_form_are_of_one_speaker(knowing: Server, sound: Path) -> None:
    """All files of a request are heard as the one who is named."""
    files = [("file", (name, sound.read_bytes())) for name in ("a.wav", "b.wav")]
    url = f"{knowing.url}/v1/recognise?speaker=sam"
    answer = httpx.post(url, files=files, timeout=60).json()
    for result in answer["results"]:
        assert result["posterior"] == pytest.approx(say(knowing, sound, "sam"), abs=1e-5)
        assert (result["set"], result["is_sure"]) == (None, None)


def test_a_stream_is_of_one_speaker(knowing: Server) -> None:
    """Named in the first message or in the address, they are heard as the library hears them."""
    loaded = load_recogniser(knowing.settings).for_speaker("sam")
    stream = EmotionStream(loaded.recogniser, sample_rate=16000)
    wanted = [*stream.feed(tone(1.0)), *stream.finish()][-1]
    for query, first in (("", begin(speaker="sam")), ("?sample_rate=16000&speaker=sam", None)):
        with connect(knowing.stream_url + query) as socket:
            if first is not None:
                socket.send(first)
            socket.send(tone(1.0).tobytes())
            socket.send(json.dumps({"type": "end"}))
            ready, *_, last, _ = listen(socket)
        assert (ready["speaker"], ready["baseline"]) == ("sam", loaded.baseline)
        assert ready["coverage"] is None
        assert list(last["posterior"].values()) == pytest.approx(wanted.posterior, abs=1e-5)


def test_groups_have_their_own_sets(knowing: Server, sound: Path) -> None:
    """A group with a threshold of its own makes other sets; all is the default."""
    everyone, female = ask(knowing, sound), ask(knowing, sound, group="female")
    assert everyone["results"][0]["posterior"] == pytest.approx(female["results"][0]["posterior"])
    assert (everyone["group"], female["group"]) == ("all", "female")
    classes = httpx.get(f"{knowing.url}/v1/model", timeout=10).json()
    assert classes["groups"] == ["all", "female"]
    assert female["results"][0]["set"] == classes["classes"]
    assert set(everyone["results"][0]["set"]) < set(classes["classes"])
    loaded = load_recogniser(knowing.settings).for_group("female")
    (heard,) = recognise(knowing.settings, SILENT, files=[sound], group="female").heard
    assert (heard.set, heard.is_sure) == (list(loaded.recogniser.classes), False)
    with connect(knowing.stream_url) as socket:
        socket.send(begin(group="female"))
        socket.send(tone(1.0).tobytes())
        socket.send(json.dumps({"type": "end"}))
        ready, *_, last, _ = listen(socket)
    assert (ready["group"], last["set"]) == ("female", classes["classes"])


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({"speaker": "max"}, "serloop baseline max"),
        ({"group": "male"}, "but for `all`, `female`"),
        ({"speaker": "sam", "group": "male"}, "serloop calibrate"),
    ],
    ids=["speaker", "group", "both"],
)
def test_who_is_unknown_is_refused(
    knowing: Server, sound: Path, named: dict[str, str], reason: str
) -> None:
    """422 or an error of the stream, with what to do, and without the names of others."""
    refused = ask(knowing, sound, **named)
    assert (refused["status"], reason in refused["detail"]) == (422, True)
    assert "eve" not in refused["detail"]
    with connect(knowing.stream_url) as socket:
        socket.send(begin(**named))
        (told,) = listen(socket)
        assert (told["type"], told["status"], told["detail"]) == ("error", 422, refused["detail"])
        assert socket.close_code == 1003


def test_openapi_describes_both(knowing: Server) -> None:
    """A program that reads the description finds the parameters and what the answer says."""
    said = httpx.get(f"{knowing.url}/openapi.json", timeout=10).json()
    given = said["paths"]["/v1/recognise"]["post"]["parameters"]
    assert {item["name"]: item["in"] for item in given} == {"speaker": "query", "group": "query"}
    assert all(item["description"] for item in given)
    assert {"speaker", "baseline", "group"} <= said["components"]["schemas"]["Answer"].keys() | set(
        said["components"]["schemas"]["Answer"]["properties"]
    )


def test_what_a_model_was_told_goes_with_it(crowned: Trained, sound: Path) -> None:
    """A successor that was told of a speaker uses its own, and one that was not uses nothing."""
    settings = crowned.settings
    first = make_known(settings, crowned.model_id, "sam")
    make_known(settings, crowned.model_id, "eve")
    put_twin(settings, crowned.model_id, "successor")
    own = make_known(settings, "successor", "eve", label="sadness")
    with run_server(settings) as server:
        assert ask(server, sound, speaker="sam")["baseline"] == first
        crown(settings, "successor")
        wait_for(lambda: server.model() == "successor", 30)
        assert ask(server, sound, speaker="eve")["baseline"] == own
        dropped = ask(server, sound, speaker="sam")
        plain = ask(server, sound)
    assert (dropped["status"], dropped["baseline"]) == (200, "none")
    assert dropped["results"] == plain["results"]


def test_what_is_told_meanwhile_is_used(crowned: Trained) -> None:
    """A look finds new baselines and those that help no more, and leaves the model in memory."""
    settings = crowned.settings
    choice = choose(settings)
    loaded = load_choice(settings, choice)
    champion = Champion(loaded, settings, Meters(), choice=choice)
    name = make_known(settings, crowned.model_id, "sam")
    assert not champion.look()
    personal = champion.loaded.for_speaker("sam")
    assert personal.baseline == name
    assert personal.recogniser is champion.loaded.for_speaker("sam").recogniser
    switch(settings, crowned.model_id, "sam", is_used=False)
    assert not champion.look()
    assert champion.loaded is loaded
    assert champion.loaded.for_speaker("sam").baseline == "off"
    assert champion.loaded.for_speaker("sam").recogniser is loaded.recogniser


def test_a_bundle_hears_voices_by_the_weights_it_was_made_of(crowned: Trained) -> None:
    """Where ONNX answers for a model, who is known is judged by the model itself."""
    settings = crowned.settings
    make_known(settings, crowned.model_id, "sam")
    wanted = load_recogniser(settings).for_speaker("sam").recogniser.judge([tone(1.0)])
    export(settings, SILENT, model_id=crowned.model_id, features="outside")
    loaded = load_recogniser(settings)
    found = loaded.for_speaker("sam").recogniser.judge([tone(1.0)])
    assert found == pytest.approx(wanted, abs=1e-6)


def test_numbers_that_were_changed_answer_nobody(crowned: Trained, sound: Path) -> None:
    """A baseline that is not the recorded one is 500, told in the log, and others go on."""
    make_known(crowned.settings, crowned.model_id, "sam")
    for file in (crowned.settings.artifacts / "baselines").iterdir():
        file.write_bytes(file.read_bytes() + b"x")
    with run_server(crowned.settings) as server:
        refused = ask(server, sound, speaker="sam")
        assert (refused["status"], "log says why" in refused["detail"]) == (500, True)
        assert "make it again with `serloop baseline sam`" in server.log
        assert ask(server, sound)["status"] == 200


def test_a_bundle_in_a_folder_knows_nobody(crowned: Trained, sound: Path) -> None:
    """Its parts are sealed: callers are told so."""
    export(crowned.settings, SILENT, model_id=crowned.model_id, features="outside")
    row = choose(crowned.settings).bundle
    assert row is not None
    folder = crowned.settings.artifacts / row["artifact"]
    with run_server(crowned.settings, "--bundle", str(folder)) as server:
        refused = ask(server, sound, speaker="sam")
        assert (refused["status"], "its parts are sealed" in refused["detail"]) == (422, True)
