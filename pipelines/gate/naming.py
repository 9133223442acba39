"""What a decision of the gate is called: equal models, truth and limits, equal name."""

import json

from pipelines.identity import digest
from pipelines.settings import Settings

# Another number where the same clips could lead to another decision.
METHOD = 1


def limits_of(settings: Settings) -> str:
    """Return the limits of the gate as JSON, to be stored with what they led to.

    Who promotes is none of them: what passed has passed, whoever acts on it.

    Example:
        >>> "approval" in json.loads(limits_of(Settings()))
        False
    """
    limits = settings.gate.model_dump(mode="json", exclude={"approval"})
    return json.dumps(limits, sort_keys=True)


def name_gate(line: str, model_id: str, champion_id: str | None, *, truth: str, limits: str) -> str:
    """Return the id of a decision.

    Args:
        line: The line.
        model_id: The candidate.
        champion_id: The champion; None for none.
        truth: `intended`, or the id of a consensus run.
        limits: What `limits_of` returns.
    """
    return f"gate-{digest(line, model_id, champion_id, truth, limits, METHOD)}"
