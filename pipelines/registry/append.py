"""Write a change of a line: once, in order, whoever else is writing."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow as pa

from pipelines.convert import to_table
from pipelines.errors import PipelineError
from pipelines.registry.states import Kind, Line, Transition, read_line
from warehouse import Warehouse

# Each lost race means that another writer has won one.
MOST_RACES = 20


@dataclass(frozen=True)
class Change:
    """What is to happen next in a line.

    Args:
        kind: What happens.
        model_id: The model it is about.
        champion_id: The champion from now on; None for none.
        gate_id: The decision it rests on; None where somebody overrides it.
        actor: `gate`, or who does it.
        reason: Why, in words.
    """

    kind: Kind
    model_id: str
    champion_id: str | None
    gate_id: str | None
    actor: str
    reason: str


def append_change(
    store: Warehouse,
    line: str,
    decide: Callable[[Line], Change | None],
    rows: Mapping[str, pa.Table] | None = None,
) -> Transition | None:
    """Add a change to a line, decided on what the line is when it is written.

    Rows of one table are keyed by line and number, so of two writers at the same moment one is
    told that the number is taken; it reads the line again and decides anew.

    Args:
        store: The warehouse.
        line: The line.
        decide: Says what shall happen, given what has; None for nothing.
        rows: Rows that become visible with it, by table, the same however often it is tried.

    Returns:
        What was written; None where nothing was to happen.

    Raises:
        PipelineError: If others keep changing the line.
    """
    for _ in range(MOST_RACES):
        before = read_line(store, line)
        change = decide(before)
        if change is None:
            return None
        made = Transition(
            line=line,
            number=len(before.transitions),
            changed_at=datetime.now(UTC),
            **asdict(change),
        )
        written = store.commit(
            {**(rows or {}), "transitions": to_table("transitions", [asdict(made)])},
            message=f"{change.kind} {change.model_id}",
        )
        if written.inserted["transitions"]:
            return made
    raise PipelineError(
        f"line `{line}` was changed {MOST_RACES} times by others while this was tried; nothing "
        "was written, run it again"
    )
