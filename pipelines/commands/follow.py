"""serloop follow."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session

if TYPE_CHECKING:
    from pipelines.follow import Batch

MOST_FLIPS = 5


def follow(
    corpus: Annotated[str | None, typer.Option(help="Only votes on this corpus.")] = None,
    modality: Annotated[
        Literal["audio", "video", "audiovisual"] | None,
        typer.Option(help="Only what was heard, seen, or both."),
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.05, help="Seconds between two looks at the ledger.")
    ] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Stop after what is there.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Store the last state as a run to train on.")
    ] = False,
    write_each: Annotated[
        bool, typer.Option("--write-each", help="Store the state after every batch, too.")
    ] = False,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Keep the consensus up to date while answers come in, until Ctrl-C; show what each changed."""
    from pipelines.follow import follow as stage
    from pipelines.progress import SilentProgress

    with session(home, as_json=as_json) as run, _until_told_to_stop() as stopped:
        found = stage(
            run.settings,
            SilentProgress(),
            corpus=corpus,
            modality=modality,
            write=write,
            write_each=write_each,
            once=once,
            wait=lambda: not stopped.wait(every),
            tell=_tell_json if as_json else _tell,
        )
        if as_json:
            for row in found.rows():
                typer.echo(json.dumps({"event": "end", **row}))
        else:
            print_rows(found.rows(), as_json=False)


@contextmanager
def _until_told_to_stop() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and a plain kill set; a second Ctrl-C interrupts at once.

    An interruption amid an update would leave half of a batch in the state that is stored.
    """
    stopped = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {kind: signal.signal(kind, stop) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _tell_json(batch: "Batch") -> None:
    flips = [flip._asdict() for flip in batch.flips]
    typer.echo(json.dumps({"event": "batch", **asdict(batch), "flips": flips}))


def _tell(batch: "Batch") -> None:
    taken_back = f", {batch.retracted:,} taken back" if batch.retracted else ""
    shown = [f"{flip.clip_id} {_name(flip.before)} → {_name(flip.after)}" for flip in batch.flips]
    listed = "".join(f"\n  {flip}" for flip in shown[:MOST_FLIPS])
    more = len(shown) - MOST_FLIPS
    typer.echo(
        f"{time.strftime('%H:%M:%S')} {batch.taxonomy} {batch.modality}: {batch.votes:,} new votes"
        f"{taken_back}, {batch.clips:,} clips touched, {len(shown):,} labels flipped "
        f"in {batch.seconds:.3f} s"
        + ("" if batch.converged else ", not converged")
        + listed
        + (f"\n  and {more:,} more" if more > 0 else "")
    )


def _name(label: str | None) -> str:
    return label or "tie"
