"""Write a round's asks as a file that Label Studio imports, with the audio beside it."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio import build_instructions, build_interface, build_tasks
from pipelines.campaign import clips_of, count_missing
from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.convert import audio_file_name
from pipelines.errors import PipelineError
from pipelines.labelling import interface_choices, playback_lufs
from pipelines.playback import encode_playback, playback_folder
from pipelines.progress import Progress
from pipelines.settings import Settings
from ser.files import write_whole
from warehouse import Warehouse, queries

# Label Studio serves files below its document root under this address.
LOCAL_FILES_URL = "/data/local-files/?d="
# Waveforms read at once: a minute of speech takes 2 MB.
CLIPS_AT_ONCE = 200


def write_task_file(
    store: Warehouse, settings: Settings, progress: Progress, asks: pa.Table, out: Path
) -> None:
    """Write tasks, labelling interface, instructions and audio of a round.

    Clips that have all their votes are left out. Of the others `meta.votes_missing` says how many
    votes they lack, which Label Studio knows as a project's overlap.

    The audio lands in `audio/` beside the file; register that folder's parent as Label Studio's
    document root. Existing audio is left alone.

    Args:
        store: The warehouse.
        settings: What the interface asks, and how loud the audio is.
        progress: Where progress is shown.
        asks: The asks of one round.
        out: The JSON file; `<name>.xml` beside it is the labelling interface, `<name>.html` the
            instructions.
    """
    corpus = asks["clip_id"][0].as_py().split("/", 1)[0]
    missing = {clip_id: count for clip_id, count in count_missing(asks).items() if count > 0}
    asks = asks.filter(pc.is_in(asks["clip_id"], pa.array(sorted(missing), pa.string())))
    choices = interface_choices(settings)
    names = audio_names(clips_of(asks), playback_lufs(settings))
    out.parent.mkdir(parents=True, exist_ok=True)
    export_audio(store, progress, names, root=out.parent, lufs=playback_lufs(settings))
    words = read_transcripts(store, corpus) if choices.transcript == "shown" else None
    urls = {clip: local_url(name) for clip, name in names.items()}
    tasks = [
        {**task, "meta": {**task["meta"], "votes_missing": missing[task["data"]["clip_id"]]}}
        for task in build_tasks(asks, urls, transcripts=words)
    ]
    out.write_text(json.dumps(tasks, indent=1), encoding="utf-8")
    _, classes = corpus_classes(store, corpus)
    page = build_interface(classes, choices)
    told = build_instructions(classes, choices, definitions=settings.labelling.definitions)
    out.with_suffix(".xml").write_text(page, encoding="utf-8")
    out.with_suffix(".html").write_text(told, encoding="utf-8")


def audio_names(clip_ids: Sequence[str], lufs: float | None) -> dict[str, Path]:
    """Return where each clip's audio goes, below the folder that is served.

    Args:
        clip_ids: The clips.
        lufs: Loudness wanted; None for as it is.
    """
    folder = playback_folder(lufs)
    return {clip_id: folder / audio_file_name(clip_id) for clip_id in clip_ids}


def export_audio(
    store: Warehouse,
    progress: Progress,
    names: dict[str, Path],
    *,
    root: Path,
    lufs: float | None,
) -> None:
    """Write the audio that annotators hear; files that are there are left alone.

    Args:
        store: The warehouse.
        progress: Where progress is shown.
        names: Where each clip's audio goes, below `root`.
        root: The folder that is served.
        lufs: Loudness wanted; None for as it is.

    Raises:
        PipelineError: If the warehouse has no audio of a clip.
    """
    absent = [clip_id for clip_id, name in sorted(names.items()) if not (root / name).is_file()]
    with progress.track("export audio", len(names), "clips") as advance:
        advance(len(names) - len(absent))
        for start in range(0, len(absent), CLIPS_AT_ONCE):
            wanted = absent[start : start + CLIPS_AT_ONCE]
            rows = queries.select_waveforms(store, wanted).to_pylist()
            silent = set(wanted) - {row["clip_id"] for row in rows}
            if silent:
                raise PipelineError(
                    f"{len(silent)} clips such as `{min(silent)}` have no audio in the warehouse; "
                    "ingest them again"
                )
            for row in rows:
                write_whole(root / names[row["clip_id"]], encode_playback(row, lufs))
                advance()


def local_url(name: Path) -> str:
    """Return where Label Studio serves a file below its document root.

    Example:
        >>> local_url(Path("audio/a b.flac"))
        '/data/local-files/?d=audio/a%20b.flac'
    """
    return f"{LOCAL_FILES_URL}{quote(name.as_posix())}"


def read_transcripts(store: Warehouse, corpus: str) -> dict[str, str]:
    """Return the words of each clip of a corpus that has any."""
    clips = corpus_clips(store, corpus)
    pairs = zip(clips["clip_id"].to_pylist(), clips["transcript"].to_pylist(), strict=True)
    return {clip_id: words for clip_id, words in pairs if words}
