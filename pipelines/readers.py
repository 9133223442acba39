"""Find the reader of a corpus: a published one by name, or one of your own."""

import re
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import PipelineError
from ser.corpora import CORPORA, Corpus, find_corpus
from ser.corpora.folder import FolderCorpus
from ser.corpora.manifest import ManifestCorpus

MANIFEST = "manifest"
FOLDER = "folder"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def find_reader(
    corpus: str, root: Path, name: str | None = None, classes: Sequence[str] = ()
) -> Corpus:
    """Return what reads a corpus.

    Args:
        corpus: A name that `serloop corpora` lists.
        root: Folder or manifest file of the corpus.
        name: Name of your own corpus, for `manifest` and `folder`; default: the name of its folder.
        classes: Classes of your own corpus, in order; default: those its labels name, sorted.

    Returns:
        The reader.

    Raises:
        CorpusError: If no corpus has that name, or the manifest cannot be read.
        PipelineError: If the name of your own corpus cannot be part of a clip id, or is taken.
    """
    if corpus not in {MANIFEST, FOLDER}:
        return find_corpus(corpus)
    folder = root.resolve()
    own = name or (folder.parent if folder.is_file() else folder).name.lower()
    if not _NAME.fullmatch(own) or own in CORPORA:
        raise PipelineError(
            f"`name` of a corpus of your own must be lower-case letters, digits, `.`, `_` or `-` "
            f"and none of {', '.join(sorted(CORPORA))}, got '{own}'; give one with --name"
        )
    if corpus == FOLDER:
        return FolderCorpus(own, tuple(classes))
    return ManifestCorpus(name=own, classes=tuple(classes) or None).with_classes_from(root)
