"""A campaign of many clips whose audio is empty files: what is sent matters, not how it sounds."""

from collections.abc import Sequence

from pipelines.convert import to_table
from pipelines.publishing.audio import find_audio, opaque_names
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

CAMPAIGN = "many"
CLASSES = ("anger", "calm", "fear", "joy", "neutral", "sadness")
MODEL = "model"


def write_clips(settings: Settings, count: int) -> list[str]:
    """Write a corpus with a prediction and an audio file for each clip, and return the clips."""
    ids = [f"many/{number:05d}" for number in range(count)]
    certain = [[0.05] * at + [0.75] + [0.05] * (5 - at) for at in range(6)]
    rows = {
        "corpora": make_rows("corpora", corpus=["many"], taxonomy=["six"], classes=[CLASSES]),
        "clips": make_rows("clips", clip_id=ids, corpus=["many"] * count),
        "predictions": make_rows(
            "predictions",
            model_id=[MODEL] * count,
            clip_id=ids,
            posterior=[certain[at % 6] for at in range(count)],
        ),
    }
    with open_store(settings) as store:
        store.commit(rows, message="many clips")
    root = find_audio(settings).root
    for name in opaque_names(settings, ids).values():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return ids


def ask(settings: Settings, number: int, clips: Sequence[str], *, wanted: Sequence[int]) -> None:
    """Write a round that asks about clips, the first one first, for so many votes each."""
    round_id = f"{CAMPAIGN}-{number:03d}"
    rows = [
        {
            "ask_id": f"{round_id}/active/{clip}",
            "round_id": round_id,
            "clip_id": clip,
            "arm": "active",
            "utility": 1.0 - at / len(clips),
            "reason": "for a test",
            "votes_wanted": votes,
        }
        for at, (clip, votes) in enumerate(zip(clips, wanted, strict=True))
    ]
    with open_store(settings) as store:
        header = make_rows(
            "rounds",
            round_id=[round_id],
            campaign=[CAMPAIGN],
            corpus=["many"],
            number=[number],
            model_id=[MODEL],
            test_speakers=[[]],
            snapshot=[store.snapshot],
        )
        store.commit({"rounds": header, "asks": to_table("asks", rows)}, message="asked")
