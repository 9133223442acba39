"""serloop stream."""

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ser.streaming.sound import Encoding, Sound

STANDARD_INPUT = "-"


def stream(
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="A file; or `-` for samples on standard input.")
    ],
    line: Annotated[str | None, typer.Option(help="Line whose champion listens.")] = None,
    model: Annotated[str | None, typer.Option(help="Model that listens.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of `serloop export` that listens.")
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(help="Who speaks, told of with `serloop baseline`.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Whose thresholds make the sets, such as `female`; default: `all`."),
    ] = None,
    hop: Annotated[float, typer.Option(min=0.01, help="Time between answers, s.")] = 0.25,
    window: Annotated[float, typer.Option(help="Longest speech that is judged at once, s.")] = 3.0,
    rate: Annotated[int, typer.Option(help="Rate of the samples on standard input, Hz.")] = 16000,
    encoding: Annotated[
        Literal["pcm16", "float32"],
        typer.Option(help="How they are written; mono, little-endian."),
    ] = "pcm16",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Hear the emotion while someone is still speaking: an answer every quarter of a second."""
    with session(home, as_json=as_json) as run:
        from pipelines.serving.answers import describe_moment
        from pipelines.serving.load import OFF, load_recogniser
        from ser.streaming.stream import EmotionStream
        from ser.threads import use_threads

        use_threads(run.settings.compute.threads)
        found = load_recogniser(run.settings, line=line, model_id=model, bundle=bundle)
        loaded = found.for_group(group).for_speaker(speaker)
        if loaded.baseline == OFF:
            typer.echo(f"what is known of `{speaker}` does not help, so it was left off", err=True)
        with _open(source, rate, encoding) as sound:
            listening = EmotionStream(
                loaded.recogniser, sample_rate=sound.sample_rate, hop_s=hop, window_s=window
            )
            for moment in listening.listen(sound.chunks):
                _print(describe_moment(loaded, moment), as_json=as_json)


@contextmanager
def _open(source: str, rate: int, encoding: "Encoding") -> "Iterator[Sound]":
    from ser.streaming.sound import Sound, open_file, read_pipe

    if source == STANDARD_INPUT:
        yield Sound(rate, read_pipe(sys.stdin.buffer, encoding))
        return
    with open_file(Path(source)) as sound:
        yield sound


def _print(said: "dict[str, Any]", *, as_json: bool) -> None:
    """Print an answer on a line of its own, at once: a program may wait for it."""
    if as_json:
        typer.echo(json.dumps(said))
    else:
        typer.echo(f"{said['start_s']:8.2f} {said['end_s']:8.2f}  {_describe(said)}")
    sys.stdout.flush()


def _describe(said: "dict[str, Any]") -> str:
    if said["emotion"] is None:
        return "…" if said["is_speech"] else "–"
    if said["is_sure"] is False:
        return f"not sure: {', '.join(said['set']) or 'none of them'}"
    return f"{said['emotion']} {said['confidence']:.2f}"
