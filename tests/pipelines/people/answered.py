"""A campaign that people have answered in, on one real warehouse, for tests of their pages."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from annotation.label_studio.parse import SOURCE
from annotation.label_studio.users import annotator_of
from annotation.testing import fill_votes
from pipelines.people.day import Day
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

CLASSES = ("anger", "calm", "fear", "joy")
CAMPAIGN, PROJECT = "demo", "demo-00c0ffee"
ANN, BOB, EVE, GUESSER = (
    annotator_of(f"{name}@example.org") for name in ("ann", "bob", "eve", "x")
)
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
DAY = Day(NOW)
CLIPS = [f"demo/{number:03d}" for number in range(60)]
TRUTH = np.arange(60) % len(CLASSES)


def answer(
    who: str,
    clips: Sequence[int],
    labels: Sequence[str | None],
    *,
    begin: datetime,
    gap_s: float = 10.0,
    source: str = SOURCE,
    project: str = PROJECT,
) -> pa.Table:
    """Return votes of one annotator, each `gap_s` after the one before, which took 4 s."""
    refs = [f"{project}/{who}-{begin.isoformat()}-{clip}" for clip in clips]
    return fill_votes(
        {
            "vote_id": [f"{source}:{ref}" for ref in refs],
            "clip_id": [CLIPS[clip] for clip in clips],
            "annotator": [who] * len(clips),
            "label": list(labels),
            "taxonomy": ["demo-4"] * len(clips),
            "source": [source] * len(clips),
            "source_ref": refs,
            "cast_at": [begin + timedelta(seconds=gap_s * at) for at in range(len(clips))],
            "lead_time_s": [4.0] * len(clips),
        }
    )


def heard(clips: Sequence[int], *, wrong: float = 0.0, seed: int = 0) -> list[str]:
    """Return the class of each clip, a share of them replaced by the next class."""
    errs = np.random.default_rng(seed).random(len(clips)) < wrong
    return [
        CLASSES[(TRUTH[clip] + err) % len(CLASSES)] for clip, err in zip(clips, errs, strict=True)
    ]


def write_campaign(settings: Settings, *votes: pa.Table, skipped: Sequence[str] = ()) -> None:
    """Write a campaign of 60 clips that want 3 votes each, with 6 gold clips, and its votes.

    Args:
        settings: The home.
        votes: Rows of `votes`.
        skipped: References of the rows that are skips.
    """
    table = pa.concat_tables(votes) if votes else fill_votes({"clip_id": []})
    times = dict(zip(*(table[name].to_pylist() for name in ("source_ref", "cast_at")), strict=True))
    count = len(CLIPS)
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["demo"], taxonomy=["demo-4"], classes=[list(CLASSES)]
        ),
        "clips": make_rows(
            "clips",
            clip_id=CLIPS,
            corpus=["demo"] * count,
            speech_start_s=[0.5] * count,
            speech_end_s=[3.0] * count,
        ),
        "rounds": make_rows(
            "rounds", round_id=["demo-000"], campaign=[CAMPAIGN], corpus=["demo"], number=[0]
        ),
        "asks": make_rows(
            "asks",
            ask_id=[f"demo-000/{clip}" for clip in CLIPS],
            round_id=["demo-000"] * count,
            clip_id=CLIPS,
            arm=["seed"] * count,
            votes_wanted=[3] * count,
        ),
        "projects": make_rows(
            "projects", project=[PROJECT], campaign=[CAMPAIGN], corpus=["demo"], taxonomy=["demo-4"]
        ),
        "gold": make_rows(
            "gold",
            campaign=[CAMPAIGN] * 6,
            clip_id=CLIPS[:6],
            taxonomy=["demo-4"] * 6,
            label=[CLASSES[at] for at in TRUTH[:6]],
        ),
        "votes": table,
    }
    if skipped:
        rows["remarks"] = make_rows(
            "remarks",
            remark_id=list(skipped),
            source=[SOURCE] * len(skipped),
            source_ref=list(skipped),
            cast_at=[times[ref] for ref in skipped],
            abstention=["skipped"] * len(skipped),
        )
    with open_store(settings) as store:
        store.commit(rows, message="campaign")


def usual_votes() -> list[pa.Table]:
    """Return the answers of three who listen on two days and one who guesses."""
    first, second = NOW - timedelta(days=1, hours=2), NOW - timedelta(minutes=50)
    early, late = range(40), range(40, 60)
    return [
        answer(ANN, early, heard(early, wrong=0.1), begin=first),
        answer(ANN, late, heard(late, wrong=0.1, seed=1), begin=NOW - timedelta(seconds=200)),
        answer(BOB, early, heard(early), begin=first - timedelta(days=3)),
        answer(EVE, early, heard(early, wrong=0.2, seed=2), begin=first),
        answer(EVE, late, heard(late), begin=second),
        answer(GUESSER, early, ["joy"] * 40, begin=first),
    ]
