"""What the supervisor is told: which programs run, and what becomes of what they print.

It holds no secret. The home goes by the environment, where no character of it needs quoting.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.settings import Settings
from pipelines.stack.places import find_stack_places
from pipelines.stack.services import Service, plan_services

LOG_BYTES = 10_000_000
LOG_COPIES = 5
# A program that ends sooner was not started; the pause before the next try grows by a second.
STARTED_S = 5
# There is no service that it would be right to give up.
TRIES = 1_000_000
STOP_S = 20
HOME_VARIABLE = "SERLOOP_HOME"


def build_configuration(settings: Settings) -> str:
    """Return the supervisor's configuration; equal settings give equal text.

    Args:
        settings: Which services there are, and where.
    """
    places = find_stack_places(settings)
    services = [item for item in plan_services(settings) if item.is_ours]
    head = f"""\
; Written by `serloop up`, which knows by it whether the services run as they are set.
{_describe(plan_services(settings))}
[supervisord]
nodaemon = true
silent = true
strip_ansi = true
logfile = {_below_home(places.logs, places.home)}/supervisord.log
logfile_maxbytes = {LOG_BYTES}
logfile_backups = {LOG_COPIES}
pidfile = {_below_home(places.folder, places.home)}/supervisord.pid

[unix_http_server]
file = {_below_home(places.socket, places.home)}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    programs = [_program(item, place, places.home) for place, item in enumerate(services)]
    return "\n".join([head, *programs])


def _describe(services: Sequence[Service]) -> str:
    return "\n".join(f"; {item.name}: {item.url or 'no address'}" for item in services)


def _program(service: Service, place: int, home: Path) -> str:
    # What is started last is stopped first.
    launch = [sys.executable, "-P", "-m", "pipelines.stack.launch", service.name]
    log = _below_home(service.log, home)
    return f"""\
[program:{service.name}]
command = {_escape(shlex.join(launch))}
priority = {10 * (place + 1)}
autorestart = true
startsecs = {STARTED_S}
startretries = {TRIES}
stopwaitsecs = {STOP_S}
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = {LOG_BYTES}
stdout_logfile_backups = {LOG_COPIES}
"""


def _below_home(path: Path, home: Path) -> str:
    if not path.is_relative_to(home):
        return _escape(str(path))
    return f"%(ENV_{HOME_VARIABLE})s/{path.relative_to(home).as_posix()}"


def _escape(text: str) -> str:
    return text.replace("%", "%%")
