"""RAVDESS: 24 actors speak two sentences in eight emotions (speech, audio only)."""

import re
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.tree import collect, unexpected_name
from ser.labels import Taxonomy

AUDIO_ONLY = "03"
SPEECH = "01"
STRONG = "02"
INTENSITIES = {"01": "normal", STRONG: "strong"}
NEUTRAL = "01"
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
SENTENCES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
ACTORS = 24

INFO = CorpusInfo(
    name="ravdess",
    version="1.0.0",
    title="The Ryerson Audio-Visual Database of Emotional Speech and Song",
    languages=("en",),
    licence="CC BY-NC-SA 4.0",
    taxonomy=Taxonomy("ravdess-8", tuple(EMOTIONS.values())),
    url="https://zenodo.org/records/1188976",
    citation=(
        "Livingstone, S. R. and Russo, F. A. (2018). The Ryerson Audio-Visual Database of "
        "Emotional Speech and Song (RAVDESS). PLoS ONE 13(5): e0196391."
    ),
    layout=(
        "  Actor_01/03-01-01-01-01-01-01.wav (or .flac), … Actor_24/\n"
        "  (the folder of `Audio_Speech_Actors_01-24.zip`, or one above it)"
    ),
)

EXPECTED_NAME = (
    "`03-01-EE-II-SS-RR-AA` (emotion 01–08, intensity 01–02 and never strong neutral, "
    "statement 01–02, repetition 01–02, actor 01–24)"
)
_NAME = re.compile(r"(0[1-3])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(\d\d)")
_ACTOR_FOLDER = re.compile(r"Actor_(\d\d)")


def parse_name(path: PurePosixPath) -> Utterance | Unrecognised | None:
    """Read a RAVDESS file name.

    Args:
        path: File relative to the corpus root.

    Returns:
        The utterance; None for a song or a file with video, which are left out on purpose; a
        report when the name does not fit or contradicts its `Actor_XX` folder.

    Example:
        >>> found = parse_name(PurePosixPath("Actor_12/03-01-06-01-02-01-12.wav"))
        >>> found.speaker, found.gender, found.intended, found.intensity, found.transcript
        ('actor-12', 'female', 'fear', 'normal', 'Dogs are sitting by the door')
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return unexpected_name(path, EXPECTED_NAME)
    modality, channel, emotion, intensity, statement, _, actor = match.groups()
    if (emotion, intensity) == (NEUTRAL, STRONG) or not 1 <= int(actor) <= ACTORS:
        return unexpected_name(path, EXPECTED_NAME)
    folder = _ACTOR_FOLDER.fullmatch(path.parent.name)
    if folder is not None and folder[1] != actor:
        return unexpected_name(path, f"a file of actor {folder[1]} in `{path.parent.name}`")
    if (modality, channel) != (AUDIO_ONLY, SPEECH):
        return None
    return Utterance(
        native_id=path.stem,
        path=str(path),
        speaker=f"actor-{actor}",
        gender="male" if int(actor) % 2 else "female",
        language="en",
        sentence=statement,
        transcript=SENTENCES[statement],
        intended=EMOTIONS[emotion],
        intensity=INTENSITIES[intensity],
    )


class Ravdess:
    """The speech part of RAVDESS; songs and files with video are left out on purpose.

    Reference:
        Livingstone and Russo (2018). PLoS ONE 13(5): e0196391.
    """

    info = INFO

    def scan(self, root: Path) -> Scan:
        """List the utterances under `root`; 1,440 when complete.

        Args:
            root: Folder holding `Actor_XX` folders, at any depth.

        Returns:
            Utterances and reports.

        Raises:
            CorpusError: If no RAVDESS speech file is there.
        """
        return collect(root, INFO, parse_name)

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the Corpus protocol
        """Return None: the listeners' answers are not part of the release.

        The paper's 319 raters are published as rates per stimulus only.
        """
        return None
