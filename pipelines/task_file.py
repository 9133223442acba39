"""Write a round's asks as a file that Label Studio imports, with the audio beside it."""

import json
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio import build_instructions, build_interface, build_tasks
from pipelines.campaign import clips_of, count_missing
from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.convert import audio_file_name
from pipelines.labelling import interface_choices, playback_lufs
from pipelines.playback import encode_playback, playback_folder
from pipelines.progress import Progress
from pipelines.settings import Settings
from ser.files import write_whole
from warehouse import Warehouse, queries

# Label Studio serves files below its document root under this address.
LOCAL_FILES_URL = "/data/local-files/?d="


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
    clip_ids = clips_of(asks)
    lufs, choices = playback_lufs(settings), interface_choices(settings)
    folder = playback_folder(lufs)
    names = {clip_id: folder / audio_file_name(clip_id) for clip_id in clip_ids}
    out.parent.mkdir(parents=True, exist_ok=True)
    waveforms = queries.select_waveforms(store, clip_ids)
    with progress.track("export audio", len(clip_ids), "clips") as advance:
        for row in waveforms.to_pylist():
            path = out.parent / names[row["clip_id"]]
            if not path.is_file():
                write_whole(path, encode_playback(row, lufs))
            advance()
    words = _transcripts(store, corpus) if choices.transcript == "shown" else None
    urls = {clip: f"{LOCAL_FILES_URL}{quote(name.as_posix())}" for clip, name in names.items()}
    tasks = [
        {**task, "meta": {**task["meta"], "votes_missing": missing[task["data"]["clip_id"]]}}
        for task in build_tasks(asks, urls, transcripts=words)
    ]
    out.write_text(json.dumps(tasks, indent=1), encoding="utf-8")
    _, classes = corpus_classes(store, corpus)
    page, told = build_interface(classes, choices), build_instructions(classes, choices)
    out.with_suffix(".xml").write_text(page, encoding="utf-8")
    out.with_suffix(".html").write_text(told, encoding="utf-8")


def _transcripts(store: Warehouse, corpus: str) -> dict[str, str]:
    clips = corpus_clips(store, corpus)
    pairs = zip(clips["clip_id"].to_pylist(), clips["transcript"].to_pylist(), strict=True)
    return {clip_id: words for clip_id, words in pairs if words}
