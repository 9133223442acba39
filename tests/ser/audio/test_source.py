"""Bytes are read and hashed once, and anything that is no file is refused without waiting."""

import hashlib
import os
import socket

import pytest

from ser.audio.source import read_source
from ser.errors import AudioError

DATA = bytes(range(256)) * 10


def test_bytes_and_files_give_the_same(tmp_path):
    """Bytes need no file; a file gives its bytes and their hash."""
    path = tmp_path / "a.wav"
    path.write_bytes(DATA)
    given, read = read_source(DATA), read_source(path)
    assert given.data == read.data == DATA
    assert given.sha256 == read.sha256 == hashlib.sha256(DATA).hexdigest()
    assert (read.size, read.path, given.path) == (2560, path, None)


@pytest.fixture(params=["memory", "disk"])
def source(request, tmp_path, monkeypatch):
    """Return a source held in memory and one that is not."""
    (tmp_path / "a.wav").write_bytes(DATA)
    if request.param == "disk":
        monkeypatch.setattr("ser.audio.source.IN_MEMORY_BYTES", 100)
    found = read_source(tmp_path / "a.wav")
    assert (found.data is None) == (request.param == "disk")
    assert found.sha256 == hashlib.sha256(DATA).hexdigest()
    return found


def test_buffer_shows_any_bytes(source):
    """Slices, lengths and searches work on both kinds."""
    with source.buffer() as buffer:
        assert (buffer[5:8], len(buffer), buffer.rfind(b"\x05")) == (b"\x05\x06\x07", 2560, 2309)


@pytest.mark.parametrize("head", [b"", b"head"])
@pytest.mark.parametrize(("start", "stop"), [(0, 2560), (300, 2000)])
def test_stream_is_a_file_of_its_own(source, head, start, stop):
    """A stretch behind a head reads, in pieces and after seeks, as those bytes."""
    expected = head + DATA[start:stop]
    with source.stream(head, start, stop) as stream:
        assert stream.read() == expected
        assert stream.read(1) == b""
        assert stream.seek(2) == stream.tell() == 2
        assert stream.read(7) == expected[2:9]
        assert stream.seek(-3, os.SEEK_END) == len(expected) - 3
        assert stream.read() == expected[-3:]
        assert (stream.seekable(), stream.readable()) == (True, True)


def test_seek_before_the_start_is_the_start(source):
    """A decoder asks for it, and no exception could reach it."""
    with source.stream(b"", 0, 100) as stream:
        assert stream.seek(-5) == 0


def test_folder_is_unreadable(tmp_path):
    """A folder in place of a file is named as such."""
    with pytest.raises(AudioError, match=f"unreadable: `{tmp_path}` is a folder, not a file"):
        read_source(tmp_path)


def test_named_pipe_is_not_waited_for(tmp_path):
    """A pipe that nobody writes to is refused at once."""
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(AudioError, match=r"a\.wav` is a named pipe"):
        read_source(tmp_path / "a.wav")


def test_socket_and_device_are_unreadable(tmp_path, monkeypatch):
    """Neither has a content."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("a.wav")
        with pytest.raises(AudioError, match="unreadable"):
            read_source(tmp_path / "a.wav")
    device = tmp_path / "zero.wav"
    device.symlink_to("/dev/zero")
    with pytest.raises(AudioError, match="is a device"):
        read_source(device)


def test_missing_file_of_any_name_is_unreadable(tmp_path):
    """The path is named even where its bytes are no text."""
    with pytest.raises(AudioError, match=r"caf\\xe9\.wav` cannot be read: No such file"):
        read_source(tmp_path / os.fsdecode(b"caf\xe9.wav"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_forbidden_file_is_unreadable(tmp_path):
    """Missing permission is reported."""
    (tmp_path / "a.wav").touch(mode=0)
    with pytest.raises(AudioError, match="Permission denied"):
        read_source(tmp_path / "a.wav")
