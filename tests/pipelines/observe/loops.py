"""A home whose loop is under way: two campaigns, a champion, a refusal, drift and a broken row."""

from datetime import UTC, datetime
from pathlib import Path

from annotation.label_studio.parse import SOURCE
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

DECIDED = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
REFUSAL = "worse on gender=female: UAR .58 against .66, allowed are .05 less"
CLIPS = [f"ravdess/{index:03d}" for index in range(10)]


def write_loop(home: Path) -> Settings:
    """Write a warehouse that has something of everything the status page shows.

    Args:
        home: The home.

    Returns:
        Settings of it.
    """
    settings = Settings(home=home, schedule={"round_votes": 4})
    count = len(CLIPS)
    with open_store(settings) as store:
        store.commit(
            {
                "corpora": make_rows("corpora", corpus=["ravdess"]),
                "clips": make_rows(
                    "clips",
                    clip_id=CLIPS,
                    corpus=["ravdess"] * count,
                    native_id=[clip_id.rpartition("/")[2] for clip_id in CLIPS],
                    path=[f"{clip_id}.wav" for clip_id in CLIPS],
                    audio_sha256=[f"{index:064x}" for index in range(count)],
                    duration_s=[1.0] * count,
                    speech_end_s=[1.0] * count,
                ),
            },
            message="clips",
        )
        store.commit(
            {
                "rounds": make_rows(
                    "rounds",
                    round_id=["ravdess-000", "ravdess-001", "calls-000"],
                    campaign=["ravdess", "ravdess", "calls"],
                    corpus=["ravdess"] * 3,
                    number=[0, 1, 0],
                ),
                "asks": make_rows(
                    "asks",
                    ask_id=[f"ask-{index}" for index in range(count)],
                    round_id=["ravdess-000"] * 4 + ["ravdess-001"] * 4 + ["calls-000"] * 2,
                    clip_id=CLIPS,
                    arm=["active"] * count,
                    votes_wanted=[1] * count,
                ),
            },
            message="rounds",
        )
        store.commit(
            {
                "votes": make_rows(
                    "votes",
                    vote_id=[f"vote-{index}" for index in range(6)],
                    clip_id=CLIPS[:6],
                    annotator=["ann"] * 6,
                    label=["anger"] * 6,
                    modality=["audio"] * 6,
                    source=[SOURCE] * 6,
                    source_ref=[str(index) for index in range(6)],
                    count=[1] * 6,
                )
            },
            message="votes",
        )
        store.commit(
            {
                "evaluations": make_rows(
                    "evaluations",
                    evaluation_id=["eval"],
                    model_id=["ravdess-001-active"],
                    part=["test"],
                    truth=["intended"],
                    uar=[0.61],
                    uar_low=[0.55],
                    uar_high=[0.67],
                ),
                "transitions": make_rows(
                    "transitions",
                    line=["ravdess", "ravdess"],
                    number=[0, 1],
                    kind=["promoted", "refused"],
                    model_id=["ravdess-001-active", "ravdess-002-active"],
                    champion_id=["ravdess-001-active"] * 2,
                    reason=["better than chance", REFUSAL],
                    changed_at=[DECIDED] * 2,
                ),
                "drifts": make_rows(
                    "drifts",
                    drift_id=["old", "new", "new"],
                    measure=["loudness", "loudness", "snr"],
                    corpus=["ravdess"] * 3,
                    model_id=["ravdess-001-active"] * 3,
                    is_alarm=[True, False, True],
                    detail=["", "as before", "9 dB less than what the model learned from"],
                    measured_at=[datetime(2026, 11, 1, tzinfo=UTC), DECIDED, DECIDED],
                ),
            },
            message="models",
        )
    return settings
