"""Run stages as Prefect tasks with retries, progress and table artifacts."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import State, Task, task
from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.events import emit_event
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipelines.deployment.trigger import start_approval
from pipelines.gate.records import GateResult
from pipelines.gateway.places import report_url
from pipelines.observe.context import about, about_stage
from pipelines.progress import Advance
from pipelines.redaction import without_secrets
from pipelines.runner import EventfulResult, LinkingResult, Stage, StageResult
from pipelines.settings import Settings
from warehouse import ContentionError

P = ParamSpec("P")
R = TypeVar("R", bound=StageResult)

# Only what may pass by itself is worth another try; anything else fails the same way again.
TRANSIENT = (ContentionError, ConnectionError, TimeoutError)
RETRY_DELAYS_S = [2.0, 10.0, 30.0]
# Those that were kept waiting together do not come back together.
RETRY_JITTER = 0.5
SECONDS_BETWEEN_UPDATES = 2.0


class PrefectProgress:
    """Show progress as a Prefect artifact that fills up."""

    @contextmanager
    def track(self, label: str, total: int, unit: str) -> Iterator[Advance]:
        """Create the artifact, update it every few seconds, and fill it at the end."""
        # Outside of a coroutine Prefect returns the id itself, which its types cannot say.
        artifact = cast(
            UUID, create_progress_artifact(0.0, key=artifact_key(label), description=label)
        )
        started = last_sent = time.monotonic()
        done = 0

        def advance(units: int = 1, note: str = "") -> None:
            nonlocal done, last_sent
            done += units
            now = time.monotonic()
            if now - last_sent < SECONDS_BETWEEN_UPDATES:
                return
            last_sent = now
            update_progress_artifact(artifact, 100.0 * done / max(total, 1))
            rate = done / (now - started)
            get_run_logger().info("%s: %s/%s %s, %.1f/s %s", label, done, total, unit, rate, note)

        yield advance
        update_progress_artifact(artifact, 100.0)


@dataclass(frozen=True)
class PrefectRunner:
    """Run each stage as one Prefect task of the flow that is running.

    Args:
        settings: Settings bound to every stage; never a task parameter, since Prefect stores
            parameters and settings hold secrets.
    """

    settings: Settings

    def __call__(self, stage: "Stage[P, R]", *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage as a task, and publish its table, its pages and what happened."""
        if args:
            raise TypeError(f"stage `{stage.__name__}` takes keyword arguments only")
        result: R = self._task(stage, kwargs.get("arm"))(**kwargs)
        table = [dict(row) for row in result.rows()]
        create_table_artifact(table, key=artifact_key(stage.__name__), description=stage.__doc__)
        self._publish(result, stage.__name__)
        if isinstance(result, GateResult) and result.state == "waiting" and result.gate_id:
            self._ask_somebody(result.gate_id)
        return result

    def _publish(self, result: StageResult, stage: str) -> None:
        if isinstance(result, LinkingResult):
            for link in result.links():
                create_link_artifact(
                    report_url(self.settings, link.path),
                    link_text=link.text,
                    key=artifact_key(f"{stage}-page"),
                    description=link.text,
                )
        if isinstance(result, EventfulResult):
            for event in result.events():
                emit_event(
                    event.name,
                    resource={"prefect.resource.id": event.resource},
                    payload=dict(event.payload),
                )

    def _ask_somebody(self, gate_id: str) -> None:
        if start_approval(self.settings, gate_id) is None:
            get_run_logger().warning(
                "a model passed the gate and waits for approval, but this server has no deployment "
                "that asks somebody; run `serloop deploy`, or decide with `serloop promote`"
            )

    def _task(self, stage: "Stage[P, R]", arm: object) -> "Task[..., R]":
        def call(**parameters: Any) -> R:  # noqa: ANN401 - the stage's own signature checks them
            with (
                without_secrets(self.settings),
                about(run=flow_run.id),
                about_stage(stage.__name__, parameters),
            ):
                try:
                    return stage(self.settings, PrefectProgress(), **parameters)  # type: ignore[call-arg]
                except Exception as error:
                    error.add_note(f"in stage `{stage.__name__}`")
                    raise

        call.__doc__ = stage.__doc__
        decorate = task(
            name=stage.__name__,
            # A round trains and aggregates once per arm; the rest happens once.
            task_run_name=f"{stage.__name__}-{arm}" if arm else stage.__name__,
            retries=len(RETRY_DELAYS_S),
            retry_delay_seconds=RETRY_DELAYS_S,
            retry_jitter_factor=RETRY_JITTER,
            retry_condition_fn=is_transient,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        return decorate(call)


def is_transient(task: "Task[..., Any]", run: TaskRun, state: "State[Any]") -> bool:  # noqa: ARG001
    """Return whether a failed task may succeed by itself when tried again.

    Args:
        task: The task that failed.
        run: The run that failed.
        state: Its final state, which holds the exception.
    """
    try:
        state.result()
    except TRANSIENT:
        return True
    except Exception:  # noqa: BLE001 - every other failure is final, and Prefect reports it
        return False
    return False


def artifact_key(text: str) -> str:
    """Return `text` as a Prefect artifact key: lower case, digits and dashes.

    Example:
        >>> artifact_key("decode CREMA-D (voice)")
        'decode-crema-d-voice'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
