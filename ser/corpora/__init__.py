"""Published speech-emotion corpora: how to find their utterances and their votes."""

from ser.corpora.records import (
    VOTE_COLUMNS,
    VOTE_SCHEMA,
    Corpus,
    CorpusInfo,
    Scan,
    Unrecognised,
    Utterance,
)
from ser.corpora.registry import CORPORA, find_corpus

__all__ = [
    "CORPORA",
    "VOTE_COLUMNS",
    "VOTE_SCHEMA",
    "Corpus",
    "CorpusInfo",
    "Scan",
    "Unrecognised",
    "Utterance",
    "find_corpus",
]
