"""Write a round's asks as a file that Label Studio imports, with the audio beside it."""

import json
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from annotation.label_studio import build_interface, build_tasks
from pipelines.campaign import clips_of
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

    The audio lands in `audio/` beside the file; register that folder's parent as Label Studio's
    document root. Existing audio is left alone.

    Args:
        store: The warehouse.
        progress: Where progress is shown.
        asks: The asks of one round.
        out: The JSON file; `<name>.xml` beside it is the labelling interface.
    """
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
    out.write_text(json.dumps(build_tasks(asks, urls), indent=1), encoding="utf-8")
    _, classes = corpus_classes(store, clip_ids[0].split("/", 1)[0])
    out.with_suffix(".xml").write_text(build_interface(classes), encoding="utf-8")
