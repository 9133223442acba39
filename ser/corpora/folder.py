"""Any folder of recordings: no labels, no speakers, only sound to be listened to."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
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
        utterances: dict[str, Utterance] = {}
        unrecognised: list[Unrecognised] = []
        for path in list_audio(root):
            # Two files may differ in their suffix alone, so it is part of the id.
            found = Utterance(native_id=escape_path(path), path=path)
            if found.native_id in utterances:
                unrecognised.append(taken_native_id(found, utterances[found.native_id]))
            else:
                utterances[found.native_id] = found
        if not utterances:
            raise wrong_folder(root, self.info)
        return Scan(
            folder=root,
            utterances=tuple(utterances[key] for key in sorted(utterances)),
            unrecognised=tuple(unrecognised),
        )

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the protocol's signature
        """Return None: a bare folder says nothing about its recordings."""
        return None
