"""Where corrections wait on the disk: what has been noted is there whatever is killed.

`waiting/` holds one file per click that is not in the warehouse, `stored/` those that are, by
segment, and `sounds/` what was recorded. Voices are for nobody but the owner of the home.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from pipelines.serving.page.record import Correction, load_correction, write_correction
from ser.files import write_whole

OWNER_ONLY = 0o700


class Spool:
    """Files of one home.

    Args:
        folder: Where they lie; made with the first correction.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        waiting = folder / "waiting"
        names = sorted(waiting.glob("*.json")) if waiting.is_dir() else []
        self._waiting = {path.name: load_correction(path.read_bytes()) for path in names}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def sound(self, segment: str) -> Path:
        """Return where a segment's sound lies, or would."""
        return self.folder / "sounds" / f"{segment}.wav"

    def has_sound(self, segment: str) -> bool:
        """Return whether it is there."""
        return self.sound(segment).is_file()

    def is_stored(self, segment: str) -> bool:
        """Return whether a correction of it has reached the warehouse."""
        return (self.folder / "stored" / segment).is_dir()

    def knows(self, segment: str, event: str) -> bool:
        """Return whether a click was noted before."""
        stored = self.folder / "stored" / segment
        is_stored = stored.is_dir() and any(stored.glob(f"*-{event}.json"))
        return is_stored or any(name.endswith(f"-{event}.json") for name in self._waiting)

    def waiting(self) -> Sequence[Correction]:
        """Return what is not in the warehouse, in the order in which it came."""
        return [self._waiting[name] for name in sorted(self._waiting)]

    def add(self, correction: Correction, sound: bytes | None) -> None:
        """Note a correction; the sound first, so that none is there whose sound is not.

        Args:
            correction: The correction.
            sound: WAV file of the segment; None where it is there.

        Raises:
            OSError: If the folder cannot be written to.
        """
        for name in ("waiting", "stored", "sounds"):
            (self.folder / name).mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        self.folder.chmod(OWNER_ONLY)
        if sound is not None:
            write_whole(self.sound(correction.segment), sound)
            _sync(self.folder / "sounds")
        name = _name(correction)
        write_whole(self.folder / "waiting" / name, write_correction(correction))
        _sync(self.folder / "waiting")
        self._waiting[name] = correction

    def settle(self, corrections: Sequence[Correction]) -> None:
        """File corrections that are done with, and delete sounds that nobody's label is about.

        Args:
            corrections: Some of `waiting`.
        """
        for correction in corrections:
            name = _name(correction)
            folder = self.folder / "stored" / correction.segment
            folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
            (self.folder / "waiting" / name).replace(folder / name)
            del self._waiting[name]
        waiting = {c.segment for c in self._waiting.values()}
        for segment in {c.segment for c in corrections} - waiting:
            last = {c.annotator: c.label for c in self._read_stored(segment)}
            if not any(last.values()):
                self.sound(segment).unlink(missing_ok=True)

    def _read_stored(self, segment: str) -> Sequence[Correction]:
        files = sorted((self.folder / "stored" / segment).glob("*.json"))
        return [load_correction(path.read_bytes()) for path in files]


def _name(correction: Correction) -> str:
    return f"{correction.cast_at:%Y%m%dT%H%M%S.%f}-{correction.event}.json"


def _sync(folder: Path) -> None:
    # A name given to a file is on the disk once its folder is.
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
