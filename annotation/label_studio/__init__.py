"""Label Studio as a place to ask: interface, tasks and what comes back, all pure functions."""

from annotation.label_studio.choices import CANNOT_TELL, NOT_SPEECH, InterfaceChoices
from annotation.label_studio.instructions import build_instructions
from annotation.label_studio.interface import build_interface, check_interface
from annotation.label_studio.parse import ParsedExport, parse_export
from annotation.label_studio.revisions import (
    Deletions,
    Withdrawal,
    supersede,
    withdraw,
    withdraw_deleted,
    withdraw_refused,
    withdraw_surplus,
)
from annotation.label_studio.tasks import Task, build_tasks

__all__ = [
    "CANNOT_TELL",
    "NOT_SPEECH",
    "Deletions",
    "InterfaceChoices",
    "ParsedExport",
    "Task",
    "Withdrawal",
    "build_instructions",
    "build_interface",
    "build_tasks",
    "check_interface",
    "parse_export",
    "supersede",
    "withdraw",
    "withdraw_deleted",
    "withdraw_refused",
    "withdraw_surplus",
]
