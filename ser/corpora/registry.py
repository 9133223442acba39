"""The corpora this package can read, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from ser.corpora.crema_d import CremaD
from ser.corpora.emodb import EmoDb
from ser.corpora.folder import FolderCorpus
from ser.corpora.iemocap import Iemocap
from ser.corpora.manifest import ManifestCorpus
from ser.corpora.ravdess import Ravdess
from ser.corpora.records import Corpus
from ser.corpora.synthetic import Synthetic
from ser.corpora.urdu import Urdu
from ser.errors import CorpusError

_READERS: tuple[Corpus, ...] = (
    Ravdess(),
    CremaD(),
    EmoDb(),
    Iemocap(),
    Urdu(),
    ManifestCorpus(),
    FolderCorpus(),
    Synthetic(),
)
CORPORA: Mapping[str, Corpus] = MappingProxyType({corpus.info.name: corpus for corpus in _READERS})


def find_corpus(name: str) -> Corpus:
    """Return the reader of a corpus.

    Args:
        name: Short name, a key of `CORPORA`.

    Returns:
        Its reader.

    Raises:
        CorpusError: If no corpus has that name; the message lists the names.

    Example:
        >>> find_corpus("urdu").info.taxonomy.classes
        ('anger', 'happiness', 'neutral', 'sadness')
    """
    if name not in CORPORA:
        raise CorpusError(f"`corpus` must be one of {', '.join(CORPORA)}, got '{name}'")
    return CORPORA[name]
