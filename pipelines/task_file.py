"""Write a round's asks as a file that Label Studio imports, with the audio beside it."""

import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from annotation.label_studio import build_interface, build_tasks
from pipelines.campaign import clips_of
from pipelines.clipset import corpus_classes
from pipelines.convert import audio_file_name
from pipelines.progress import Progress
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
            write_audio(out.parent / names[row["clip_id"]], row["pcm16"], row["sample_rate"])
            advance()
    urls = {clip: f"{LOCAL_FILES_URL}{quote(name.as_posix())}" for clip, name in names.items()}
    out.write_text(json.dumps(build_tasks(asks, urls), indent=1), encoding="utf-8")
    _, classes = corpus_classes(store, clip_ids[0].split("/", 1)[0])
    out.with_suffix(".xml").write_text(build_interface(classes), encoding="utf-8")


def write_audio(path: Path, pcm16: bytes, sample_rate: int) -> None:
    """Write stored samples as FLAC, unless the file is there."""
    import soundfile  # noqa: PLC0415 - keeps help fast

    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half_made = path.with_suffix(".part")
    soundfile.write(half_made, np.frombuffer(pcm16, "<i2"), sample_rate, format="FLAC")
    half_made.replace(path)
