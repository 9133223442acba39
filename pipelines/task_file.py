"""Write a round's asks as a file that Label Studio imports, with the audio beside it."""

import json
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio import build_interface, build_tasks
from pipelines.campaign import clips_of, count_missing
from pipelines.clipset import corpus_classes
from pipelines.convert import audio_file_name
from pipelines.flac import encode_flac
from pipelines.progress import Progress
from ser.files import write_whole
from warehouse import Warehouse, queries

AUDIO_FOLDER = "audio"
# Label Studio serves files below its document root under this address.
LOCAL_FILES_URL = "/data/local-files/?d="


def write_task_file(store: Warehouse, progress: Progress, asks: pa.Table, out: Path) -> None:
    """Write tasks, labelling interface and audio of a round.

    Clips that have all their votes are left out. Of the others `meta.votes_missing` says how many
    votes they lack, which Label Studio knows as a project's overlap.

    The audio lands in `audio/` beside the file; register that folder's parent as Label Studio's
    document root. Existing audio is left alone.

    Args:
        store: The warehouse.
        progress: Where progress is shown.
        asks: The asks of one round.
        out: The JSON file; `<name>.xml` beside it is the labelling interface.
    """
    corpus = asks["clip_id"][0].as_py().split("/", 1)[0]
    missing = {clip_id: count for clip_id, count in count_missing(asks).items() if count > 0}
    asks = asks.filter(pc.is_in(asks["clip_id"], pa.array(sorted(missing), pa.string())))
    clip_ids = clips_of(asks)
    names = {clip_id: Path(AUDIO_FOLDER) / audio_file_name(clip_id) for clip_id in clip_ids}
    out.parent.mkdir(parents=True, exist_ok=True)
    waveforms = queries.select_waveforms(store, clip_ids)
    with progress.track("export audio", len(clip_ids), "clips") as advance:
        for row in waveforms.to_pylist():
            path = out.parent / names[row["clip_id"]]
            if not path.is_file():
                write_whole(path, encode_flac(row))
            advance()
    urls = {clip: f"{LOCAL_FILES_URL}{quote(name.as_posix())}" for clip, name in names.items()}
    tasks = [
        {**task, "meta": {**task["meta"], "votes_missing": missing[task["data"]["clip_id"]]}}
        for task in build_tasks(asks, urls)
    ]
    out.write_text(json.dumps(tasks, indent=1), encoding="utf-8")
    _, classes = corpus_classes(store, corpus)
    out.with_suffix(".xml").write_text(build_interface(classes), encoding="utf-8")
