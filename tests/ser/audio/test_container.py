"""A container that promises more audio than it holds is found out."""

import io
import struct

import numpy as np
import pytest
import soundfile

from ser.audio.container import find_shortfall


def write(format_name, **options):
    """Return half a second of noise as a file."""
    noise = 0.1 * np.random.default_rng(0).standard_normal((8000, 2))
    file = io.BytesIO()
    soundfile.write(file, noise, 16000, format=format_name, **options)
    return file.getvalue()


def with_data_size(size):
    """Return a WAV file whose header says ``size`` bytes of audio."""
    data = write("WAV")
    start = data.index(b"data") + 4
    return data[:start] + struct.pack("<I", size) + data[start + 4 :]


WHOLE = {
    name: write(name, **options)
    for name, options in {
        "WAV": {},
        "AIFF": {},
        "OGG": {},
        "FLAC": {},
        "WAVEX": {"subtype": "PCM_24"},
    }.items()
} | {"RIFX": write("WAV", endian="BIG"), "float": write("WAV", subtype="FLOAT")}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_file_is_complete(name):
    """A file as its writer left it promises nothing it does not hold."""
    assert find_shortfall(WHOLE[name]) is None


@pytest.mark.parametrize("cut", [1, 1000, 20_000])
@pytest.mark.parametrize("name", ["WAV", "AIFF", "WAVEX", "RIFX", "float"])
def test_missing_bytes_are_counted(name, cut):
    """A cut WAV or AIFF file is short by exactly the bytes cut off its audio."""
    behind = 0 if name != "float" else len(WHOLE[name]) - _end_of_audio(WHOLE[name])
    cut_off = WHOLE[name][: len(WHOLE[name]) - behind - cut]
    assert f" {cut} of them are missing" in (find_shortfall(cut_off) or "")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_cut_ogg_is_found(keep):
    """An Ogg file cut anywhere lacks its last page."""
    data = WHOLE["OGG"]
    assert "Ogg page" in (find_shortfall(data[: int(len(data) * keep)]) or "")


def test_cut_inside_the_header_is_found():
    """A WAV file cut before its audio is short by the size of the whole file."""
    assert "`RIFF` promises" in (find_shortfall(WHOLE["WAV"][:30]) or "")


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF], ids=hex)
def test_streamed_sizes_promise_nothing(size):
    """Sizes that writers to a pipe leave behind are no promise."""
    assert find_shortfall(with_data_size(size)) is None


def test_cut_behind_the_audio_is_harmless():
    """Chunks after the audio may be cut: the audio is whole."""
    assert find_shortfall(WHOLE["WAV"] + b"LIST" + struct.pack("<I", 500) + b"INFO") is None


@pytest.mark.parametrize("data", [b"", b"RI", b"RIFF", b"OggS", b"RIFF\0\0\0\0WAVE", bytes(50)])
def test_scraps_do_not_crash(data):
    """A few bytes of anything are judged without an exception."""
    assert find_shortfall(data) in (None, "the file ends inside an Ogg page")


def _end_of_audio(data):
    start = data.index(b"data")
    return start + 8 + struct.unpack_from("<I", data, start + 4)[0]
