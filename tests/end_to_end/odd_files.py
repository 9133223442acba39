"""One small file of every kind that people have, made in code; `infra/any_input.md` lists them."""

import io
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

RATE = 16000
Writer = Callable[[Path], None]


def speech(rate=RATE, seconds=(0.6, 0.5, 0.4), level=0.2):
    """Return a buzz between two stretches of hiss at 50 dB less, float64 ``(S,)``."""
    before, during, after = (round(s * rate) for s in seconds)
    phase = np.arange(during) * 150 / rate
    clip = np.random.default_rng(2).standard_normal(before + during + after) * level * 1.5e-3
    clip[before : before + during] += level * (phase % 1 - 0.5)
    return clip


def encode(samples=None, rate=RATE, **options):
    """Return samples as the bytes of a file, 16-bit WAV unless told otherwise."""
    file = io.BytesIO()
    samples = speech(rate) if samples is None else samples
    soundfile.write(file, samples, rate, **{"format": "WAV", **options})
    return file.getvalue()


def chunk(name, content):
    """Return a RIFF chunk."""
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def with_wav_size(size, data=None):
    """Return a WAV file that promises so many bytes of audio."""
    data = encode() if data is None else data
    start = data.index(b"data") + 4
    return data[:start] + struct.pack("<I", size) + data[start + 4 :]


def with_flac_frames(frames):
    """Return a FLAC file that promises so many frames."""
    data = bytearray(encode(format="FLAC"))
    packed = int.from_bytes(data[18:26], "big") >> 36 << 36 | frames
    data[18:26] = packed.to_bytes(8, "big")
    return bytes(data)


def with_extra_chunks():
    """Return a WAV file with a note of odd length and a broadcast header before the audio."""
    data = encode()
    start = data.index(b"fmt ")
    note = chunk(b"LIST", b"INFOISFT" + bytes(5))
    extra = chunk(b"bext", bytes(602)) + note + chunk(b"junk", b"")
    riff = struct.pack("<I", len(data) - 8 + len(extra))
    return data[:4] + riff + data[8:start] + extra + data[start:]


def id3(size=500):
    """Return an ID3 tag, its size in seven bits a byte."""
    return b"ID3\x04\0\0" + bytes([0, 0, size >> 7, size & 127]) + bytes(size)


def damaged(data):
    """Return the bytes with some in the middle overwritten."""
    middle = len(data) // 2
    return data[:middle] + b"\x5a" * 40 + data[middle + 40 :]


def channels(count):
    """Return the same speech in several channels, each quieter than the one before."""
    return speech()[:, None] * np.linspace(1, 0.5, count)


def impaired(value):
    """Return speech with one sample that is no number."""
    samples = speech()
    samples[700] = value
    return samples


def recording(seconds):
    """Return a recording of so many seconds: a word every two and a half."""
    words = np.tile(speech(seconds=(0.6, 1.5, 0.4)), int(seconds / 2.5))
    return words + np.random.default_rng(3).standard_normal(len(words)) * 1e-4


