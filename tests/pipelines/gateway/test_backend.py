"""The model backend of Label Studio: who may ask, what it is told, and what it forgets."""

import json
from pathlib import Path

import httpx
import pytest

from pipelines.gateway.keys import USER
from tests.pipelines.gateway.running import KEY, TRAIN, Gateway
from tests.running import wait_for

TOKEN = "0123456789abcdef" * 2
# As Label Studio 1.23.2 sends it.
SETUP = {
    "project": "1.1795332935",
    "schema": "<View></View>",
    "hostname": "http://localhost:18080",
    "access_token": TOKEN,
    "extra_params": None,
}
PLACES = ("/ml", f"/ml/{KEY}")
DOORS = (
    ("GET", "/health"),
    ("POST", "/setup"),
    ("GET", "/versions"),
    ("POST", "/predict"),
    ("POST", "/webhook"),
)


def ask(gateway: Gateway, method: str, path: str, **others: object) -> httpx.Response:
    """Send a request as Label Studio does."""
    given: dict[str, object] = {"auth": gateway.login, "timeout": 30} | others
    return httpx.request(method, gateway.url + path, **given)  # type: ignore[arg-type]


def read_everything(folder: Path) -> bytes:
    """Return what all files below a folder hold."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("method", "door"), DOORS)
def test_each_door_asks_for_the_password(
    idle_gateway: Gateway, place: str, method: str, door: str
) -> None:
    """Nobody, a wrong password and a wrong user are refused."""
    logins = (None, (USER, "wrong"), ("admin", idle_gateway.keys.password))
    for login in logins:
        refused = ask(idle_gateway, method, place + door, auth=login)
        assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    bearer = {"Authorization": f"Bearer {idle_gateway.keys.password}"}
    assert ask(idle_gateway, method, place + door, auth=None, headers=bearer).status_code == 401


@pytest.mark.parametrize("place", PLACES)
def test_it_speaks_the_protocol(idle_gateway: Gateway, place: str) -> None:
    """A campaign without a model is a model backend that knows nothing yet."""
    assert ask(idle_gateway, "GET", f"{place}/health").json() == {"status": "UP"}
    assert ask(idle_gateway, "POST", f"{place}/setup", json=SETUP).json() == {
        "model_version": "none"
    }
    assert ask(idle_gateway, "GET", f"{place}/versions").json() == {"versions": []}
    asked = {"tasks": [{"id": 1, "data": {}}, {"id": 2}], "project": "1.1795332935", "params": {}}
    empty = {"model_version": "none", "result": []}
    said = ask(idle_gateway, "POST", f"{place}/predict", json=asked).json()
    assert said == {"results": [empty, empty]}


@pytest.mark.parametrize("body", [{}, [], {"tasks": 3}, {"tasks": [3]}, {"tasks": [{"id": "1"}]}])
def test_what_asks_for_no_predictions_is_refused(idle_gateway: Gateway, body: object) -> None:
    """A body without tasks is refused, and so is one that is no JSON."""
    assert ask(idle_gateway, "POST", f"/ml/{KEY}/predict", json=body).status_code == 422
    assert ask(idle_gateway, "POST", f"/ml/{KEY}/predict", content=b"{").status_code == 400


def test_no_token_is_stored_logged_or_repeated(idle_gateway: Gateway) -> None:
    """What Label Studio says of its owner ends here, also where a request fails."""
    said = [
        ask(
            idle_gateway, "POST", f"{place}{door}", json=SETUP | {"action": TOKEN, "tasks": [TOKEN]}
        )
        for place in PLACES
        for door in ("/setup", "/predict", "/webhook")
    ]
    half = json.dumps(SETUP)[:-1].encode()
    said += [
        ask(idle_gateway, "POST", f"/ml/{door}", content=half) for door in ("setup", "webhook")
    ]
    with_payload = TRAIN | {"project": TRAIN["project"] | {"task_data_password": TOKEN}}
    said.append(idle_gateway.train(with_payload))
    said.append(ask(idle_gateway, "GET", f"/ml/{TOKEN}/nothing?token={TOKEN}"))
    wait_for(lambda: "round 00c0ffee" in idle_gateway.done())
    assert all(TOKEN not in answer.text for answer in said)
    everything = read_everything(idle_gateway.home)
    assert TOKEN.encode() not in everything
    assert b"POST /ml/{project}/setup 200" in everything


def test_no_secret_of_ours_is_logged(idle_gateway: Gateway) -> None:
    """The log holds neither secret, nor the address of a personal page."""
    idle_gateway.send()
    ask(idle_gateway, "GET", "/me/secret-address")
    assert ask(idle_gateway, "GET", "/ml/health").is_success
    log = idle_gateway.log
    assert "GET /me/{token} 404" in log
    for secret in (idle_gateway.keys.webhook, idle_gateway.keys.password, "secret-address"):
        assert secret not in log


def test_start_training_runs_a_round(idle_gateway: Gateway) -> None:
    """The button is answered at once; the round is run after it."""
    before = idle_gateway.done().count("round 00c0ffee")
    answer = idle_gateway.train()
    assert (answer.status_code, answer.json()["detail"]) == (201, "will be run")
    wait_for(lambda: idle_gateway.status()["waiting"] == 0)
    assert idle_gateway.done().count("round 00c0ffee") == before + 1


def test_pressing_it_again_while_a_round_runs_asks_for_no_other(
    hindered_gateway: Gateway,
) -> None:
    """Impatience is answered, and makes one round."""
    gateway = hindered_gateway
    slow = gateway.home / "slow-round"
    slow.touch()
    gateway.train()
    wait_for(lambda: "round 00c0ffee" in gateway.done("begun"))
    assert [gateway.train().json()["detail"] for _ in range(3)] == ["runs already"] * 3
    # While it runs nothing else is done for the campaign.
    gateway.send()
    assert gateway.status()["running"] == [{"kind": "round", "campaign": "00c0ffee"}]
    before = gateway.done("begun")
    slow.unlink()
    wait_for(lambda: gateway.status()["waiting"] == 0)
    assert gateway.done("begun") == [*before, "collect 00c0ffee"]
    assert gateway.done().count("round 00c0ffee") == 1
