"""EmoDB: ten actors speak ten German sentences in seven emotions."""

import re
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.tree import collect, unexpected_name
from ser.labels import Taxonomy

# The letters stand for the German words: Wut, Langeweile, Ekel, Angst, Freude, Trauer.
EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "N": "neutral",
    "T": "sadness",
}
SPEAKERS = {
    "03": ("male", 31.0),
    "08": ("female", 34.0),
    "09": ("female", 21.0),
    "10": ("male", 32.0),
    "11": ("male", 26.0),
    "12": ("male", 30.0),
    "13": ("female", 32.0),
    "14": ("female", 35.0),
    "15": ("male", 25.0),
    "16": ("female", 31.0),
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": ("An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht."),
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}

INFO = CorpusInfo(
    name="emodb",
    version="2005",
    title="Berlin Database of Emotional Speech",
    languages=("de",),
    licence="no formal licence on its page; research use with citation",
    taxonomy=Taxonomy("emodb-7", tuple(EMOTIONS.values())),
    url="http://emodb.bilderbar.info/docu/",
    citation=(
        "Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W. and Weiss, B. (2005). A database "
        "of German emotional speech. Interspeech, 1517-1520. doi:10.21437/Interspeech.2005-446."
    ),
    layout="  wav/03a01Fa.wav (or .flac), …",
)

EXPECTED_NAME = (
    "`<speaker><text><W|L|E|A|F|T|N><version>`, e.g. `03a01Fa`, with a speaker "
    f"({', '.join(SPEAKERS)}) and a text ({', '.join(SENTENCES)}) of the corpus"
)
_NAME = re.compile(rf"({'|'.join(SPEAKERS)})({'|'.join(SENTENCES)})([{''.join(EMOTIONS)}])[a-z]?")


def parse_name(path: PurePosixPath) -> Utterance | Unrecognised:
    """Read an EmoDB file name.

    Args:
        path: File relative to the corpus root.

    Returns:
        The utterance, or a report when the name does not fit.

    Example:
        >>> found = parse_name(PurePosixPath("wav/16b10Lb.wav"))
        >>> found.speaker, found.gender, found.sentence, found.intended
        ('16', 'female', 'b10', 'boredom')
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return unexpected_name(path, EXPECTED_NAME)
    speaker, sentence, emotion = match.groups()
    gender, age = SPEAKERS[speaker]
    return Utterance(
        native_id=path.stem,
        path=str(path),
        speaker=speaker,
        gender=gender,
        age=age,
        language="de",
        sentence=sentence,
        transcript=SENTENCES[sentence],
        intended=EMOTIONS[emotion],
    )


class EmoDb:
    """The Berlin Database of Emotional Speech.

    Reference:
        Burkhardt, Paeschke, Rolfes, Sendlmeier and Weiss (2005). A database of German emotional
        speech. Interspeech. doi:10.21437/Interspeech.2005-446.
    """

    info = INFO

    def scan(self, root: Path) -> Scan:
        """List the utterances under `root`; 535 in the published selection.

        Args:
            root: Folder holding `wav`, or the audio itself.

        Returns:
            Utterances and reports.

        Raises:
            CorpusError: If no EmoDB file is there.
        """
        return collect(root, INFO, parse_name)

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the Corpus protocol
        """Return None: the listening test cannot be turned into votes without inventing some.

        `erkennung.txt` says per clip how many listeners recognised the intended emotion, as a
        percentage. What the others answered is not published, so only the agreeing votes would
        be known and every clip would look unanimous. The number of listeners is not certain
        either: its notes say 20, yet 64 of the 816 percentages only fit 21.
        """
        return None
