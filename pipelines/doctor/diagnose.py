"""Examine everything, one check after another."""

from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines.doctor.finding import Diagnosis, Finding
from pipelines.doctor.machine import check_disk, check_packages, check_python, check_threads
from pipelines.errors import PipelineError
from pipelines.settings import Settings, load_settings

Check = Callable[[Settings], Iterator[Finding]]


def diagnose(home: Path | None = None) -> Diagnosis:
    """Look at the interpreter, the packages, every section of the settings, and the services.

    Args:
        home: Folder of everything serloop writes, if not the setting.
    """
    packages = [*check_python(), *check_packages()]
    try:
        settings = load_settings(home=home)
    except PipelineError as error:
        wrong = Finding("settings", "broken", str(error), "correct the setting named")
        return Diagnosis((*packages, wrong))
    findings = [*packages, Finding("settings", "ok", "every setting is known and valid")]
    findings += check_disk(settings)
    if Diagnosis(tuple(packages)).is_healthy:
        findings += [finding for check in _list_checks() for finding in check(settings)]
    findings += check_threads(settings)
    return Diagnosis(tuple(findings))


def _list_checks() -> tuple[Check, ...]:
    # Imported late: they need packages whose absence is a finding.
    from pipelines.doctor.data import check_backup, check_warehouse  # noqa: PLC0415
    from pipelines.doctor.encoder import check_encoder  # noqa: PLC0415
    from pipelines.doctor.prefect_server import check_prefect  # noqa: PLC0415
    from pipelines.doctor.private import check_private_files  # noqa: PLC0415
    from pipelines.doctor.schedules import check_schedules  # noqa: PLC0415
    from pipelines.doctor.services import (  # noqa: PLC0415
        check_gateway,
        check_label_studio,
        check_services,
    )

    return (
        check_warehouse,
        check_backup,
        check_private_files,
        check_encoder,
        check_schedules,
        check_services,
        check_gateway,
        check_label_studio,
        check_prefect,
    )
