"""CREMA-D: 91 actors speak twelve sentences in six emotions, judged by 2,443 listeners."""

import csv
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.tree import collect, require_folder, unexpected_name
from ser.corpora.votes import vote_table
from ser.errors import CorpusError
from ser.labels import Taxonomy

EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
VOTE_COLUMN_LABELS = {
    "A": "anger",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
}
# First digit of a row id = queryType of the release: voice only, face only, both.
MODALITY_OF_DIGIT = {1: "audio", 2: "video", 3: "audiovisual"}
SENTENCES = {
    "DFA": "Don't forget a jacket.",
    "IEO": "It's eleven o'clock.",
    "IOM": "I'm on my way to the meeting.",
    "ITH": "I think I have a doctor's appointment.",
    "ITS": "I think I've seen this before.",
    "IWL": "I would like a new alarm clock.",
    "IWW": "I wonder what this is about.",
    "MTI": "Maybe tomorrow it will be cold.",
    "TAI": "The airplane is almost full.",
    "TIE": "That is exactly what happened.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
GENDERS = {"Female": "female", "Male": "male"}
VOTES_FILE = PurePosixPath("processedResults/tabulatedVotes.csv")
SPEAKERS_FILE = "VideoDemographics.csv"
DERIVED_FOLDERS = frozenset({"AudioMP3"})

INFO = CorpusInfo(
    name="crema-d",
    version="1658cd34",
    title="CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset",
    languages=("en",),
    licence="ODbL 1.0, contents DbCL 1.0",
    taxonomy=Taxonomy("crema-d-6", tuple(EMOTIONS.values())),
    url="https://github.com/CheyneyComputerScience/CREMA-D",
    citation=(
        "Cao, H., Cooper, D. G., Keutmann, M. K., Gur, R. C., Nenkova, A. and Verma, R. (2014). "
        "CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset. IEEE Transactions on "
        "Affective Computing 5(4): 377-390. doi:10.1109/TAFFC.2014.2336244."
    ),
    layout=(
        "  AudioWAV/1001_IEO_HAP_LO.wav (or .flac), …\n"
        f"  {SPEAKERS_FILE} (optional: gender and age of the actors)\n"
        f"  {VOTES_FILE} (optional: the votes)"
    ),
)

# `XX` is unspecified: most sentences were acted at no particular strength.
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high"}
EXPECTED_NAME = "`<actor>_<sentence>_<emotion>_<LO|MD|HI|XX>`, e.g. `1001_IEO_HAP_LO`"
_NAME_PATTERN = rf"(\d{{4}})_({'|'.join(SENTENCES)})_({'|'.join(EMOTIONS)})_(LO|MD|HI|XX)"
_NAME = re.compile(_NAME_PATTERN)


def intended_label(native_id: str) -> str:
    """Return the emotion the actor was asked for.

    Args:
        native_id: File name without suffix.

    Returns:
        A class of `crema-d-6`.

    Raises:
        CorpusError: If the id does not follow the corpus's scheme.

    Example:
        >>> intended_label("1001_IEO_HAP_LO")
        'happiness'
    """
    match = _NAME.fullmatch(native_id)
    if match is None:
        raise CorpusError(f"`native_id` must be {EXPECTED_NAME}, got '{native_id}'")
    return EMOTIONS[match[3]]


def parse_name(path: PurePosixPath) -> Utterance | Unrecognised | None:
    """Read a CREMA-D file name.

    Args:
        path: File relative to the corpus root.

    Returns:
        The utterance, its gender and age unknown; None for a copy under `AudioMP3`, which is left
        out on purpose; a report when the name does not fit.

    Example:
        >>> found = parse_name(PurePosixPath("AudioWAV/1091_IEO_FEA_HI.wav"))
        >>> found.speaker, found.sentence, found.intended, found.intensity
        ('1091', 'IEO', 'fear', 'high')
    """
    if path.parent.name in DERIVED_FOLDERS:
        return None
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return unexpected_name(path, EXPECTED_NAME)
    return Utterance(
        native_id=path.stem,
        path=str(path),
        speaker=match[1],
        language="en",
        sentence=match[2],
        transcript=SENTENCES[match[2]],
        intended=EMOTIONS[match[3]],
        intensity=INTENSITIES.get(match[4]),
    )


class CremaD:
    """CREMA-D with its anonymous vote counts for voice, face and both.

    Reference:
        Cao, Cooper, Keutmann, Gur, Nenkova and Verma (2014). IEEE Transactions on Affective
        Computing 5(4): 377-390. doi:10.1109/TAFFC.2014.2336244.
    """

    info = INFO

    def scan(self, root: Path) -> Scan:
        """List the utterances under `root`; 7,442 when complete.

        Args:
            root: Folder holding `AudioWAV` and, for gender and age, `VideoDemographics.csv`.

        Returns:
            Utterances and reports; gender and age are None without the demographics.

        Raises:
            CorpusError: If no CREMA-D audio is there, or the demographics cannot be read.
        """
        require_folder(root, INFO)
        speakers = read_speakers(root)

        def parse(path: PurePosixPath) -> Utterance | Unrecognised | None:
            found = parse_name(path)
            if not isinstance(found, Utterance) or found.speaker not in speakers:
                return found
            gender, age = speakers[found.speaker]
            return replace(found, gender=gender, age=age)

        try:
            return collect(root, INFO, parse)
        except CorpusError as error:
            if not (root / VOTES_FILE).is_file():
                raise
            note = f"`{VOTES_FILE}` is there: the votes can be read without the audio."
            raise CorpusError(f"{error}\n{note}") from error

    def read_votes(self, root: Path) -> pa.Table | None:
        """Read the vote counts; the audio need not be there.

        One row per stimulus and label that got a vote: the release counts listeners and does
        not name them, so `annotator` is null. 212,000 votes when complete.

        Args:
            root: Folder holding `processedResults/tabulatedVotes.csv`.

        Returns:
            A table of `VOTE_SCHEMA`, or None when the file is not there.

        Raises:
            CorpusError: If the file lacks a column, a clip name does not fit, a row id has no
                modality digit, or the counts do not add up to `numResponses`.
        """
        path = root / VOTES_FILE
        if not path.is_file():
            return None
        return _long_votes(_read_tabulated(path), path)


def read_speakers(root: Path) -> dict[str, tuple[str, float]]:
    """Read the gender and the age of each actor.

    Args:
        root: Folder that may hold `VideoDemographics.csv`.

    Returns:
        Actor id to `female` or `male`, and to years; empty when the file is not there.

    Raises:
        CorpusError: If the file lacks a column, or holds another gender or an age that is no
            number.
    """
    path = root / SPEAKERS_FILE
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    try:
        return {row["ActorID"]: (GENDERS[row["Sex"]], float(row["Age"])) for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(
            f"`{path}` must have columns ActorID, Age (years) and Sex (Female or Male), but has "
            f"another value or none: {error}"
        ) from error


def _read_tabulated(path: Path) -> pa.Table:
    counts = {column: pa.int32() for column in (*VOTE_COLUMN_LABELS, "numResponses")}
    types = {"": pa.int64(), **counts, "fileName": pa.string()}
    try:
        return arrow_csv.read_csv(
            path,
            convert_options=arrow_csv.ConvertOptions(
                column_types=types, include_columns=list(types)
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise CorpusError(
            f"`{path}` must have an unnamed id column, counts {', '.join(VOTE_COLUMN_LABELS)}, "
            f"`numResponses` and `fileName`: {error}"
        ) from error


def _long_votes(wide: pa.Table, path: Path) -> pa.Table:
    """Turn one row per stimulus into one row per stimulus and label."""
    counts = np.stack([wide[column].to_numpy() for column in VOTE_COLUMN_LABELS], axis=1)
    ids = wide[""].to_numpy()
    _check_tabulated(wide, counts, path)
    rows, columns = np.nonzero(counts)
    labels = pa.array(list(VOTE_COLUMN_LABELS.values())).take(pa.array(columns))
    row_ids = pa.array(ids[rows]).cast(pa.string())
    digits = pa.array(ids[rows] // 100_000 - 1)
    return vote_table(
        {
            "native_id": wide["fileName"].take(pa.array(rows)),
            "modality": pa.array(list(MODALITY_OF_DIGIT.values())).take(digits),
            "label": labels,
            "count": pa.array(counts[rows, columns]),
            "source_ref": pc.binary_join_element_wise(row_ids, labels, "/"),
        }
    )


def _check_tabulated(wide: pa.Table, counts: npt.NDArray[np.int32], path: Path) -> None:
    """Refuse rows that cannot be read as counts of one modality of one clip."""
    fits = pc.match_substring_regex(wide["fileName"], f"^(?:{_NAME_PATTERN})$")
    checks = {
        f"`fileName` to be {EXPECTED_NAME}": fits.to_numpy(zero_copy_only=False)
        if isinstance(fits, pa.Array)
        else fits.to_numpy(),
        "a row id of six digits starting with 1, 2 or 3": np.isin(
            wide[""].to_numpy() // 100_000, list(MODALITY_OF_DIGIT)
        ),
        "counts of at least 0": (counts >= 0).all(axis=1),
        "counts adding up to `numResponses`": counts.sum(axis=1) == wide["numResponses"].to_numpy(),
    }
    for expected, passed in checks.items():
        if not passed.all():
            row = wide.slice(int(np.argmin(passed)), 1).to_pylist()[0]
            raise CorpusError(f"`{path}`: expected {expected}, got row {row}")
