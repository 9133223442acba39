"""Who is champion, who was, and what became of every other model: read off the transitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from warehouse import Warehouse, queries

Kind = Literal["promoted", "refused", "waiting", "rolled_back"]
State = Literal["candidate", "champion", "retired", "refused", "waiting"]
AFTER: dict[Kind, State] = {
    "promoted": "retired",
    "rolled_back": "retired",
    "refused": "refused",
    "waiting": "waiting",
}


@dataclass(frozen=True)
class Transition:
    """One change in a line.

    Args:
        line: The line.
        number: Its number in the line, from 0.
        kind: What happened.
        model_id: The model it is about; of a roll-back the one that is champion no more.
        champion_id: The champion from then on; None for none.
        gate_id: The decision it rests on; None where somebody overrode it.
        actor: `gate`, or who did it.
        reason: Why, in words.
        changed_at: When.
    """

    line: str
    number: int
    kind: Kind
    model_id: str
    champion_id: str | None
    gate_id: str | None
    actor: str
    reason: str
    changed_at: datetime


@dataclass(frozen=True)
class Line:
    """Where one model is champion.

    Args:
        name: The campaign, or else the corpus.
        transitions: Everything that happened in it, in order.
    """

    name: str
    transitions: tuple[Transition, ...] = ()

    @property
    def champion(self) -> str | None:
        """The model in use; None before the first."""
        return self.transitions[-1].champion_id if self.transitions else None

    @property
    def reign(self) -> tuple[str, ...]:
        """The champions that a roll-back can go through, the present one last.

        Example:
            >>> from datetime import UTC, datetime
            >>> def of(number, kind, model, champion):
            ...     return Transition(
            ...         "calls", number, kind, model, champion, None, "ann", "", datetime.now(UTC)
            ...     )
            >>> Line("calls", (of(0, "promoted", "a", "a"), of(1, "promoted", "b", "b"))).reign
            ('a', 'b')
        """
        champions: list[str] = []
        for change in self.transitions:
            if change.kind == "promoted":
                champions.append(change.model_id)
            elif change.kind == "rolled_back":
                champions.pop()
        return tuple(champions)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The models that passed the gate and wait for a person, those that waited longest first.

        One that met a champion who is none any more waits no longer: it has to pass again.
        """
        last = {change.model_id: change for change in self.transitions}
        return tuple(
            change.model_id
            for change in sorted(last.values(), key=lambda change: change.number)
            if change.kind == "waiting" and change.champion_id == self.champion
        )

    def states(self) -> dict[str, State]:
        """Return what became of each model that anything happened to in this line."""
        found: dict[str, State] = {
            change.model_id: AFTER[change.kind] for change in self.transitions
        }
        for model_id in [name for name, state in found.items() if state == "waiting"]:
            if model_id not in self.waiting:
                found[model_id] = "candidate"
        if self.champion is not None:
            found[self.champion] = "champion"
        return found


def read_line(store: Warehouse, line: str) -> Line:
    """Return a line with its history; one that nothing happened in has none.

    Args:
        store: The warehouse, at any snapshot.
        line: The campaign, or else the corpus.
    """
    rows = queries.select_transitions(store, line=line).to_pylist()
    return Line(line, tuple(Transition(**row) for row in rows))


def read_lines(store: Warehouse) -> tuple[Line, ...]:
    """Return every line that anything happened in, by name."""
    found: dict[str, list[Transition]] = {}
    for row in queries.select_transitions(store).to_pylist():
        found.setdefault(row["line"], []).append(Transition(**row))
    return tuple(Line(name, tuple(changes)) for name, changes in sorted(found.items()))


def champion_of(store: Warehouse, line: str) -> str | None:
    """Return the champion of a line, or None before the first."""
    return read_line(store, line).champion


def read_states(store: Warehouse) -> dict[str, State]:
    """Return the state of every model: `candidate` where nothing happened to it yet."""
    known: Sequence[str] = queries.select_models(store)["model_id"].to_pylist()
    states: dict[str, State] = dict.fromkeys(known, "candidate")
    for line in read_lines(store):
        states |= line.states()
    return states
