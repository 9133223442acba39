"""Two models on made-up clips, right as often as is wanted, so that the right verdict is known."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from pipelines.gate.evidence import Evidence
from pipelines.judged import JudgedClips

CLASSES = ("anger", "calm", "joy", "sadness")
GENDERS = ("female", "male")


def make_evidence(
    candidate: Mapping[str, float],
    champion: Mapping[str, float] | None,
    *,
    speakers: int = 12,
    clips: int = 40,
    confidence: tuple[float, float] = (0.7, 0.7),
    seed: int = 0,
) -> Evidence:
    """Return what both say of clips of women and men, right at these rates by gender.

    Args:
        candidate: Share of clips that the candidate names right, by gender.
        champion: The same of the champion; None for none.
        speakers: Every other one a woman.
        clips: Clips of each speaker.
        confidence: Probability that candidate and champion give the class they name.
        seed: Of who is right where.
    """
    generator = np.random.default_rng(seed)
    truth = np.tile(np.arange(clips) % len(CLASSES), speakers)
    number = np.arange(len(truth)) // clips
    genders = np.array(GENDERS)[number % 2]

    def say(rates: Mapping[str, float], sure: float) -> np.ndarray:
        is_right = generator.random(len(truth)) < np.array([rates[of] for of in genders])
        wrong = (truth + generator.integers(1, len(CLASSES), len(truth))) % len(CLASSES)
        rest = (1 - sure) / (len(CLASSES) - 1)
        posterior = np.full((len(truth), len(CLASSES)), rest)
        posterior[np.arange(len(truth)), np.where(is_right, truth, wrong)] = sure
        return posterior

    nothing = pa.nulls(len(truth), pa.string())
    facts = pa.table(
        {
            "gender": genders.tolist(),
            "age": nothing.cast(pa.float64()),
            "language": nothing,
            "snr_db": np.full(len(truth), 25.0),
        }
    )
    judged = JudgedClips(
        clip_ids=tuple(f"calls/{place:05d}" for place in range(len(truth))),
        speakers=tuple(f"s{of:02d}" for of in number),
        targets=np.eye(len(CLASSES))[truth],
        is_decided=np.ones(len(truth), bool),
        facts=facts,
        classes=CLASSES,
        taxonomy="calls-4",
        mapping=None,
        dropped=0,
    )
    return Evidence(
        clips=judged,
        candidate={"model_id": "new"},
        champion=None if champion is None else {"model_id": "old"},
        said=say(candidate, confidence[0]),
        reference=None if champion is None else say(champion, confidence[1]),
    )


def alike(rate: float) -> dict[str, float]:
    """Return one rate for both genders."""
    return dict.fromkeys(GENDERS, rate)
