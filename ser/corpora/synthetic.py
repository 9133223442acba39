"""A corpus made of numbers: speech-like clips for tests, demonstrations and load measurements.

It shows that the platform works, and nothing about people: its emotions are the rules below.
"""

import json
import re
import wave
from collections.abc import Callable, Iterator
from dataclasses import astuple
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ser.corpora.records import CorpusInfo, Scan, Unrecognised, Utterance
from ser.corpora.synthetic_speech import SAMPLE_RATE, SENTENCES, Manner, Voice, synthesise
from ser.corpora.tree import collect, require_folder, unexpected_name
from ser.errors import ConfigurationError, CorpusError
from ser.labels import Taxonomy

# Directions after Scherer (2003) and Burkhardt and Sendlmeier (2000); sizes are ours.
EMOTIONS = {
    "anger": Manner(
        pitch_st=3.0,
        pitch_range=0.35,
        final_st=-2.0,
        level_db=6.0,
        rate=0.12,
        tilt_db=-3.0,
        jitter=0.006,
        breathiness=-0.1,
        open_quotient=-0.15,
    ),
    "disgust": Manner(
        pitch_st=-1.5,
        pitch_range=0.1,
        final_st=-2.5,
        level_db=0.5,
        rate=-0.18,
        tilt_db=-1.0,
        jitter=0.02,
        open_quotient=-0.08,
        formants=-0.03,
    ),
    "fear": Manner(
        pitch_st=5.0,
        pitch_range=-0.25,
        final_st=1.5,
        level_db=-1.0,
        rate=0.22,
        tilt_db=0.5,
        jitter=0.022,
        breathiness=0.25,
        open_quotient=0.05,
    ),
    "happiness": Manner(
        pitch_st=4.0,
        pitch_range=0.5,
        final_st=2.5,
        level_db=3.5,
        rate=0.06,
        tilt_db=-1.5,
        open_quotient=-0.04,
        formants=0.04,
    ),
    "neutral": Manner(),
    "sadness": Manner(
        pitch_st=-1.0,
        pitch_range=-0.5,
        final_st=-1.5,
        level_db=-5.0,
        rate=-0.2,
        tilt_db=2.5,
        jitter=0.006,
        breathiness=0.3,
        open_quotient=0.12,
    ),
}
# What two takes of one sentence in one emotion differ by (standard deviations).
TAKE_SPREAD = Manner(
    pitch_st=1.2,
    pitch_range=0.2,
    final_st=1.2,
    level_db=2.0,
    rate=0.07,
    tilt_db=0.9,
    jitter=0.004,
    breathiness=0.06,
    open_quotient=0.04,
    formants=0.015,
)
PARAMETERS_FILE = "synthetic.json"
UNFINISHED_FILE = "synthetic.unfinished.json"
GENERATOR_VERSION = 1
VOICE_STREAM, CLIP_STREAM = 0, 1
NO_LANGUAGE = "zxx"  # BCP 47 for 'no linguistic content'

INFO = CorpusInfo(
    name="synthetic",
    version=str(GENERATOR_VERSION),
    title="Synthetic speech-like corpus of serloop",
    languages=(NO_LANGUAGE,),
    licence="CC0-1.0",
    taxonomy=Taxonomy("synthetic-6", tuple(EMOTIONS)),
    url="made here by `write_synthetic_corpus`",
    citation="none",
    layout=(
        "  SYNF02/SYNF02_anger_s01_t1.wav, …\n"
        f"  {PARAMETERS_FILE} (written last, by `write_synthetic_corpus`)"
    ),
)

EXPECTED_NAME = "`SYN<F|M><number>_<emotion>_s<sentence>_t<take>`, e.g. `SYNF02_anger_s01_t1`"
_NAME = re.compile(rf"(SYN([FM])\d+)_({'|'.join(EMOTIONS)})_(s\d+)_t\d+")

Progress = Callable[[int, int], None]


