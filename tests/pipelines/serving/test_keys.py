"""Keys let callers in, are kept as hashes, and stop to open at once."""

import json
import stat
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.serving.keys import KeyRing, add_key, hash_key, key_file, list_keys, revoke_key
from pipelines.serving.serve import serve
from pipelines.settings import Settings
from tests.pipelines.places import Trained
from tests.pipelines.serving.running import begin, run_server


def test_a_key_is_kept_as_a_hash_for_its_owner_alone(settings: Settings) -> None:
    """The file holds no key, and nobody else may read it."""
    made = add_key(settings, "ann")
    path = key_file(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.key not in path.read_text("utf-8")
    assert hash_key(made.key) in path.read_text("utf-8")
    assert made.key not in str(list_keys(settings).rows())


def test_a_ring_hears_of_new_and_revoked_keys(settings: Settings) -> None:
    """A server that runs needs no restart, and once keys were needed they stay so."""
    ring = KeyRing(key_file(settings))
    assert not ring.is_needed
    made = add_key(settings, "ann")
    assert ring.is_needed
    assert ring.name_of(made.key) == "ann"
    assert ring.name_of(made.key[:-1]) is None
    revoke_key(settings, "ann")
    assert ring.name_of(made.key) is None
    assert ring.is_needed
    key_file(settings).unlink()
    assert ring.is_needed


def test_one_key_for_each_name(settings: Settings) -> None:
    """A second key of a name needs the first to be revoked; then the old one stays closed."""
    old = add_key(settings, "ann")
    with pytest.raises(PipelineError, match="serloop keys revoke ann"):
        add_key(settings, "ann")
    revoke_key(settings, "ann")
    new = add_key(settings, "ann")
    ring = KeyRing(key_file(settings))
    assert (ring.name_of(old.key), ring.name_of(new.key)) == (None, "ann")


@pytest.mark.parametrize("name", ["", "a" * 65, " ann", "a\nb"])
def test_names_are_printable(settings: Settings, name: str) -> None:
    """A name is shown in lists and logs."""
    with pytest.raises(PipelineError, match="printable"):
        add_key(settings, name)


def test_whom_nobody_knows_cannot_be_revoked(settings: Settings) -> None:
    """The message names who has a key."""
    add_key(settings, "ann")
    with pytest.raises(NothingToDoError, match="`ann` has one"):
        revoke_key(settings, "bob")


def test_a_damaged_file_lets_nobody_in(settings: Settings) -> None:
    """Keys that cannot be read are no reason to need none."""
    path = key_file(settings)
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    path.write_text(json.dumps({"keys": [{"name": "ann"}]}), "utf-8")
    with pytest.raises(PipelineError, match="holds no keys"):
        KeyRing(path).name_of("x")


def test_others_are_not_served_without_keys(tmp_path: Path) -> None:
    """Whoever listens beyond this machine has to make a key first."""
    settings = Settings(home=tmp_path, serving={"host": "0.0.0.0"})  # noqa: S104 - refused
    with pytest.raises(PipelineError, match="serloop keys add"):
        serve(settings)


def test_keys_over_the_network(crowned: Trained) -> None:
    """Wrong, missing and revoked keys get 401; right ones an answer; each its own rate."""
    ann, bob = (add_key(crowned.settings, name).key for name in ("ann", "bob"))
    with run_server(crowned.settings, requests_per_min=3) as server:
        assert server.ask().status_code == 401
        refused = server.ask(Authorization="Bearer wrong")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert httpx.get(f"{server.url}/metrics").status_code == 401
        assert httpx.get(f"{server.url}/v1/model").status_code == 401
        assert server.ask(Authorization=f"Bearer {ann}").is_success
        with connect(server.stream_url) as socket:
            socket.send(begin(key=ann))
            assert json.loads(socket.recv(timeout=60))["type"] == "ready"
        with connect(server.stream_url) as socket:
            socket.send(begin(key="wrong"))
            assert json.loads(socket.recv(timeout=60))["status"] == 401
        with pytest.raises(InvalidStatus, match="401"):
            connect(server.stream_url, additional_headers={"X-API-Key": "wrong"})
        assert server.ask(**{"X-API-Key": ann}).is_success
        limited = server.ask(Authorization=f"Bearer {ann}")
        assert limited.status_code == 429
        assert 1 <= int(limited.headers["Retry-After"]) <= 60
        assert server.ask(Authorization=f"Bearer {bob}").is_success
        revoke_key(crowned.settings, "bob")
        assert server.ask(Authorization=f"Bearer {bob}").status_code == 401
        assert ann not in server.log
