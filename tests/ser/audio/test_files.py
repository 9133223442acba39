"""Files of every supported format decode to their samples, and bad ones say what is wrong."""

import io
import struct

import numpy as np
import pytest
import soundfile

from ser.audio.files import decode, downmix, read_source
from ser.errors import AudioError

NOISE = (0.1 * np.random.default_rng(0).standard_normal((8000, 2))).astype(np.float32)


def write(samples=NOISE, rate=16000, **options):
    """Return samples as the bytes of a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **options)
    return file.getvalue()


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
    ],
    ids=str,
)
def test_lossless_formats(options, tolerance):
    """Lossless formats give the samples back within one step."""
    recording = decode(write(**options))
    assert (recording.sample_rate, recording.format) == (16000, options["format"])
    np.testing.assert_allclose(recording.samples, NOISE, atol=tolerance, rtol=0)


@pytest.mark.parametrize("options", [{"format": "OGG"}, {"format": "MP3"}], ids=str)
def test_lossy_formats_keep_length_and_sound(options):
    """A lossy stereo file at 44.1 kHz comes back as long, and nearly the same."""
    tone = 0.3 * np.sin(np.arange(44100) * 0.05)[:, None] * [1.0, 0.5]
    recording = decode(write(tone, 44100, **options))
    assert recording.samples.shape == (44100, 2)
    middle = slice(5000, 40000)
    np.testing.assert_allclose(recording.samples[middle], tone[middle], atol=0.02)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(wav_of_unknown_length(0), id="WAV 0"),
        pytest.param(wav_of_unknown_length(0x7FFFF000), id="WAV 2 GB"),
        pytest.param(wav_of_unknown_length(0xFFFFFFFF), id="WAV 4 GB"),
    ],
)
def test_streamed_files_are_whole(data):
    """A file whose writer could not know its length is read to its end."""
    assert len(decode(data).samples) == len(NOISE)


def test_long_file_is_read_in_blocks():
    """More than one block of frames arrives complete and in order."""
    ramp = np.arange(2**20 + 5, dtype=np.float32)[:, None] / 2**21
    recording = decode(write(ramp, format="WAV", subtype="FLOAT"))
    np.testing.assert_array_equal(recording.samples, ramp)


def test_downmix_is_the_mean():
    """Channels are averaged, and one channel is not copied."""
    np.testing.assert_allclose(downmix(NOISE), NOISE.mean(axis=1), atol=1e-7)
    assert np.shares_memory(downmix(NOISE[:, :1]), NOISE)


def test_bytes_are_taken_as_they_are(tmp_path):
    """Bytes need no file; a file gives its bytes."""
    (tmp_path / "a.wav").write_bytes(b"content")
    assert read_source(b"content") == read_source(tmp_path / "a.wav") == b"content"


def test_unreadable_path_says_so(tmp_path):
    """A folder in place of a file is unreadable, and the path is named."""
    with pytest.raises(AudioError, match=f"unreadable: `{tmp_path}` cannot be read: Is a"):
        read_source(tmp_path)


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
        write(format="W64"),
        write(format="AU"),
        write(NOISE, 1000, format="WAV"),
        flac_of_unknown_length(),
    ],
    "truncated": [
        WAV[:-1],
        WAV[: len(WAV) // 2],
        WAV[:30],
        FLAC[: len(FLAC) // 2],
        FLAC[:-100],
        write(format="AIFF")[:-50],
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
