"""Which copies of a clip its fingerprint finds, and which strangers it takes for copies.

`python -m tests.benchmarks.fingerprint` takes every sixth clip of RAVDESS (flac16k) through
encoders, sample rates, gain and noise, prepares the result like any file, and looks for it among
all 1,440 clips; likewise the 48 kHz originals of three actors. Two takes of one sentence by one
actor are no copies. The thresholds were chosen on odd actors; the table reports even ones. Pairs
that are found within RAVDESS and within URDU are listed with the correlation of their samples.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio.duplicates import CHANCE, Fingerprints, Matches, find_near_duplicates
from ser.audio.fingerprint import fingerprint
from ser.prepare import Rejected, prepare
from tests.ser.audio.distortions import DISTORTIONS

STEP = 6
Waveform = npt.NDArray[np.int16]


def read_clip(source: Path | bytes) -> Waveform:
    """Return the trimmed waveform of a file, empty if it is refused."""
    clips = prepare(source)
    return np.empty(0, np.int16) if isinstance(clips, Rejected) else next(clips).waveform


def join(waveforms: Sequence[Waveform]) -> Fingerprints:
    """Return the fingerprints of clips."""
    return Fingerprints.from_bytes(fingerprint(w, 16000).tobytes() for w in waveforms)


def best_of(function: Callable[[], object], rounds: int = 300) -> float:
    """Return the shortest of many runs, s."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def say(text: str) -> None:
    """Print a line; a benchmark's output is its result."""
    print(text, flush=True)  # noqa: T201


def correlate(one: Waveform, other: Waveform) -> float:
    """Return the correlation of the samples of two clips where they overlap, at the best lag."""
    size = 1 << (len(one) + len(other)).bit_length()
    spectra = [np.fft.rfft(wave.astype(float), size) for wave in (one, other)]
    lag = int(np.fft.irfft(spectra[0] * spectra[1].conj(), size).argmax())
    lag -= size if lag > size // 2 else 0
    first, second = one[max(lag, 0) :], other[max(-lag, 0) :]
    overlap = min(len(first), len(second))
    return float(np.corrcoef(first[:overlap], second[:overlap])[0, 1])


def report_pairs(name: str, files: Sequence[Path], waveforms: Sequence[Waveform]) -> None:
    """List the pairs found within a corpus."""
    clips = join(waveforms)
    found = find_near_duplicates(clips, clips)
    is_pair = found.probes < found.known
    say(f"\n{name}: {is_pair.sum()} pairs of {len(clips) * (len(clips) - 1) // 2:,}")
    for one, other, similarity in zip(*(column[is_pair] for column in columns(found)), strict=True):
        correlation = correlate(waveforms[one], waveforms[other])
        say(
            f"  {files[one].stem:22} {files[other].stem:22} {similarity:.3f} "
            f"samples correlate {correlation:.3f}"
        )


def columns(matches: Matches) -> tuple[npt.NDArray[np.generic], ...]:
    """Return probes, known clips and similarities."""
    return matches.probes, matches.known, matches.similarity


def report_strangers(files: Sequence[Path], clips: Fingerprints) -> None:
    """Print how alike the most alike clips are that are no copies, by half of the actors."""
    found = find_near_duplicates(clips, clips, min_similarity=0.5, chance=CHANCE)
    odd = np.array([int(file.parent.name[-2:]) % 2 == 1 for file in files])
    for half, is_in in (("odd", odd), ("even", ~odd)):
        is_pair = (found.probes < found.known) & is_in[found.probes] & is_in[found.known]
        similar = np.sort(found.similarity[is_pair & (found.similarity < 1)])[::-1]
        say(
            f"  different takes, {half} actors: {len(similar)} beyond chance, "
            f"most alike {similar[:3].round(3).tolist()}"
        )


