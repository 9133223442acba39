"""Change who is champion: promote, roll back, refuse."""

import getpass
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.gate.naming import limits_of
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.registry.append import Change, append_change
from pipelines.registry.lines import line_of
from pipelines.registry.mirror import mirror_line
from pipelines.registry.states import Kind, Line, read_line, read_lines
from pipelines.runner import Event, Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class TransitionResult:
    """What changed in a line.

    Args:
        line: The line.
        kind: What happened; None where nothing had to.
        model_id: The model it is about.
        champion_id: The champion from now on; None for none.
        before: The champion before.
        gate_id: The decision it rests on; None where somebody overrode it.
        actor: Who did it.
        reason: Why.
    """

    line: str
    kind: Kind | None
    model_id: str
    champion_id: str | None
    before: str | None
    gate_id: str | None
    actor: str
    reason: str

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [
            {
                "line": self.line,
                "change": self.kind or "none",
                "model_id": self.model_id,
                "champion": self.champion_id,
                "before": self.before,
                "actor": self.actor,
            }
        ]

    def sentence(self) -> str:
        """Say what happened."""
        if self.kind is None:
            return f"nothing to do in `{self.line}`: {self.reason}"
        champion = f"`{self.champion_id}`" if self.champion_id else "none"
        if self.champion_id == self.before:
            return f"`{self.model_id}` is refused; champion of `{self.line}` stays {champion}"
        after = f", after `{self.before}`" if self.before else ""
        return f"champion of `{self.line}` is {champion}{after}"

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {**asdict(self), "sentence": self.sentence()}

    def events(self) -> Sequence[Event]:
        """Return the change, where there was one."""
        if self.kind is None:
            return []
        name = f"serloop.registry.{self.kind}"
        return [Event(name, f"serloop.model.{self.model_id}", asdict(self))]


def promote(
    settings: Settings,
    progress: Progress,
    *,
    model_id: str,
    reason: str = "",
    actor: str | None = None,
    force: bool = False,
) -> TransitionResult:
    """Make a model champion of its line: one that the gate lets pass, or by force and a reason.

    A decision counts if it was made against the present champion and by the present limits; where
    there is none, the gate decides now.

    Args:
        settings: Where the warehouse is, and the limits of the gate.
        progress: Where progress is shown.
        model_id: The model.
        reason: Why, in words.
        actor: Who does it; default: the login name.
        force: Whether to promote it whatever the gate says; it needs a reason, which is kept.

    Returns:
        What changed; nothing where it is champion already.

    Raises:
        PipelineError: If the model is unknown, the gate refuses it, it is forced without a
            reason, or another became champion meanwhile.
        NothingToDoError: If the gate cannot decide, for instance because it was not evaluated.
    """
    if force and not reason.strip():
        raise PipelineError(
            f"`{model_id}` is to be promoted whatever the gate says, which needs a reason; say why"
        )
    with open_store(settings) as store:
        before = read_line(store, line_of(store, require_model(store, model_id)))
        if before.champion == model_id:
            return _nothing(before, model_id, "it is champion already")
        gate_id = None if force else _find_pass(store, settings, before, model_id)
    if not force and gate_id is None:
        gate_id = _pass_gate(settings, progress, model_id)
    change = Change("promoted", model_id, model_id, gate_id, actor or _login(), reason)

    def decide(line: Line) -> Change | None:
        if line.champion == model_id:
            return None
        if not force and line.champion != before.champion:
            raise PipelineError(
                f"`{line.champion}` became champion of `{line.name}` while `{model_id}` was being "
                "promoted, which has not met it; run it again"
            )
        return change

    with open_store(settings) as store:
        return _apply(settings, store, before, change, decide)


def rollback(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - a stage takes one
    *,
    line: str,
    reason: str = "",
    actor: str | None = None,
) -> TransitionResult:
    """Make the champion before the present one champion again; once more goes one further back.

    Args:
        settings: Where the warehouse is.
        progress: Unused; this is done at once.
        line: The campaign, or else the corpus.
        reason: Why, in words.
        actor: Who does it; default: the login name.

    Raises:
        NothingToDoError: If nothing happened in the line yet, or there was no champion before.
    """
    with open_store(settings) as store:
        before = read_line(store, line)
        if not before.transitions:
            known = ", ".join(f"`{other.name}`" for other in read_lines(store)) or "none"
            raise NothingToDoError(f"line `{line}` has no champion; lines with one: {known}")
        who = actor or _login()

        def decide(now: Line) -> Change | None:
            # Of two who roll back the same champion at once, one is enough.
            if now.champion != before.champion:
                return None
            present, former = _require_former(now)
            return Change("rolled_back", present, former, None, who, reason)

        present, former = _require_former(before)
        change = Change("rolled_back", present, former, None, who, reason)
        return _apply(settings, store, before, change, decide)


