"""IEMOCAP: ten actors in five two-person sessions, judged utterance by utterance.

The corpus is restricted: it is released to people who sign its agreement.
"""

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ser.corpora.iemocap_evaluation import EVALUATION_GLOB, read_evaluations
from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.tree import collect, unexpected_name
from ser.corpora.votes import vote_table
from ser.labels import Taxonomy

CLASSES = (
    "anger",
    "disgust",
    "excitement",
    "fear",
    "frustration",
    "happiness",
    "neutral",
    "other",
    "sadness",
    "surprise",
)
GENDERS = {"F": "female", "M": "male"}
TRANSCRIPT_GLOB = "Session[1-5]/dialog/transcriptions/Ses*.txt"

INFO = CorpusInfo(
    name="iemocap",
    version="full release",
    title="Interactive Emotional Dyadic Motion Capture database",
    languages=("en",),
    licence="restricted: academic use under the owners' signed agreement",
    taxonomy=Taxonomy("iemocap-10", CLASSES),
    url="https://sail.usc.edu/iemocap/",
    citation=(
        "Busso, C., Bulut, M., Lee, C.-C., Kazemzadeh, A., Mower, E., Kim, S., Chang, J. N., "
        "Lee, S. and Narayanan, S. S. (2008). IEMOCAP: interactive emotional dyadic motion "
        "capture database. Language Resources and Evaluation 42(4): 335-359."
    ),
    layout=(
        "  IEMOCAP_full_release/\n"
        "    Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav\n"
        "    Session1/dialog/EmoEvaluation/Ses01F_impro01.txt\n"
        "    Session1/dialog/transcriptions/Ses01F_impro01.txt\n"
        "    … Session5/"
    ),
)

EXPECTED_NAME = (
    "`SessionN/sentences/wav/<dialog>/<dialog>_<F|M><number>`, e.g. `Ses01F_impro01_F000`"
)
_NAME = re.compile(r"(Ses0([1-5])[FM]_(?:impro|script)\w+)_([FM])(?:\d{3}|XX\d)")
_TRANSCRIPT = re.compile(r"(Ses\w+) \[[\d.]+-[\d.]+\]:\s*(.*)")


def parse_name(path: PurePosixPath) -> Utterance | Unrecognised | None:
    """Read the path of an IEMOCAP utterance.

    The letter after the session names the actor who wears the markers; the one before the
    number names who speaks.

    Args:
        path: File relative to the corpus root.

    Returns:
        The utterance without its transcript; None for the recording of a whole dialog, which is
        left out on purpose; a report when the name does not fit or contradicts its folders.

    Example:
        >>> folder = PurePosixPath("Session2/sentences/wav/Ses02F_script01_1")
        >>> found = parse_name(folder / "Ses02F_script01_1_M003.wav")
        >>> found.speaker, found.session, found.gender
        ('Ses02M', 'Session2', 'male')
    """
    if path.parts[-3:-1] == ("dialog", "wav"):
        return None
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return unexpected_name(path, EXPECTED_NAME)
    dialog, session, gender = match.groups()
    parents = path.parts[-5:-1]
    if parents != (f"Session{session}", "sentences", "wav", dialog):
        return unexpected_name(path, f"the folder `Session{session}/sentences/wav/{dialog}`")
    return Utterance(
        native_id=path.stem,
        path=str(path),
        speaker=f"Ses0{session}{gender}",
        session=f"Session{session}",
        gender=GENDERS[gender],
        language="en",
    )


class Iemocap:
    """IEMOCAP with the categories and ratings of every evaluator.

    `intended` is None: the improvised scenes ask for no single emotion, and the published
    majority is derived from the votes, so it is neither a design nor a vote.

    Reference:
        Busso et al. (2008). Language Resources and Evaluation 42(4): 335-359.
    """

    info = INFO

    def scan(self, root: Path) -> Scan:
        """List the utterances under `root`; 10,039 when complete.

        Args:
            root: `IEMOCAP_full_release`, or the folder above it.

        Returns:
            Utterances and reports; transcripts are None where their file is missing.

        Raises:
            CorpusError: If no IEMOCAP utterance is there.
        """
        scan = collect(root, INFO, parse_name)
        transcripts = read_transcripts(release_folder(root))
        utterances = tuple(
            replace(found, transcript=transcripts.get(found.native_id)) for found in scan.utterances
        )
        return replace(scan, utterances=utterances)

    def read_votes(self, root: Path) -> pa.Table | None:
        """Read the judgements of every evaluator; the audio need not be there.

        The evaluators watched the video, so every vote is audiovisual. A category line and a
        ratings line stay separate rows. An evaluator could tick several categories, all equally
        meant: each becomes a row of its own (`…/C-E2/0`, `…/C-E2/1`), because keeping the first
        would choose by the order of a form. Actors judging their own session have ids such as
        `iemocap/Ses01F-self`: they know what was meant, so they are not like other listeners.

        Args:
            root: `IEMOCAP_full_release`, or the folder above it.

        Returns:
            A table of `VOTE_SCHEMA`, sorted by dialog; arousal, valence and dominance are on the
            corpus's scale of 1 to 5. None when there is no evaluation file.

        Raises:
            CorpusError: If a line of an evaluation file cannot be read.
        """
        folder = release_folder(root)
        files = _visible(folder, EVALUATION_GLOB)
        if not files:
            return None
        votes = [vote for path in files for vote in read_evaluations(path)]
        return vote_table(
            {
                "native_id": [vote.native_id for vote in votes],
                "modality": ["audiovisual"] * len(votes),
                "annotator": [f"iemocap/{vote.evaluator}" for vote in votes],
                "label": [vote.label for vote in votes],
                "arousal": [vote.arousal for vote in votes],
                "valence": [vote.valence for vote in votes],
                "dominance": [vote.dominance for vote in votes],
                "source_ref": [vote.source_ref for vote in votes],
            }
        )


def release_folder(root: Path) -> Path:
    """Return the folder that holds `Session1` … `Session5`.

    Args:
        root: That folder, or the one above it.

    Returns:
        `root/IEMOCAP_full_release` when it exists, else `root`.
    """
    inner = root / "IEMOCAP_full_release"
    return inner if inner.is_dir() else root


def read_transcripts(release: Path) -> dict[str, str]:
    """Read what was said.

    Args:
        release: Folder that holds the sessions.

    Returns:
        Native id to words. Lines that are no utterance (notes, overlap marks) are left out.
    """
    found: dict[str, str] = {}
    for path in _visible(release, TRANSCRIPT_GLOB):
        for line in path.read_text(encoding="latin-1").split("\n"):
            match = _TRANSCRIPT.fullmatch(line.strip())
            if match is not None:
                found[match[1]] = match[2]
    return found


def _visible(release: Path, pattern: str) -> list[Path]:
    """List files without the `._x.txt` doubles that macOS put into the archive."""
    return sorted(path for path in release.glob(pattern) if not path.name.startswith("."))
