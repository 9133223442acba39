"""Any folder of recordings: no labels, no speakers, only sound to be listened to."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Utterance
from ser.corpora.tree import list_audio, require_folder, wrong_folder
from ser.labels import Taxonomy

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
            One utterance per file, with nothing known but its path.

        Raises:
            CorpusError: If `root` is no folder or holds no audio file.
        """
        require_folder(root, self.info)
        # Two files may differ in their suffix alone, so it is part of the id.
        utterances = tuple(_utterance(path) for path in list_audio(root))
        if not utterances:
            raise wrong_folder(root, self.info)
        return Scan(folder=root, utterances=utterances)

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the protocol's signature
        """Return None: a bare folder says nothing about its recordings."""
        return None


def _utterance(path: PurePosixPath) -> Utterance:
    return Utterance(native_id=path.as_posix(), path=path)
