"""Any folder of recordings: no labels, no speakers, only sound to be listened to."""

from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Utterance
from ser.corpora.tree import list_audio, require_folder, taken_native_id, wrong_folder
from ser.labels import Taxonomy
from ser.paths import escape_path

LAYOUT = "  any folders with .wav, .flac, .ogg, .mp3 or other audio files"


@dataclass(frozen=True)
class FolderCorpus:
    """A corpus of every audio file under a folder, whatever its name.

    Args:
        name: Name of the corpus, the first part of every clip id.
        classes: Classes its clips may be voted into.

    Example:
        >>> FolderCorpus("calls", ("anger", "neutral")).info.taxonomy.name
        'calls-2'
    """

    name: str = "folder"
    classes: tuple[str, ...] = ()

    @property
    def info(self) -> CorpusInfo:
        """Return the description."""
        return CorpusInfo(
            name=self.name,
            version="1",
            title=self.name,
            languages=(),
            licence="not stated",
            taxonomy=Taxonomy(f"{self.name}-{len(self.classes)}", self.classes),
            url="",
            citation="",
            layout=LAYOUT,
        )

    def scan(self, root: Path) -> Scan:
        """List the audio files under `root`; the native id is the path with its suffix.

        Args:
            root: The folder.

        Returns:
            One utterance per file, with nothing known but its path. A name that spells out the
            escapes of another one's bytes is reported as `duplicate_native_id`.

        Raises:
            CorpusError: If `root` is no folder, holds no audio file or cannot be listed.
        """
        require_folder(root, self.info)
        # Two files may differ in their suffix alone, so it is part of the id.
        found = sorted(map(_utterance, list_audio(root)), key=attrgetter("native_id"))
        if not found:
            raise wrong_folder(root, self.info)
        taken = [pair for pair in pairwise(found) if pair[0].native_id == pair[1].native_id]
        copies = {id(second) for _, second in taken}
        return Scan(
            folder=root,
            utterances=tuple(one for one in found if id(one) not in copies),
            unrecognised=tuple(taken_native_id(second, first) for first, second in taken),
        )

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the protocol's signature
        """Return None: a bare folder says nothing about its recordings."""
        return None


def _utterance(path: str) -> Utterance:
    native_id = escape_path(path)
    # One string for both, where they are equal.
    return Utterance(native_id=native_id, path=native_id if native_id == path else path)
