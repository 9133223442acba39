"""Walk a corpus folder, so that every audio file in it is read, left out on purpose or reported."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.errors import CorpusError
from ser.paths import escape_path

LOSSLESS_SUFFIXES = frozenset({".wav", ".flac"})
AUDIO_SUFFIXES = LOSSLESS_SUFFIXES | {
    ".aif", ".aifc", ".aiff", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".sph", ".w64",
    ".wma",
}  # fmt: skip
ENTRIES_SHOWN = 5

NameParser = Callable[[PurePosixPath], Utterance | Unrecognised | None]


def collect(root: Path, info: CorpusInfo, parse: NameParser) -> Scan:
    """Parse the name of every audio file under `root`.

    Where two files carry one native id (a second copy of the corpus, another format), the first
    in path order is the utterance and the others are reported.

    Args:
        root: Folder of the corpus.
        info: The corpus, for messages.
        parse: Maps a path relative to `root` to its utterance, to a report, or to None when
            the corpus names it but it is left out on purpose.

    Returns:
        The utterances sorted by native id and the reports sorted by path.

    Raises:
        CorpusError: If `root` is no folder or holds no utterance of the corpus.
    """
    require_folder(root, info)
    utterances: dict[str, Utterance] = {}
    unrecognised: list[Unrecognised] = []
    out_of_scope = 0
    for path in list_audio(root):
        found = parse(PurePosixPath(path))
        if isinstance(found, Utterance):
            found = _first_lossless(found, utterances)
        if found is None:
            out_of_scope += 1
        elif isinstance(found, Unrecognised):
            unrecognised.append(found)
        else:
            utterances[found.native_id] = found
    if not utterances:
        raise wrong_folder(root, info, unrecognised=unrecognised, out_of_scope=out_of_scope)
    return Scan(
        folder=root,
        utterances=tuple(utterances[key] for key in sorted(utterances)),
        unrecognised=tuple(unrecognised),
        out_of_scope=out_of_scope,
    )


def list_audio(root: Path) -> list[str]:
    """List the audio files under `root`, hidden ones (`._x.wav` of macOS archives) left out.

    Links are followed wherever they lead: corpora are linked in from other disks, and data tools
    (DVC, git-annex, the Hugging Face cache) keep files as links. Who may put a link into a folder
    may put the file itself there. Links to nothing are listed, and decoding reports them.

    Args:
        root: An existing folder; links to folders inside it are followed once.

    Returns:
        Paths relative to `root`, sorted; names that are not UTF-8 as the system gives them.

    Raises:
        CorpusError: If a folder cannot be listed: its files would seem to have vanished.
    """
    return sorted(
        str(folder / name)
        for folder, names in _walk(root)
        for name in names
        if not name.startswith(".") and PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES
    )


def unexpected_name(path: PurePosixPath, expected: str) -> Unrecognised:
    """Report a file whose name does not fit.

    Args:
        path: The file relative to the root.
        expected: What its name should have been.

    Returns:
        A report with the reason `unrecognised_name`.
    """
    detail = f"expected {expected}, got '{escape_path(path.name)}'"
    return Unrecognised(escape_path(path), "unrecognised_name", detail)


def taken_native_id(found: Utterance, taken: Utterance) -> Unrecognised:
    """Report a file whose native id another one has.

    Args:
        found: The file.
        taken: Who has its native id.

    Returns:
        A report with the reason `duplicate_native_id`.
    """
    detail = f"native id '{found.native_id}' is already taken by `{escape_path(taken.path)}`"
    return Unrecognised(escape_path(found.path), "duplicate_native_id", detail)


def require_folder(root: Path, info: CorpusInfo) -> None:
    """Refuse a root that is not a folder.

    Args:
        root: What the user gave.
        info: The corpus, for the message.

    Raises:
        CorpusError: If `root` is missing or a file.
    """
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing"
        raise CorpusError(
            f"`root` of corpus `{info.name}` must be a folder, found {found} at `{root}`. "
            f"Expected layout:\n{info.layout}\nGet it from {info.url}"
        )


def wrong_folder(
    root: Path,
    info: CorpusInfo,
    *,
    unrecognised: list[Unrecognised] | None = None,
    out_of_scope: int = 0,
) -> CorpusError:
    """Build the error for a folder without one utterance of the corpus.

    Args:
        root: An existing folder.
        info: The corpus that was expected.
        unrecognised: Audio files whose names did not fit.
        out_of_scope: Number of files left out on purpose.

    Returns:
        An error saying what was expected and what was found.
    """
    reports = unrecognised or []
    lines = [
        f"`{root}` holds no utterance of corpus `{info.name}`. Expected layout:",
        info.layout,
        f"Found: {_first_entries(root)}",
    ]
    if reports:
        names = ", ".join(f"'{report.path}'" for report in reports[:ENTRIES_SHOWN])
        lines.append(f"{len(reports)} audio files with other names, such as {names}")
    if out_of_scope:
        lines.append(f"{out_of_scope} audio files left out on purpose (see the corpus module)")
    lines.append(f"Get it from {info.url}")
    return CorpusError("\n".join(lines))


def _first_lossless(found: Utterance, utterances: dict[str, Utterance]) -> Utterance | Unrecognised:
    """Return `found`, or a report when it is lossy or its native id is taken."""
    path = PurePosixPath(found.path)
    if path.suffix.lower() not in LOSSLESS_SUFFIXES:
        return unexpected_name(path, "a `.wav` or `.flac` file")
    taken = utterances.get(found.native_id)
    if taken is None:
        return found
    return taken_native_id(found, taken)


def _walk(root: Path) -> Iterator[tuple[PurePosixPath, list[str]]]:
    """Yield each folder, relative to the root, once with its file names, however links point."""
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True, onerror=_refuse_folder):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        # The folder met first owns a linked one, so the order must not depend on the disk.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield PurePosixPath(Path(folder).relative_to(root).as_posix()), names


def _refuse_folder(error: OSError) -> None:
    raise CorpusError(
        f"the folder `{escape_path(error.filename)}` cannot be listed: {error.strerror}; make it "
        "readable, or move it out of the corpus"
    ) from error


def _first_entries(root: Path) -> str:
    names = sorted(
        escape_path(entry.name) + ("/" if entry.is_dir() else "")
        for entry in root.iterdir()
        if not entry.name.startswith(".")
    )
    if not names:
        return "an empty folder"
    more = f" and {len(names) - ENTRIES_SHOWN} more" if len(names) > ENTRIES_SHOWN else ""
    return ", ".join(names[:ENTRIES_SHOWN]) + more