def write_synthetic_corpus(
    root: Path,
    *,
    speakers: int = 24,
    sentences: int = 6,
    repetitions: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> int:
    """Write the corpus, or complete one that was interrupted; a finished one is kept.

    A clip is a function of the seed and of its own speaker, emotion, sentence and take, so equal
    parameters give equal bytes, and a larger corpus contains a smaller one of the same seed.

    Args:
        root: New or empty folder, or one written before with the same parameters.
        speakers: 1 to 99; odd ones are male.
        sentences: 1 to 10.
        repetitions: Takes of each sentence in each emotion, 1 to 99.
        seed: At least 0.
        progress: Called with (clips done, clips in all) after each clip.

    Returns:
        The number of clips of the corpus: speakers × 6 emotions × sentences × repetitions.

    Raises:
        ConfigurationError: If a parameter is out of range.
        CorpusError: If `root` holds a corpus with other parameters, or other audio.
    """
    parameters = _check_parameters(
        speakers=speakers, sentences=sentences, repetitions=repetitions, seed=seed
    )
    _claim(root, parameters)
    plan = list(_plan(speakers, sentences, repetitions))
    voices = [_voice(seed, speaker) for speaker in range(1, speakers + 1)]
    for done, (speaker, emotion, sentence, take) in enumerate(plan, start=1):
        path = root / _clip_path(speaker, emotion, sentence, take)
        # A file under its final name is complete, because it was renamed to it.
        if not path.is_file():
            generator = _stream(seed, CLIP_STREAM, speaker, _EMOTION_KEYS[emotion], sentence, take)
            samples = synthesise(
                voices[speaker - 1],
                _manner(emotion, voices[speaker - 1], generator),
                SENTENCES[sentence - 1],
                generator,
            )
            _write_whole(path, _wav_bytes(samples))
        if progress is not None:
            progress(done, len(plan))
    if (root / UNFINISHED_FILE).is_file():
        (root / UNFINISHED_FILE).replace(root / PARAMETERS_FILE)
    return len(plan)


def parse_name(path: PurePosixPath) -> Utterance | Unrecognised:
    """Read the file name of a synthetic clip.

    Args:
        path: File relative to the corpus root.

    Returns:
        The utterance, or a report when the name does not fit.

    Example:
        >>> found = parse_name(PurePosixPath("SYNF02/SYNF02_fear_s03_t1.wav"))
        >>> found.speaker, found.gender, found.intended, found.sentence
        ('SYNF02', 'female', 'fear', 's03')
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return unexpected_name(path, EXPECTED_NAME)
    return Utterance(
        native_id=path.stem,
        path=str(path),
        speaker=match[1],
        gender={"F": "female", "M": "male"}[match[2]],
        language=NO_LANGUAGE,
        sentence=match[4],
        intended=match[3],
    )


class Synthetic:
    """The corpus `write_synthetic_corpus` writes."""

    info = INFO

    def scan(self, root: Path) -> Scan:
        """List the clips under `root`.

        Args:
            root: Folder written by `write_synthetic_corpus`.

        Returns:
            Utterances and reports.

        Raises:
            CorpusError: If the writing was interrupted, or no clip is there.
        """
        require_folder(root, INFO)
        if (root / UNFINISHED_FILE).is_file():
            raise CorpusError(
                f"writing `{root}` was interrupted; run `write_synthetic_corpus` again with the "
                f"parameters in `{UNFINISHED_FILE}` to complete it"
            )
        return collect(root, INFO, parse_name)

    def read_votes(self, root: Path) -> pa.Table | None:  # noqa: ARG002 - the Corpus protocol
        """Return None: nobody listened to it."""
        return None


_EMOTION_KEYS = {emotion: key for key, emotion in enumerate(EMOTIONS)}


def _check_parameters(**given: int) -> dict[str, int]:
    """Return what fixes the bytes, or refuse what is out of range."""
    most = {"speakers": 99, "sentences": len(SENTENCES), "repetitions": 99, "seed": 2**63 - 1}
    for name, value in given.items():
        least = 0 if name == "seed" else 1
        if not least <= value <= most[name]:
            raise ConfigurationError(f"`{name}` must be {least} to {most[name]}, got {value}")
    return {"generator_version": GENERATOR_VERSION, **given}


def _claim(root: Path, parameters: dict[str, int]) -> None:
    """Mark the folder as being written with these parameters, unless it was before."""
    root.mkdir(parents=True, exist_ok=True)
    for name in (PARAMETERS_FILE, UNFINISHED_FILE):
        path = root / name
        if path.is_file():
            try:
                written = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise CorpusError(f"`{path}` is damaged, remove the folder: {error}") from error
            if written == parameters:
                return
            raise CorpusError(
                f"`{root}` holds a synthetic corpus with parameters {written}, asked for "
                f"{parameters}; give another folder or remove this one"
            )
    entries = sorted(entry.name for entry in root.iterdir() if not entry.name.startswith("."))
    if entries:
        raise CorpusError(f"`{root}` must be a new or empty folder, found '{entries[0]}'")
    _write_whole(root / UNFINISHED_FILE, json.dumps(parameters, indent=1).encode())


def _plan(speakers: int, sentences: int, repetitions: int) -> Iterator[tuple[int, str, int, int]]:
    """Yield speaker, emotion, sentence and take, all counted from 1."""
    for speaker in range(1, speakers + 1):
        for emotion in EMOTIONS:
            for sentence in range(1, sentences + 1):
                for take in range(1, repetitions + 1):
                    yield speaker, emotion, sentence, take


def _clip_path(speaker: int, emotion: str, sentence: int, take: int) -> PurePosixPath:
    name = f"SYN{'M' if speaker % 2 else 'F'}{speaker:02d}"
    return PurePosixPath(name, f"{name}_{emotion}_s{sentence:02d}_t{take}.wav")


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _voice(seed: int, speaker: int) -> Voice:
    """Draw a speaker."""
    generator = _stream(seed, VOICE_STREAM, speaker)
    male = speaker % 2 == 1
    return Voice(
        pitch_hz=(115.0 if male else 205.0) * float(np.exp(generator.normal(0.0, 0.12))),
        formant_scale=(1.0 if male else 1.17) * float(np.exp(generator.normal(0.0, 0.04))),
        rate=float(np.exp(generator.normal(0.0, 0.08))),
        breathiness=float(generator.uniform(0.02, 0.25)),
        tilt_db=float(generator.normal(0.0 if male else 0.8, 1.0)),
        level_db=float(generator.normal(0.0, 2.0)),
        noise_dbfs=float(generator.uniform(-72.0, -62.0)),
        expressiveness=float(generator.uniform(0.8, 1.2)),
    )


def _manner(emotion: str, voice: Voice, generator: np.random.Generator) -> Manner:
    """Draw one take: the emotion, weaker or stronger, plus what takes differ by."""
    strength = voice.expressiveness * generator.uniform(0.75, 1.4)
    centre = np.array(astuple(EMOTIONS[emotion]))
    spread = np.array(astuple(TAKE_SPREAD))
    drawn = strength * centre + spread * generator.standard_normal(len(spread))
    return Manner(*map(float, drawn))


def _wav_bytes(samples: npt.NDArray[np.int16]) -> bytes:
    """Return a mono 16-bit WAV file."""
    stream = BytesIO()
    with wave.open(stream, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(SAMPLE_RATE)
        target.writeframes(samples.astype("<i2").tobytes())
    return stream.getvalue()


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name never shows half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
