"""Become one of the services: `python -m pipelines.stack.launch NAME`.

The supervisor starts this, not the service itself: what a service needs to know is put together
here, so that secrets are written nowhere, and each service gets those alone that are its business.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping

from pipelines.errors import PipelineError, SettingsError
from pipelines.label_studio.launching import prepare_launch
from pipelines.label_studio.places import find_places
from pipelines.label_studio.ports import refuse_busy_port
from pipelines.label_studio.process import (
    UMASK,
    ServerProcess,
    claim,
    read_start,
    write_process,
)
from pipelines.settings import Settings, load_settings
from pipelines.stack.health import look
from pipelines.stack.places import (
    HOST,
    POOL,
    SERLOOP,
    build_prefect_variables,
    find_stack_places,
)
from pipelines.stack.services import plan_services
from pipelines.stack.supervisor import start_again
from pipelines.stack.watch import AGAIN, watch

PREFECT = (sys.executable, "-P", "-m", "prefect")
LEASES = "prefect.server.concurrency.lease_storage.filesystem"
POLL_S = 0.5
Become = Callable[[list[str], Mapping[str, str]], None]


def launch(name: str, settings: Settings, become: Become) -> None:
    """Become a service.

    Args:
        name: The service; or `again`, to start all of them where the supervisor was killed.
        settings: Where it is, and what it needs.
        become: Replaces this process by a command with an environment.

    Raises:
        PipelineError: There is no such service, or it cannot run here now.
    """
    variables = build_prefect_variables(settings)
    if name == "prefect":
        os.umask(UMASK)
        become(_prefect_server(settings), _without_ours(_server_variables(settings, variables)))
    elif name == "worker":
        # One that begins without a server never hears that a run is to be cancelled.
        _wait_for_server(settings)
        pool = ["--pool", POOL, "--type", "process", "--name", POOL]
        become([*PREFECT, "worker", "start", *pool, "--install-policy", "never"], variables)
    elif name == "gateway":
        become([*SERLOOP, "gateway"], variables)
    elif name == "label-studio":
        _become_label_studio(settings, become)
    elif name == "watch":
        watch(settings)
    elif name == AGAIN:
        start_again(settings)
    else:
        raise PipelineError(f"`{name}` is no service")


def _wait_for_server(settings: Settings) -> None:
    server = next(item for item in plan_services(settings) if item.name == "prefect")
    while not look(server, settings).is_well:
        time.sleep(POLL_S)


def _prefect_server(settings: Settings) -> list[str]:
    port = str(settings.stack.prefect_port)
    return [*PREFECT, "server", "start", "--host", HOST, "--port", port]


def _server_variables(settings: Settings, variables: Mapping[str, str]) -> dict[str, str]:
    port = settings.stack.prefect_port
    return {
        **variables,
        # Whatever page a browser on this machine shows could have flows run otherwise.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://{HOST}:{port},http://localhost:{port}",
        # In memory, the one slot of `serloop-round` would stay taken when the server is killed.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES,
    }


def _without_ours(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave out our own settings, some of which are secrets that a server has no use for."""
    return {name: value for name, value in variables.items() if not name.startswith("SERLOOP_")}


def _become_label_studio(settings: Settings, become: Become) -> None:
    """Become our own Label Studio, as `serloop label-studio up` would have started it."""
    port, places = settings.label_studio.port, find_places(settings)
    with claim(places.lock) as lock:
        if lock is None:
            raise PipelineError("another Label Studio has this home; it is waited for")
        # It would take the next port, and say so only where nobody looks.
        refuse_busy_port(port)
        how = prepare_launch(settings, places)
        name, mark = find_stack_places(settings).mark
        pid = os.getpid()
        write_process(places.process, ServerProcess(pid, read_start(pid) or "", port))
        os.set_inheritable(lock, True)
        os.umask(UMASK)
        os.chdir(places.folder)
        become([*how.command], {**how.variables, name: mark})


def _execute(command: list[str], variables: Mapping[str, str]) -> None:
    sys.stdout.flush()
    os.execve(command[0], command, dict(variables))  # noqa: S606 - our own interpreters


def main() -> None:
    """Become the service that is named, or say in a line why not."""
    try:
        launch(sys.argv[1], load_settings(), _execute)
    except (PipelineError, SettingsError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
