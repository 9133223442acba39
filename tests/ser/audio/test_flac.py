"""dr_flac gives libsndfile's samples and finds the damage libsndfile finds."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.audio.flac import StreamInfo, open_flac, read_stream_info

NOISE = 0.1 * np.random.default_rng(0).standard_normal((9000, 2))


def write(samples=NOISE, **options):
    """Return samples as the bytes of a FLAC file."""
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, format="FLAC", **options)
    return file.getvalue()


def decode(data, block_frames=1 << 20):
    """Return all samples."""
    info = read_stream_info(data)
    blocks = open_flac(data, info, block_frames)
    return None if blocks is None else np.concatenate(list(blocks))


FLAC = write()
# Where the first frame begins, by its sync code; comments of the writer lie before it.
SOUND = FLAC.index(b"\xff\xf8")


@pytest.mark.parametrize(("subtype", "bits"), [("PCM_S8", 8), ("PCM_16", 16), ("PCM_24", 24)])
def test_header_is_read(subtype, bits):
    """The header says what libsndfile says."""
    assert read_stream_info(write(subtype=subtype)) == StreamInfo(16000, 2, bits, 9000)


@pytest.mark.parametrize("data", [b"", b"fLaC", FLAC[:41], b"RIFF" + FLAC, b"fLaC\x04" + FLAC[5:]])
def test_no_header_is_none(data):
    """Scraps, other formats and a file that starts with another block have no header."""
    assert read_stream_info(data) is None


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_samples_equal_those_of_libsndfile(subtype, channels):
    """Every sample is the same, bit for bit, in blocks or at once."""
    data = write(np.tile(NOISE[:, :1], channels), subtype=subtype)
    dtype = "int16" if subtype == "PCM_16" else "float32"
    expected, _ = soundfile.read(io.BytesIO(data), dtype=dtype, always_2d=True)
    assert np.array_equal(decode(data), expected)
    assert np.array_equal(decode(data, block_frames=1000), expected)


def test_what_is_no_flac_is_none():
    """A header followed by nothing that dr_flac knows opens nothing."""
    assert decode(b"fLaC" + bytes(100)) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(SOUND, len(FLAC) - 1), st.integers(1, 255)), max_size=3))
def test_damage_is_found_as_libsndfile_finds_it(changes):
    """Whatever bytes are wrong, fewer frames come out where libsndfile stops, else the same."""
    data = bytearray(FLAC)
    for position, change in changes:
        data[position] ^= change
    try:
        expected, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    except soundfile.LibsndfileError:
        expected = []
    found = decode(bytes(data))
    assert (len(found) == 9000) == (len(expected) == 9000)
    assert len(found) != 9000 or np.array_equal(found, expected)


def test_damaged_comments_leave_the_sound():
    """A wrong number of comments, for which libsndfile refuses the file, changes no sample."""
    data = bytearray(FLAC)
    data[SOUND - 2] ^= 2
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(io.BytesIO(data))
    assert np.array_equal(decode(bytes(data)), decode(FLAC))
