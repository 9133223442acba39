"""A container that promises more audio than it holds is found out."""

import io
import struct

import numpy as np
import pytest
import soundfile

from ser.audio.container import examine


def write(format_name, **options):
    """Return half a second of noise as a file."""
    noise = 0.1 * np.random.default_rng(0).standard_normal((8000, 2))
    file = io.BytesIO()
    soundfile.write(file, noise, 16000, format=format_name, **options)
    return file.getvalue()


def find_shortfall(data):
    """Return what is missing of a file."""
    return examine(data).shortfall


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
        "W64": {},
        "RF64": {},
    }.items()
} | {"RIFX": write("WAV", endian="BIG"), "float": write("WAV", subtype="FLOAT")}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_file_is_complete(name):
    """A file as its writer left it promises nothing it does not hold."""
    assert find_shortfall(WHOLE[name]) is None


@pytest.mark.parametrize("cut", [1, 1000, 20_000])
@pytest.mark.parametrize("name", ["WAV", "AIFF", "WAVEX", "RIFX", "W64", "RF64", "float"])
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


def test_cut_inside_a_w64_header_is_found():
    """A W64 file cut before its audio is short by the size of the whole file."""
    assert "`riff` promises" in (find_shortfall(WHOLE["W64"][:100]) or "")


@pytest.mark.parametrize("name", ["WAV", "W64", "AIFF"])
def test_bytes_behind_the_audio_are_counted(name):
    """What follows the chunks and is no chunk is left to no decoder."""
    layout = examine(WHOLE[name] + b"\xff" * 999)
    assert (layout.stop, layout.surplus) == (len(WHOLE[name]), 999)


@pytest.mark.parametrize("behind", [bytes(999), b"LIST" + struct.pack("<I", 4) + b"INFO"])
def test_padding_and_chunks_behind_the_audio_are_no_surplus(behind):
    """Zeros that fill the last block of a disk, and chunks, say nothing about the audio."""
    assert examine(WHOLE["WAV"] + behind).surplus == 0


@pytest.mark.parametrize("name", ["WAV", "FLAC", "OGG", "AIFF", "W64", "RF64"])
def test_tags_before_the_audio_are_skipped(name):
    """The file begins behind any number of ID3 tags, the last with a footer."""
    tags = b"ID3\x03\0\0\0\0\1\2" + bytes(130) + b"ID3\x04\0\x10\0\0\0\5" + bytes(15)
    layout = examine(tags + WHOLE[name])
    assert (layout.start, layout.has_tags, layout.shortfall) == (len(tags), True, None)


def test_tags_of_an_mp3_are_its_own():
    """An MP3 decoder reads tags itself."""
    data = b"ID3\x03\0\0\0\0\0\5" + bytes(5) + write("MP3")
    assert (examine(data).start, examine(data).has_tags) == (0, False)


def test_odd_chunks_are_left_out_of_the_header():
    """Where other chunks stand before the audio, the decoder sees format and size alone."""
    plain = WHOLE["WAV"]
    odd = plain[:12] + b"junk" + bytes(4) + plain[12:]
    layout = examine(odd)
    assert layout.head + odd[layout.start : layout.stop] == plain
    assert examine(plain).head == b""


def test_many_empty_chunks_do_not_take_long():
    """A stretch of zeros, which reads as millions of empty chunks, is soon given up."""
    assert examine(b"RIFF" + bytes(4) + b"WAVE" + bytes(1 << 24)).shortfall is None


def _end_of_audio(data):
    start = data.index(b"data")
    return start + 8 + struct.unpack_from("<I", data, start + 4)[0]
