"""Files of every supported format decode to their samples, and bad ones say what is wrong."""

import io
import struct

import numpy as np
import pytest
import soundfile

from ser.audio.files import BLOCK_SAMPLES, downmix, open_recording
from ser.audio.pcm import from_pcm16
from ser.audio.source import read_source
from ser.errors import AudioError

NOISE = (0.1 * np.random.default_rng(0).standard_normal((8000, 2))).astype(np.float32)


def write(samples=NOISE, rate=16000, **options):
    """Return samples as the bytes of a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **options)
    return file.getvalue()


def decode(source):
    """Return the recording and its samples as float32."""
    with open_recording(read_source(source)) as recording:
        blocks = [from_pcm16(block) for block in recording.blocks]
    return recording, np.concatenate(blocks)


def flac_of_unknown_length():
    """Return a FLAC file as a writer to a pipe leaves it: 0 total samples in its header."""
    data = bytearray(write(format="FLAC"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    return bytes(data)


def wav_of_unknown_length(size):
    """Return a WAV file as a writer to a pipe leaves it."""
    data = write(format="WAV")
    start = data.index(b"data") + 4
    return data[:start] + struct.pack("<I", size) + data[start + 4 :]


@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        ({"format": "WAV"}, 2**-15),
        ({"format": "WAV", "subtype": "PCM_U8"}, 2**-7),
        ({"format": "WAV", "subtype": "FLOAT"}, 0),
        ({"format": "WAV", "endian": "BIG"}, 2**-15),
        ({"format": "WAVEX", "subtype": "PCM_24"}, 2**-23),
        ({"format": "AIFF"}, 2**-15),
        ({"format": "FLAC"}, 2**-15),
        ({"format": "FLAC", "subtype": "PCM_24"}, 2**-23),
        ({"format": "FLAC", "subtype": "PCM_S8"}, 2**-7),
        ({"format": "W64"}, 2**-15),
        ({"format": "RF64", "subtype": "PCM_32"}, 2**-24),
        ({"format": "WAV", "subtype": "DOUBLE"}, 2**-24),
    ],
    ids=str,
)
def test_lossless_formats(options, tolerance):
    """Lossless formats give the samples back within one step."""
    recording, samples = decode(write(**options))
    assert (recording.sample_rate, recording.format) == (16000, options["format"])
    assert (recording.frames, recording.channels, recording.flags) == (8000, 2, set())
    np.testing.assert_allclose(samples, NOISE, atol=tolerance, rtol=0)


@pytest.mark.parametrize("options", [{"format": "OGG"}, {"format": "MP3"}], ids=str)
def test_lossy_formats_keep_length_and_sound(options):
    """A lossy stereo file at 44.1 kHz comes back as long, and nearly the same."""
    tone = 0.3 * np.sin(np.arange(44100) * 0.05)[:, None] * [1.0, 0.5]
    _, samples = decode(write(tone, 44100, **options))
    assert samples.shape == (44100, 2)
    middle = slice(5000, 40000)
    np.testing.assert_allclose(samples[middle], tone[middle], atol=0.02)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(wav_of_unknown_length(0), id="WAV 0"),
        pytest.param(wav_of_unknown_length(0x7FFFF000), id="WAV 2 GB"),
        pytest.param(wav_of_unknown_length(0xFFFFFFFF), id="WAV 4 GB"),
        pytest.param(flac_of_unknown_length(), id="FLAC"),
    ],
)
def test_streamed_files_are_whole(data):
    """A file whose writer could not know its length is read to its end."""
    recording, samples = decode(data)
    assert recording.frames == len(samples) == len(NOISE)


@pytest.mark.parametrize(
    "options", [{"format": "WAV", "subtype": "FLOAT"}, {"format": "FLAC", "subtype": "PCM_24"}]
)
def test_long_file_is_read_in_blocks(options):
    """More than one block of frames arrives complete and in order."""
    ramp = np.arange(BLOCK_SAMPLES + 5, dtype=np.float32)[:, None] / 2**21
    with open_recording(read_source(write(ramp, **options))) as recording:
        blocks = list(recording.blocks)
    assert len(blocks) == 2
    np.testing.assert_array_equal(np.concatenate(blocks), ramp)


@pytest.mark.parametrize("options", [{}, {"subtype": "OPUS"}, {"format": "MP3"}], ids=str)
def test_blocks_of_lossy_files_join_seamlessly(options, monkeypatch):
    """A decoder keeps its state from block to block: the samples are those of one block."""
    data = write(np.tile(NOISE, (20, 1)), **{"format": "OGG", **options})
    _, whole = decode(data)
    monkeypatch.setattr("ser.audio.files.BLOCK_SAMPLES", 10_000)
    _, joined = decode(data)
    assert np.array_equal(joined, whole)


@pytest.mark.parametrize("format_name", ["WAV", "FLAC", "W64", "AIFF"])
def test_large_file_is_read_from_the_disk(format_name, tmp_path, monkeypatch):
    """A file too large to hold gives the samples that its bytes give."""
    path = tmp_path / "large"
    path.write_bytes(write(format=format_name))
    _, expected = decode(path)
    monkeypatch.setattr("ser.audio.source.IN_MEMORY_BYTES", 1000)
    _, samples = decode(path)
    assert np.array_equal(samples, expected)


@pytest.mark.parametrize(
    ("name", "is_wrong"),
    [("a.wav", False), ("a.WAV", False), ("a.dat", False), ("a.mp3", True), ("a.m4a", True)],
)
def test_extension_of_another_format_is_noted(name, is_wrong, tmp_path):
    """A suffix that names another format is wrong; one that names none is not."""
    (tmp_path / name).write_bytes(write(format="WAV"))
    recording, _ = decode(tmp_path / name)
    assert recording.flags == ({"wrong_extension"} if is_wrong else set())


def test_only_what_a_header_promises_is_kept():
    """FLAC and WAV files that go on behind what they promise are cut there, and say so."""
    flac = bytearray(write(format="FLAC"))
    flac[18:26] = (int.from_bytes(flac[18:26], "big") - 1000).to_bytes(8, "big")
    for data in (bytes(flac), wav_of_unknown_length(28000)):
        recording, samples = decode(data)
        assert (len(samples), recording.flags) == (7000, {"header_short"})


def test_downmix_is_the_mean():
    """Channels are averaged, and one channel is not copied."""
    np.testing.assert_allclose(downmix(NOISE), NOISE.mean(axis=1), atol=1e-7)
    assert np.shares_memory(downmix(NOISE[:, :1]), NOISE)


@pytest.mark.parametrize("channels", [2, 3, 8])
def test_downmix_of_counts(channels):
    """Counts have the mean of their values; 1e-7 is one rounding of float32."""
    counts = np.random.default_rng(0).integers(-32768, 32768, (99, channels)).astype(np.int16)
    expected = from_pcm16(counts).astype(np.float64).mean(axis=1)
    np.testing.assert_allclose(downmix(counts), expected, atol=1e-7)


WAV, FLAC = write(format="WAV"), write(format="FLAC")
BAD = {
    "empty": [
        b"",
        write(NOISE[:0], format="WAV"),
        write(NOISE[:0], format="WAV") + b"LIST" + struct.pack("<I", 500) + bytes(500),
        write(NOISE[:0], format="FLAC"),
    ],
    "not_audio": [
        b"hello, this is a text file\n" * 50,
        bytes(1000),
        np.random.default_rng(1).bytes(5000),
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        b"ID3\x03" + bytes(20),
        FLAC[:30],
    ],
    "unsupported_format": [
        write(format="NIST"),
        write(format="AU"),
        write(NOISE, 1000, format="WAV"),
    ],
    "truncated": [
        WAV[:-1],
        WAV[: len(WAV) // 2],
        WAV[:30],
        FLAC[: len(FLAC) // 2],
        FLAC[:60].ljust(5000, b"x"),
        FLAC[:-100],
        FLAC[:9000] + b"x" * 20 + FLAC[9020:],
        write(format="FLAC", subtype="PCM_24")[:-100],
        write(format="AIFF")[:-50],
        write(format="W64")[:-50],
        write(format="RF64")[:-50],
        write(format="OGG")[:-50],
        write(np.tile(NOISE, (5, 1)), format="MP3")[:6000],
    ],
    "not_finite": [
        write(np.array([[0.0], [np.nan]] * 900), format="WAV", subtype="FLOAT"),
        write(np.array([[0.0], [-np.inf]] * 900), format="WAV", subtype="DOUBLE"),
    ],
}


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        pytest.param(reason, data, id=f"{reason} {number}")
        for reason, cases in BAD.items()
        for number, data in enumerate(cases)
    ],
)
def test_bad_input_has_its_reason(reason, data):
    """Every kind of bad file is refused with its own code."""
    with pytest.raises(AudioError) as caught:
        decode(data)
    assert caught.value.reason == reason
    assert caught.value.detail
