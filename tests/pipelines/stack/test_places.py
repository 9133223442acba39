"""Where the services lie, and where Prefect's client finds them."""

from pathlib import Path

from pipelines.settings import Settings
from pipelines.stack.places import LONGEST_SOCKET, build_prefect_variables, find_stack_places


def test_a_socket_below_a_deep_home_is_short_all_the_same() -> None:
    """The kernel takes no longer one; two homes never share theirs."""
    sockets = {
        find_stack_places(Settings(home=Path("/data") / ("deep" * 40) / name)).socket
        for name in ("a", "b")
    }
    assert len(sockets) == 2
    assert all(len(str(socket)) <= LONGEST_SOCKET for socket in sockets)


def test_a_socket_lies_in_its_home_where_it_can() -> None:
    """A home of usual length holds everything of its own."""
    places = find_stack_places(Settings(home=Path("/data/serloop")))
    assert places.socket == Path("/data/serloop/stack/control.sock")


def test_another_server_of_the_environment_is_left_out() -> None:
    """Keys and addresses of a team's server reach none of our own; other settings do."""
    before = {
        "PREFECT_API_URL": "https://team.example/api",
        "PREFECT_API_KEY": "secret",
        "PREFECT_PROFILE": "team",
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PATH": "/bin",
    }
    settings = Settings(home=Path("/data/serloop"), stack={"prefect_port": 4321})
    found = build_prefect_variables(settings, before)
    assert found["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert found["PREFECT_HOME"] == "/data/serloop/prefect"
    assert found["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert found["PATH"] == "/bin"
    assert {"PREFECT_API_KEY", "PREFECT_PROFILE"} & found.keys() == set()
