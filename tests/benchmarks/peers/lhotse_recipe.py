"""lhotse as its documentation shows it: manifest, resample, fbank with two jobs, its own storage.

Where the optional lilcom is installed its documentation recommends `LilcomChunkyWriter`; otherwise
lhotse falls back to NumPy files, which cost less time to write. lhotse resamples while it extracts,
and does not trim. Run as `python -m tests.benchmarks.peers.lhotse_recipe ROOT OUT JOBS`.
"""

import json
import sys
import time
from pathlib import Path

from lhotse import CutSet, Fbank, FbankConfig, RecordingSet, available_storage_backends
from lhotse.features.io import LilcomChunkyWriter

SAMPLE_RATE = 16000
BANDS = 64
HOP_S = 0.016


def main(root: Path, out: Path, jobs: int) -> None:
    """Extract and store features, and print how many clips there were and how long they took."""
    started = time.perf_counter()
    pattern = "*.flac" if any(root.rglob("*.flac")) else "*.wav"
    recordings = RecordingSet.from_dir(root, pattern)
    cuts = CutSet.from_manifests(recordings=recordings.resample(SAMPLE_RATE))
    # Its own downmix keeps the audio in memory; the first channel costs it less.
    cuts = CutSet.from_cuts(cut.to_mono()[0] if cut.num_channels > 1 else cut for cut in cuts)
    extractor = Fbank(
        FbankConfig(
            sampling_rate=SAMPLE_RATE, frame_length=0.032, frame_shift=HOP_S, num_filters=BANDS
        )
    )
    has_lilcom = LilcomChunkyWriter.name in available_storage_backends()
    stored = cuts.compute_and_store_features(
        extractor=extractor,
        storage_path=out / "features",
        num_jobs=jobs,
        storage_type=LilcomChunkyWriter if has_lilcom else None,
        progress_bar=False,
    )
    stored.to_file(out / "cuts.jsonl.gz")
    clips = len(stored)
    print(json.dumps({"clips": clips, "seconds": time.perf_counter() - started}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
