"""Whether a file holds all the audio its own headers promise.

libsndfile reads a cut-off WAV, AIFF or Ogg file without complaint and returns fewer frames, so
the promise has to be read from the container itself.
"""

import struct
from collections.abc import Iterator

# Writers to a pipe cannot know the length and leave 0, 0x7fff.... or 0xffffffff there.
STREAMED_SIZE = 0x7FFF0000
CHUNKS_START = 12
CHUNK_HEADER = 8
OGG_PAGE_HEADER = 27
OGG_LAST_PAGE = 0x04


def find_shortfall(data: bytes) -> str | None:
    """Say how much of the promised audio is missing, or return None when nothing is.

    Args:
        data: A whole file. Formats other than WAV, AIFF and Ogg promise nothing here.

    Returns:
        What was promised and what is there, or None. Sizes left open by a writer to a pipe
        promise nothing; chunks after the audio may be cut.

    Example:
        >>> header = b"RIFF" + struct.pack("<I", 136) + b"WAVE"
        >>> header += b"data" + struct.pack("<I", 124)
        >>> find_shortfall(header + bytes(100))
        '`data` promises 124 bytes, but 24 of them are missing'

    Reference:
        Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0",
        1991; S. Pfeiffer, RFC 3533 (Ogg), 2003.
    """
    kind, form = data[:4], data[8:12]
    if kind in (b"RIFF", b"RIFX") and form == b"WAVE":
        return _find_chunk_shortfall(data, b"data", "<" if kind == b"RIFF" else ">")
    if kind == b"FORM" and form in (b"AIFF", b"AIFC"):
        return _find_chunk_shortfall(data, b"SSND", ">")
    if kind == b"OggS":
        return _find_ogg_shortfall(data)
    return None


def fill_streamed_size(data: bytes) -> bytes:
    """Return a WAV file with its audio size filled in where a writer to a pipe left 0.

    libsndfile takes the 0 literally and finds no audio. Where chunks follow, 0 is the truth.

    Args:
        data: A whole file of any format; all but such WAV files come back as they are.

    Example:
        >>> header = b"RIFF" + bytes(4) + b"WAVE" + b"data"
        >>> fill_streamed_size(header + bytes(4) + b"audio...")[16:20].hex()
        '08000000'
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    chunks = list(_walk_chunks(data, "<"))
    position = next((i for i, chunk in enumerate(chunks) if chunk[0] == b"data"), None)
    if position is None or chunks[position][2] != 0:
        return data
    start, (_, last, size) = chunks[position][1], chunks[-1]
    if last + size in (len(data), len(data) - 1):
        return data
    return data[: start - 4] + struct.pack("<I", len(data) - start) + data[start:]


def _find_chunk_shortfall(data: bytes, wanted: bytes, order: str) -> str | None:
    sizes = {name: (start, size) for name, start, size in _walk_chunks(data, order)}
    # Without an audio chunk, only the size of the whole file can tell whether it was cut.
    name = wanted if wanted in sizes else data[:4]
    start, size = sizes.get(wanted, (CHUNK_HEADER, _read_size(data, 4, order)))
    missing = start + size - len(data)
    if size == 0 or size >= STREAMED_SIZE or missing <= 0:
        return None
    return f"`{name.decode()}` promises {size} bytes, but {missing} of them are missing"


def _walk_chunks(data: bytes, order: str) -> Iterator[tuple[bytes, int, int]]:
    position = CHUNKS_START
    while position + CHUNK_HEADER <= len(data):
        size = _read_size(data, position + 4, order)
        start = position + CHUNK_HEADER
        yield data[position : position + 4], start, size
        position = start + size + size % 2


def _read_size(data: bytes, position: int, order: str) -> int:
    return int(struct.unpack_from(f"{order}I", data, position)[0])


def _find_ogg_shortfall(data: bytes) -> str | None:
    page = data.rfind(b"OggS")
    header = data[page : page + OGG_PAGE_HEADER]
    segments = data[page + OGG_PAGE_HEADER :][: header[-1]] if len(header) > 26 else b""
    end = page + OGG_PAGE_HEADER + len(segments) + sum(segments)
    if len(header) < OGG_PAGE_HEADER or len(segments) < header[-1] or end > len(data):
        return "the file ends inside an Ogg page"
    if not header[5] & OGG_LAST_PAGE:
        return "the last Ogg page is not marked as the end of the stream"
    return None