def refuse(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - a stage takes one
    *,
    model_id: str,
    reason: str,
    actor: str | None = None,
) -> TransitionResult:
    """Refuse a model, whatever the gate said: it waits for approval no more.

    Args:
        settings: Where the warehouse is.
        progress: Unused; this is done at once.
        model_id: The model.
        reason: Why, in words.
        actor: Who does it; default: the login name.

    Raises:
        PipelineError: If the model is unknown, is champion, or no reason is given.
    """
    if not reason.strip():
        raise PipelineError(f"`{model_id}` is to be refused, which needs a reason; say why")
    with open_store(settings) as store:
        before = read_line(store, line_of(store, require_model(store, model_id)))
        gates = [of.gate_id for of in before.transitions if of.model_id == model_id]
        gate_id = gates[-1] if gates else None
        who = actor or _login()
        change = Change("refused", model_id, before.champion, gate_id, who, reason)

        def decide(line: Line) -> Change | None:
            if line.champion == model_id:
                raise PipelineError(
                    f"`{model_id}` is champion of `{line.name}` and cannot be refused; make the "
                    f"one before champion again with `serloop rollback {line.name}`"
                )
            if line.states().get(model_id) == "refused":
                return None
            return replace(change, champion_id=line.champion)

        return _apply(settings, store, before, change, decide)


def _apply(
    settings: Settings,
    store: Warehouse,
    before: Line,
    change: Change,
    decide: Callable[[Line], Change | None],
) -> TransitionResult:
    """Write a change and tell what came of it."""
    made = append_change(store, before.name, decide)
    if made is None:
        now = read_line(store, before.name)
        wanted = (change.kind, change.model_id)
        since = now.transitions[len(before.transitions) :]
        done = [of for of in since if (of.kind, of.model_id) == wanted]
        if not done:
            return _nothing(now, change.model_id, "it was done before")
        # The gate itself, or somebody else, was first.
        made = done[-1]
    else:
        mirror_line(settings, store, before.name)
    return TransitionResult(
        line=made.line,
        kind=made.kind,
        model_id=made.model_id,
        champion_id=made.champion_id,
        before=before.champion,
        gate_id=made.gate_id,
        actor=made.actor,
        reason=made.reason,
    )


def _nothing(line: Line, model_id: str, reason: str) -> TransitionResult:
    return TransitionResult(
        line.name, None, model_id, line.champion, line.champion, None, _login(), reason
    )


def _find_pass(store: Warehouse, settings: Settings, line: Line, model_id: str) -> str | None:
    """Return the newest decision that lets a model replace the present champion, by our limits."""
    decided = queries.select_gates(store, line=line.name, model_id=model_id).to_pylist()
    passed = [
        row["gate_id"]
        for row in decided
        if row["is_passed"]
        and row["champion_id"] == line.champion
        and row["limits"] == limits_of(settings)
    ]
    return passed[-1] if passed else None


def _pass_gate(settings: Settings, progress: Progress, model_id: str) -> str | None:
    """Let the gate decide now, and return what the decision is called if it lets the model pass."""
    from pipelines.gate.gate import gate  # noqa: PLC0415 - a roll-back needs none of its imports

    found = gate(settings, progress, model_id=model_id)
    if found.state == "refused":
        raise PipelineError(
            f"the gate refuses `{model_id}`: {found.reason}; promote it all the same with --force "
            "and a --reason, which is kept"
        )
    return found.gate_id


def _require_former(line: Line) -> tuple[str, str]:
    """Return the champion and the one before."""
    if len(line.reign) < 2:
        raise NothingToDoError(
            f"line `{line.name}` has had no champion before `{line.champion}`, so there is none to "
            "go back to"
        )
    return line.reign[-1], line.reign[-2]


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run under a number that has no name.
        return "somebody"
