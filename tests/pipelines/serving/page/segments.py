"""Segments as the live page sends them."""

import base64
import io
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from pipelines.serving.page.consent import CONSENT_ID
from pipelines.serving.page.record import Request, read_request
from pipelines.settings import Settings
from tests.pipelines.places import borrow

CLASSES = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")


def hex_id(name: str) -> str:
    """Return an id as pages make them."""
    return md5(name.encode(), usedforsecurity=False).hexdigest()


def write_sound(seed: int = 0, *, seconds: float = 1.5, rate: int = 48_000) -> bytes:
    """Return a WAV file in which something like a voice is heard between silences."""
    time = np.arange(round(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * (120 + 7 * seed) * k * time) / k for k in range(1, 20))
    loud = np.where((time > 0.3) & (time < seconds - 0.3), 0.1, 1e-4)
    file = io.BytesIO()
    soundfile.write(file, loud * np.asarray(voice), rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def ask(event: str, label: str | None = "anger", *, segment: str = "a", **said: Any) -> Request:
    """Return a click of Ann's on a segment, with its sound and her consent."""
    given: dict[str, Any] = {
        "annotator": "Ann",
        "consent": CONSENT_ID,
        "sound": base64.b64encode(write_sound(len(segment) + ord(segment[0]))).decode(),
        **said,
    }
    ids = {"event": hex_id(event), "segment": hex_id(segment), "session": hex_id("visit")}
    return read_request({**ids, "label": label, **given})


def keeping(lender: Settings, home: Path) -> Settings:
    """Return settings of a copy of a warehouse, of a server that keeps sounds with consent."""
    settings = borrow(lender, home)
    serving = settings.serving.model_copy(update={"keep_audio": "with_consent"})
    return settings.model_copy(update={"serving": serving})