def write_recording(path, seconds, **options):
    """Write a recording of so many seconds, twenty at a time."""
    part = recording(20)
    with soundfile.SoundFile(path, "w", RATE, 1, **options) as file:
        for _ in range(seconds // 20):
            file.write(part)


NOISE = np.random.default_rng(1).standard_normal(24000)
HALF = {name: encode(format=name) for name in ("WAV", "AIFF", "FLAC", "OGG", "W64", "RF64")}
LONG_MP3 = encode(np.tile(speech(), 3), format="MP3")

CONTENTS: dict[str, bytes] = {
    "pcm_8.wav": encode(subtype="PCM_U8"),
    "pcm_16.wav": encode(),
    "pcm_24.wav": encode(subtype="PCM_24"),
    "pcm_32.wav": encode(subtype="PCM_32"),
    "float_32.wav": encode(subtype="FLOAT"),
    "float_64.wav": encode(subtype="DOUBLE"),
    "a_law.wav": encode(subtype="ALAW"),
    "mu_law.wav": encode(subtype="ULAW"),
    "adpcm.wav": encode(subtype="IMA_ADPCM"),
    "extensible.wav": encode(format="WAVEX", subtype="PCM_24"),
    "big_endian.wav": encode(endian="BIG"),
    "wave64.w64": encode(format="W64"),
    "rf64.rf64": encode(format="RF64"),
    "rf64_inside.wav": encode(format="RF64"),
    "aiff_16.aiff": encode(format="AIFF"),
    "aiff_24.aif": encode(format="AIFF", subtype="PCM_24"),
    "aifc.aifc": encode(format="AIFF", subtype="ULAW"),
    "flac_16.flac": encode(format="FLAC"),
    "flac_24.flac": encode(format="FLAC", subtype="PCM_24"),
    "flac_from_pipe.flac": with_flac_frames(0),
    "vorbis.ogg": encode(format="OGG"),
    "opus.opus": encode(rate=48000, format="OGG", subtype="OPUS"),
    "mp3.mp3": encode(rate=44100, format="MP3"),
    "8000_hz.wav": encode(rate=8000),
    "11025_hz.wav": encode(rate=11025),
    "22050_hz.wav": encode(rate=22050),
    "22254_hz.aiff": encode(rate=22254, format="AIFF"),
    "44100_hz.flac": encode(rate=44100, format="FLAC"),
    "96000_hz.flac": encode(rate=96000, format="FLAC", subtype="PCM_24"),
    "192000_hz.wav": encode(rate=192000),
    "1000_hz.wav": encode(rate=1000),
    "2_channels.wav": encode(channels(2)),
    "4_channels.flac": encode(channels(4), format="FLAC"),
    "6_channels.wav": encode(channels(6)),
    "8_channels.flac": encode(channels(8), format="FLAC"),
    "opposite_channels.wav": encode(np.stack([speech(), -speech()], axis=1)),
    "extra_chunks.wav": with_extra_chunks(),
    "promises_more.wav": with_wav_size(60000),
    "promises_less.wav": with_wav_size(40000),
    "promises_more.flac": with_flac_frames(30000),
    "promises_less.flac": with_flac_frames(20000),
    "from_pipe_0.wav": with_wav_size(0),
    "from_pipe_4gb.wav": with_wav_size(0xFFFFFFFF),
    "zero_bytes.wav": b"",
    "zero_frames.wav": encode(speech()[:0]),
    "10_ms.wav": encode(speech()[10000:10160]),
    "silence.wav": encode(np.zeros(24000)),
    "hiss.wav": encode(NOISE * 2e-4),
    "nan.wav": encode(impaired(np.nan), subtype="FLOAT"),
    "infinite.wav": encode(impaired(-np.inf), subtype="DOUBLE"),
    "dc_offset.wav": encode(speech() + 0.1),
    "clipped.wav": encode(np.clip(speech() * 20, -1, 1)),
    "quiet.wav": encode(speech(level=4e-3), subtype="PCM_24"),
    "noisy.wav": encode(speech() + NOISE * 0.01),
    "id3.mp3": id3() + encode(format="MP3"),
    "id3_behind.mp3": encode(format="MP3") + b"TAG" + bytes(125),
    "id3.wav": id3() + encode(),
    "id3_twice.flac": id3() + id3(40) + encode(format="FLAC"),
    "id3.w64": id3() + encode(format="W64"),
    "flac_inside.wav": encode(format="FLAC"),
    "wav_inside.mp3": encode(),
    "mp3_inside.wav": encode(format="MP3"),
    "wav_inside.m4a": encode(),
    "text.wav": b"Dear diary, today I recorded nothing.\n" * 40,
    "noise.wav": np.random.default_rng(4).bytes(5000),
    "zeros.mp3": bytes(5000),
    "picture.flac": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "aac.m4a": b"\0\0\0\x20ftypM4A " + bytes(500),
    "sun.wav": encode(format="AU"),
    "sphere.sph": encode(format="NIST"),
    "cut_off.wav": HALF["WAV"][:-10001],
    "cut_off.aiff": HALF["AIFF"][:-10001],
    "cut_off.flac": HALF["FLAC"][:-5001],
    "cut_off.ogg": HALF["OGG"][:-1001],
    "cut_off.w64": HALF["W64"][:-10001],
    "cut_off.rf64": HALF["RF64"][:-10001],
    "cut_off.mp3": LONG_MP3[: len(LONG_MP3) // 2],
    "damaged.flac": damaged(HALF["FLAC"]),
    "UPPER.WAV": encode(),
    "two words.wav": encode(),
    'it\'s "quoted" & $odd; #1.wav': encode(),
    "-dash.wav": encode(),
    "😀 élan 語.wav": encode(),
    os.fsdecode(b"caf\xe9.wav"): encode(),
    f"{'long' * 60}.wav": encode(),
    "folder.wav/inside.wav": encode(),
    "two_minutes.flac": encode(recording(120), format="FLAC"),
}


def link_to(target: str) -> Writer:
    """Return what makes a link."""
    return lambda path: path.symlink_to(target)


def forbidden(path: Path) -> None:
    """Write a file that nobody may read."""
    path.write_bytes(encode())
    path.chmod(0)


def outside(path: Path) -> None:
    """Link to a file beside the corpus."""
    target = path.parent.parent / "outside.wav"
    target.write_bytes(encode())
    path.symlink_to(target)


SPECIAL: dict[str, Writer] = {
    "link.wav": link_to("pcm_16.wav"),
    "link_outside.wav": outside,
    "dangling_link.wav": link_to("nowhere.wav"),
    "link_loop.wav": link_to("link_loop.wav"),
    "named_pipe.wav": os.mkfifo,
    "forbidden.wav": forbidden,
}

WRITERS: dict[str, Writer] = {
    **{
        name: lambda path, content=content: path.write_bytes(content)
        for name, content in CONTENTS.items()
    },
    **SPECIAL,
}


def write_odd_files(folder: Path) -> list[str]:
    """Write every file into an empty folder and return their names, relative to it."""
    for name, write in WRITERS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    return list(WRITERS)


MANIFEST_PATHS = (
    "inside.wav",
    "../outside.wav",
    "/outside.wav",
    "link/outside.wav",
    "link_outside.wav",
    "missing.wav",
    "link_loop.wav",
    "named_pipe.wav",
    os.fsdecode(b"caf\xe9.wav"),
)


def write_manifest(folder: Path) -> None:
    """Write a manifest that names files inside and outside of an empty folder."""
    (folder / "inside.wav").write_bytes(encode())
    (folder / os.fsdecode(b"caf\xe9.wav")).write_bytes(encode(speech(level=0.1)))
    outside(folder / "link_outside.wav")
    (folder / "link").symlink_to(folder.parent, target_is_directory=True)
    (folder / "link_loop.wav").symlink_to("link_loop.wav")
    os.mkfifo(folder / "named_pipe.wav")
    rows = [json.dumps({"path": path}) for path in MANIFEST_PATHS]
    (folder / "manifest.jsonl").write_text("\n".join(rows), encoding="utf-8")
