"""Synthesise: write the demo's corpus, so that trying serloop needs no download."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings


@dataclass(frozen=True)
class SynthesiseResult:
    """Where the synthetic corpus is.

    Args:
        root: Its folder.
        clips: Clips in it.
    """

    root: str
    clips: int

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"synthetic_corpus": self.root, "clips": self.clips}]


def synthesise(
    settings: Settings,
    progress: Progress,
    *,
    root: Path,
    speakers: int = 24,
    sentences: int = 6,
    repetitions: int = 1,
) -> SynthesiseResult:
    """Write speech-like clips in six acted emotions; equal arguments give equal bytes.

    Args:
        settings: Seed.
        progress: Where progress is shown.
        root: Folder to write to; a finished corpus in it is kept.
        speakers: Voices.
        sentences: Phoneme strings each voice says.
        repetitions: Takes of each.

    Returns:
        Where it is and how many clips it has.

    Raises:
        CorpusError: If the folder holds something else.
    """
    from ser.corpora.synthetic import EMOTIONS, write_synthetic_corpus  # noqa: PLC0415

    total = speakers * sentences * repetitions * len(EMOTIONS)
    with progress.track("synthesise speech", total, "clips") as advance:
        clips = write_synthetic_corpus(
            root,
            speakers=speakers,
            sentences=sentences,
            repetitions=repetitions,
            seed=settings.training.seed,
            progress=lambda _done, _total: advance(),
        )
    return SynthesiseResult(str(root), clips)
