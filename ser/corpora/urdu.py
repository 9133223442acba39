"""URDU: spontaneous Urdu speech from talk shows in four emotions."""

import re
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.tree import collect, unexpected_name
from ser.labels import Taxonomy

EMOTIONS = {"A": "anger", "H": "happiness", "N": "neutral", "S": "sadness"}
FOLDERS = {"Angry": "A", "Happy": "H", "Neutral": "N", "Sad": "S"}
GENDERS = {"F": "female", "M": "male"}

INFO = CorpusInfo(
    name="urdu",
    version="4b546d4e",
    title="URDU dataset of emotional talk-show speech",
    languages=("ur",),
    licence="none stated; only for research purposes",
    taxonomy=Taxonomy("urdu-4", tuple(EMOTIONS.values())),
    url="https://github.com/siddiquelatif/URDU-Dataset",
    citation=(
        "Latif, S., Qayyum, A., Usman, M. and Qadir, J. (2018). Cross Lingual Speech Emotion "
        "Recognition: Urdu vs. Western Languages. arXiv:1812.10411."
    ),
    layout=(
        "  Angry/SM1_F10_A010.wav (or .flac)\n  Happy/SF1_F1_H01.wav\n"
        "  Neutral/SM1_F1_N01.wav\n  Sad/SM1_F1_S01.wav"
    ),
)

EXPECTED_NAME = "`S<M|F><speaker>_F<number>_<A|H|N|S><number>`, e.g. `SM1_F10_A010`"
_NAME = re.compile(r"(S([MF])\d+)_F\d+_([AHNS])\d+")


def parse_name(path: PurePosixPath) -> Utterance | Unrecognised:
    """Read a file name of the URDU corpus.

    Args:
        path: File relative to the corpus root.

    Returns:
        The utterance, or a report when the name does not fit or contradicts its emotion folder.

    Example:
        >>> found = parse_name(PurePosixPath("Sad/SF21_F2_S092.flac"))
        >>> found.speaker, found.gender, found.intended
        ('SF21', 'female', 'sadness')
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return unexpected_name(path, EXPECTED_NAME)
    speaker, gender, emotion = match.groups()
    if FOLDERS.get(path.parent.name, emotion) != emotion:
        letter = FOLDERS[path.parent.name]
        return unexpected_name(path, f"emotion letter {letter} in `{path.parent.name}`")
    return Utterance(
        native_id=path.stem,
        path=str(path),
        speaker=speaker,
        gender=GENDERS[gender],
        language="ur",
        intended=EMOTIONS[emotion],
    )


class Urdu:
    """The URDU corpus: 400 clips of 29 speakers (by their names; its README says 38).

    The speech is not acted: `intended` is the emotion its owners filed the clip under.

    Reference:
        Latif, Qayyum, Usman and Qadir (2018). arXiv:1812.10411.
    """

    info = INFO

    def scan(self, root: Path) -> Scan:
        """List the utterances under `root`; 400 when complete.

        Args:
            root: Folder holding `Angry`, `Happy`, `Neutral` and `Sad`.

        Returns:
            Utterances and reports.

        Raises:
            CorpusError: If no file of the corpus is there.
        """
        return collect(root, INFO, parse_name)

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the Corpus protocol
        """Return None: the owners publish one label a clip and no annotators' votes."""
        return None
