"""Whether the limits of the gate can be met with the test speakers there are."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.doctor.finding import Finding
from pipelines.gate.checks import least_speakers
from pipelines.registry.lines import campaigns_of, name_line
from pipelines.settings import Settings
from warehouse import Warehouse


def check_gate(
    store: Warehouse, settings: Settings, models: Sequence[dict[str, Any]]
) -> Iterator[Finding]:
    """Find the lines in which no model can ever replace the champion.

    Args:
        store: The warehouse.
        settings: The limits of the gate.
        models: The rows of `models`, the newest of a line last.
    """
    campaigns, needed = campaigns_of(store), least_speakers(settings.gate)
    held_out = {
        name_line(model, campaigns): len(json.loads(model["config"]).get("test_speakers", ()))
        for model in models
        if model["config"].startswith("{")
    }
    for line, speakers in sorted(held_out.items()):
        if 0 < speakers < needed:
            yield Finding(
                f"gate of {line}",
                "note",
                f"no model can replace its champion: {speakers} test speakers, and a chance of "
                f"{settings.gate.false_promotion:g} takes {needed}",
                f"hold out more with `--test-speakers`, or set SERLOOP_GATE__FALSE_PROMOTION to "
                f"{2.0**-speakers:.3g} or more",
            )