def report_recall(files: Sequence[Path], waveforms: Sequence[Waveform]) -> None:
    """Print the table of distortions: copies found and strangers taken for copies."""
    known = join(waveforms)
    samples = {
        at: soundfile.read(files[at], dtype="float32")[0] for at in range(0, len(files), STEP)
    }
    say(f"\n{'distortion':26}{'actors':8}{'clips':>6}{'found':>8}{'lowest':>8}{'wrong':>7}")
    for name, distort in DISTORTIONS.items():
        copies = {at: read_clip(distort(clip)) for at, clip in samples.items()}
        for half in (0, 1):
            chosen = [at for at in copies if int(files[at].parent.name[-2:]) % 2 == half]
            there = [at for at in chosen if copies[at].size]
            found = find_near_duplicates(join([copies[at] for at in there]), known)
            origin = np.array(there)[found.probes]
            is_copy = origin == found.known
            # The one true pair of RAVDESS meets its twin.
            wrong = ~is_copy & (found.similarity < 0.9)
            lowest = found.similarity[is_copy].min() if is_copy.any() else np.nan
            say(
                f"{name:26}{('even', 'odd')[half]:8}{len(there):6}"
                f"{is_copy.sum() / max(len(there), 1):8.1%}{lowest:8.3f}{wrong.sum():7}"
                + (f"   {len(chosen) - len(there)} refused as silence" * (there != chosen))
            )


def report_shifts(waveforms: Sequence[Waveform]) -> None:
    """Print how many copies are found that begin elsewhere."""
    known = join(waveforms)
    chosen = list(range(0, len(waveforms), STEP))
    for shift_ms in (-100, 12, 50, 100):
        shift = abs(shift_ms) * 16
        quiet = np.random.default_rng(0).normal(0, 3, shift).astype(np.int16)
        copies = [
            waveforms[at][shift:] if shift_ms > 0 else np.concatenate([quiet, waveforms[at]])
            for at in chosen
        ]
        found = find_near_duplicates(join(copies), known)
        is_copy = np.array(chosen)[found.probes] == found.known
        say(
            f"start {shift_ms:+5} ms  found {is_copy.mean() * len(found.known) / len(chosen):.1%} "
            f"lowest {found.similarity[is_copy].min():.3f}"
        )


def report_native(root: Path, files: Sequence[Path], clips: Fingerprints) -> None:
    """Print how many 48 kHz originals find their 16 kHz release."""
    natives = sorted((root / "native_flac").rglob("*.flac"))
    found = find_near_duplicates(join([read_clip(file) for file in natives]), clips)
    pairs = zip(*(column.tolist() for column in columns(found)), strict=True)
    same = [s for one, other, s in pairs if natives[one].stem == files[other].stem]
    say(
        f"\n48 kHz against 16 kHz: {len(same)} of {len(natives)} found, lowest {min(same):.3f}, "
        f"wrong {len(found.probes) - len(same)}"
    )


def report_scale(clips: Fingerprints, count: int = 100_000) -> None:
    """Print how long it takes to find clips among many made-up ones."""
    generator = np.random.default_rng(0)
    picked = generator.integers(0, len(clips), count)
    lengths = clips.lengths[picked]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    # Bits turned alike in all words of a clip: as constant over time as speech, yet unrelated.
    turned = np.repeat(generator.integers(0, 2**32, count, dtype=np.uint32), lengths)
    words = np.concatenate([clips.words[clips.offsets[p] : clips.offsets[p + 1]] for p in picked])
    known = Fingerprints(np.where(words == 0, 0, words ^ turned).astype(np.uint32), offsets)
    for probes in (1000, 10_000):
        part = Fingerprints(known.words[: offsets[probes]], offsets[: probes + 1])
        started = time.perf_counter()
        found = find_near_duplicates(part, known)
        say(
            f"{probes:,} clips among {count:,} ({len(words):,} words): "
            f"{time.perf_counter() - started:.2f} s, {len(found.probes) - probes} wrong"
        )


def main() -> int:
    """Report on whatever corpus there is."""
    data = Path(os.environ.get("SERLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
    files = sorted((data / "ravdess" / "flac16k").rglob("*.flac"))
    if not files:
        say(f"no RAVDESS under `{data}`; set SERLOOP_DATA")
        return 1
    waveforms = [read_clip(file) for file in files]
    clips = join(waveforms)
    clip = max(waveforms, key=len)[:36800]
    say(f"{1000 * best_of(lambda: fingerprint(clip, 16000)):.3f} ms per clip of 2.3 s")
    report_pairs("RAVDESS", files, waveforms)
    report_strangers(files, clips)
    urdu = sorted((data / "urdu").rglob("*.flac"))
    report_pairs("URDU", urdu, [read_clip(file) for file in urdu])
    report_recall(files, waveforms)
    report_shifts(waveforms)
    report_native(data / "ravdess", files, clips)
    report_scale(clips)
    return 0


if __name__ == "__main__":
    sys.exit(main())
