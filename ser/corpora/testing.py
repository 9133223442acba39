"""Folders in the exact layout of corpora that cannot be shipped, for tests and demonstrations."""

import wave
from pathlib import Path

import numpy as np

SAMPLE_RATE = 16_000  # Hz

IEMOCAP_EVALUATION = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes0{session}F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
C-E3:\tNeutral state;\t()
C-E4:\tNeutral; Anger;\t(polite, but\x85 annoyed)
C-F1:\tNeutral;\t(curious)
A-E3:\tval 3; act 2; dom  2;\t()
A-E4:\tval 5; act 5; dom  ;\t()
A-F1:\tval 3; act 2; dom  1;\t()

[10.0100 - 11.3925]\tSes0{session}F_impro01_M000\txxx\t[2.5000, 2.5000, 2.5000]
C-E2:\tExcited;\t()
C-E3:\tFrustration;\t()
C-E4:\tOther;\t(mocking)
C-M1:\tHappiness; Surprise;\t()
A-E3:\tval 4; act 3; dom  3;\t()
A-E4:\tval ; act ; dom  ;\t()
"""
IEMOCAP_TRANSCRIPT = """Ses0{session}F_impro01_F000 [006.2901-008.2357]: Excuse me.
Ses0{session}F_impro01_M000 [010.0100-011.3925]: Do you have your forms?
M: [LAUGHTER]
"""


def write_iemocap_tree(root: Path, *, sessions: int = 5) -> Path:
    """Write a small IEMOCAP release: one dialog of two utterances a session, and its quirks.

    The audio is a tone. Among the quirks are `._` doubles of files, several categories in one
    line, missing ratings, bytes that are not UTF-8 and a recording of the whole dialog.

    Args:
        root: Where to put `IEMOCAP_full_release`.
        sessions: 1 to 5.

    Returns:
        `root/IEMOCAP_full_release`.
    """
    release = root / "IEMOCAP_full_release"
    for session in range(1, sessions + 1):
        folder, dialog = release / f"Session{session}", f"Ses0{session}F_impro01"
        sentences = folder / "sentences" / "wav" / dialog
        for index, turn in enumerate(("F000", "M000")):
            write_tone(sentences / f"{dialog}_{turn}.wav", pitch_hz=220.0 - 80 * index)
        (sentences / f"._{dialog}_F000.wav").write_bytes(b"\x00\x05\x16\x07")
        write_tone(folder / "dialog" / "wav" / f"{dialog}.wav", pitch_hz=150.0)
        for name, content in (
            ("EmoEvaluation", IEMOCAP_EVALUATION),
            ("transcriptions", IEMOCAP_TRANSCRIPT),
        ):
            path = folder / "dialog" / name / f"{dialog}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.format(session=session), encoding="latin-1")
            (path.parent / f"._{dialog}.txt").write_bytes(b"\x00\x05\x16\x07")
    return release


def write_tone(path: Path, *, pitch_hz: float = 200.0, duration_s: float = 0.6) -> Path:
    """Write a 16 kHz mono 16-bit WAV: a tone between two silences.

    Args:
        path: Where to; missing folders are made.
        pitch_hz: Frequency of the tone.
        duration_s: Duration of the file; the tone takes the middle half.

    Returns:
        `path`.
    """
    time = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    heard = np.abs(time / duration_s - 0.5) < 0.25
    samples = np.round(8000 * heard * np.sin(2 * np.pi * pitch_hz * time)).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(SAMPLE_RATE)
        target.writeframes(samples.tobytes())
    return path
