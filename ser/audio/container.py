"""What a file's own headers promise, and where in the file the audio lies.

libsndfile reads a cut-off file without complaint and returns fewer frames, so the promise has
to be read from the container itself.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from ser.audio.source import Buffer

# Writers to a pipe cannot know the length and leave 0, 0x7fff.... or 0xffffffff there.
STREAMED_SIZE = 0x7FFF0000
STREAMED_SIZE_64 = 1 << 62
OGG_PAGE_HEADER = 27
OGG_LAST_PAGE = 0x04
ID3_HEADER = 10
ID3_HAS_FOOTER = 0x10
LARGEST_HEADER = 1 << 10
SURPLUS_SHOWN = 1 << 16
MOST_CHUNKS = 1000  # a stretch of zeros reads as an empty chunk every 8 bytes
# Microsoft's and Sonic Foundry's identifiers of W64 chunks share all but the first four letters.
W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"


@dataclass(frozen=True)
class Layout:
    """Where the audio file lies in the bytes, and whether they keep its promise.

    Args:
        start: First byte to decode.
        stop: Byte after the last one to decode.
        head: Shown to the decoder before ``start``: a header in place of the file's own.
        shortfall: What was promised and what is there, or None when nothing is missing.
        surplus: Bytes behind the promised audio that belong to no chunk.
        has_tags: Whether ID3 tags stand before a format that has none.
    """

    start: int
    stop: int
    head: bytes = b""
    shortfall: str | None = None
    surplus: int = 0
    has_tags: bool = False


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class _Grammar:
    """How a family of containers writes its chunks.

    Args:
        audio: Name of the chunk that holds the audio.
        name: Bytes of a name.
        size: Format of a size.
        first: Where the first chunk starts.
        whole: Where the size of the whole file stands.
        align: Chunks start at multiples of it.
        counts_header: Whether a chunk's size counts its name and size too.
    """

    audio: bytes
    name: int
    size: struct.Struct
    first: int = 12
    whole: int = 4
    align: int = 2
    counts_header: bool = False

    @property
    def header(self) -> int:
        return self.name + self.size.size


_RIFF = _Grammar(b"data", 4, struct.Struct("<I"))
_RIFX = replace(_RIFF, size=struct.Struct(">I"))
_AIFF = _Grammar(b"SSND", 4, struct.Struct(">I"))
_W64 = _Grammar(b"data", 16, struct.Struct("<Q"), 40, 16, 8, counts_header=True)


def examine(data: Buffer) -> Layout:
    """Read what a file promises.

    Args:
        data: A whole file. Formats other than WAV, RF64, W64, AIFF and Ogg promise nothing here.

    Returns:
        The layout. Sizes left open by a writer to a pipe promise nothing; chunks after the
        audio may be cut.

    Example:
        >>> header = b"RIFF" + struct.pack("<I", 136) + b"WAVE"
        >>> header += b"data" + struct.pack("<I", 124)
        >>> examine(header + bytes(100)).shortfall
        '`data` promises 124 bytes, but 24 of them are missing'
        >>> examine(header[:-4] + bytes(4) + b"audio...").head[-4:].hex()
        '08000000'

    Reference:
        Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991;
        EBU Tech 3306 (RF64), 2009; S. Pfeiffer, RFC 3533 (Ogg), 2003; M. Nilsson, "ID3 tag
        version 2.4.0", 2000.
    """
    start = _skip_id3(data)
    magic = data[start : start + 4]
    grammar = _find_grammar(data, start)
    if magic == b"OggS":
        layout = Layout(start, len(data), shortfall=_find_ogg_shortfall(data))
    elif grammar is not None:
        layout = _examine_chunks(data, start, grammar)
    elif magic == b"fLaC":
        layout = Layout(start, len(data))
    else:
        # An MP3 owns its tags, and what is no audio is reported from its first byte.
        return Layout(0, len(data))
    return replace(layout, has_tags=start > 0)


def _skip_id3(data: Buffer) -> int:
    """Return where the file starts behind any number of ID3 tags."""
    start = 0
    while data[start : start + 3] == b"ID3" and len(data) >= start + ID3_HEADER:
        flags, *size = data[start + 5 : start + ID3_HEADER]
        if max(size) > 0x7F:
            break
        length = sum(byte << 7 * (3 - index) for index, byte in enumerate(size))
        start += ID3_HEADER * (2 if flags & ID3_HAS_FOOTER else 1) + length
    return start


def _find_grammar(data: Buffer, start: int) -> _Grammar | None:
    magic, form = data[start : start + 4], data[start + 8 : start + 12]
    if magic in (b"RIFF", b"RF64", b"BW64") and form == b"WAVE":
        return _RIFF
    if magic == b"RIFX" and form == b"WAVE":
        return _RIFX
    if magic == b"FORM" and form in (b"AIFF", b"AIFC"):
        return _AIFF
    return _W64 if data[start : start + 16] == W64_RIFF else None


def _examine_chunks(data: Buffer, start: int, grammar: _Grammar) -> Layout:
    chunks = list(islice(_walk(data, start, grammar), MOST_CHUNKS))
    position = next((i for i, chunk in enumerate(chunks) if chunk.name == grammar.audio), None)
    layout = Layout(start, len(data))
    if position is None:
        return replace(layout, shortfall=_find_cut_header(data, start, grammar))
    before, audio, behind = chunks[:position], chunks[position], chunks[position + 1 :]
    if audio.end > len(data):
        layout = replace(layout, shortfall=_say_missing(audio, len(data), grammar))
    elif audio.size == 0 and not _reaches_end(behind, len(data)):
        audio = replace(audio, size=len(data) - audio.start)
    else:
        layout = _find_surplus(data, layout, behind, grammar)
    if data[start : start + 4] == b"RIFF":
        layout = _rebuild_header(data, layout, before, audio)
    return layout


def _find_surplus(data: Buffer, layout: Layout, behind: list[_Chunk], grammar: _Grammar) -> Layout:
    """Note bytes behind the audio that are no chunk, unless they only fill the last block."""
    odd = next((chunk for chunk in behind if not _is_name(chunk.name)), None)
    if odd is None:
        return layout
    first = odd.start - grammar.header
    if not data[first : first + SURPLUS_SHOWN].strip(b"\0"):
        return layout
    # libsndfile would take what follows in a W64 file for audio.
    return replace(layout, stop=first, surplus=len(data) - first)


def _rebuild_header(data: Buffer, layout: Layout, before: list[_Chunk], audio: _Chunk) -> Layout:
    """Write a header of the format and the audio's size alone.

    libsndfile refuses some chunks that are no business of ours, and takes the size 0, which a
    writer to a pipe leaves, literally.
    """
    needed = [chunk for chunk in before if chunk.name in (b"fmt ", b"fact")]
    is_plain = len(needed) == len(before) and audio.size == _read(data, audio.start - 4, _RIFF)
    if is_plain or sum(chunk.size for chunk in needed) > LARGEST_HEADER:
        return layout
    kept = b"".join(data[c.start - 8 : c.start + c.size + c.size % 2] for c in needed)
    size = min(audio.size, STREAMED_SIZE)
    head = b"RIFF" + struct.pack("<I", 12 + len(kept) + size) + b"WAVE" + kept
    return replace(layout, start=audio.start, head=head + b"data" + struct.pack("<I", size))


def _walk(data: Buffer, start: int, grammar: _Grammar) -> Iterator[_Chunk]:
    position, sizes = start + grammar.first, {}
    while position + grammar.header <= len(data):
        name = data[position : position + 4]
        size = _read(data, position + grammar.name, grammar)
        inside = position + grammar.header
        if name == b"ds64" and len(data) >= inside + 16:
            sizes[grammar.audio] = int.from_bytes(data[inside + 8 : inside + 16], "little")
        # RF64 leaves 2^32 − 1 where the size does not fit, and says it in `ds64`.
        if size == 0xFFFFFFFF:
            size = sizes.get(name, size)
        if grammar.counts_header:
            size = max(0, size - grammar.header)
        yield _Chunk(name, inside, size)
        end = inside + size - start
        position = start + end + -end % grammar.align


def _read(data: Buffer, position: int, grammar: _Grammar) -> int:
    return int(grammar.size.unpack(data[position : position + grammar.size.size])[0])


def _is_name(name: bytes) -> bool:
    return all(0x20 <= letter < 0x7F for letter in name)


def _is_left_open(size: int, grammar: _Grammar) -> bool:
    largest = STREAMED_SIZE if grammar.size.size == 4 else STREAMED_SIZE_64
    return size == 0 or size >= largest


def _reaches_end(chunks: list[_Chunk], size: int) -> bool:
    return bool(chunks) and chunks[-1].end in (size, size - 1)


def _say_missing(chunk: _Chunk, size: int, grammar: _Grammar) -> str | None:
    missing = chunk.end - size
    if _is_left_open(chunk.size, grammar) or missing <= 0:
        return None
    name = chunk.name.decode("ascii", "replace")
    return f"`{name}` promises {chunk.size} bytes, but {missing} of them are missing"


def _find_cut_header(data: Buffer, start: int, grammar: _Grammar) -> str | None:
    """Compare the file with its whole size: without audio nothing else can tell a cut."""
    position = start + grammar.whole
    if len(data) < position + grammar.size.size:
        return None
    size = _read(data, position, grammar)
    inside = position + grammar.size.size
    if grammar.counts_header:
        size -= grammar.header
    return _say_missing(_Chunk(data[start : start + 4], inside, size), len(data), grammar)


def _find_ogg_shortfall(data: Buffer) -> str | None:
    page = data.rfind(b"OggS")
    header = data[page : page + OGG_PAGE_HEADER]
    if len(header) < OGG_PAGE_HEADER:
        return "the file ends inside an Ogg page"
    first = page + OGG_PAGE_HEADER
    segments = data[first : first + header[-1]]
    if len(segments) < header[-1] or first + len(segments) + sum(segments) > len(data):
        return "the file ends inside an Ogg page"
    if not header[5] & OGG_LAST_PAGE:
        return "the last Ogg page is not marked as the end of the stream"
    return None
