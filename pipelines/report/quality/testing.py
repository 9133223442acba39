"""A realistic judgement made of invented numbers, for tests and for looking at the page."""

from __future__ import annotations

from pipelines.report.quality.content import (
    CorpusProfile,
    FindingView,
    QualityContent,
    SpeakerRow,
)

SAMPLE_LABELS = ("anger", "neutral", "sadness")


def build_sample_quality(*, corpora: int = 1) -> QualityContent:
    """Build the content of a plausible judgement of synthetic speech.

    Args:
        corpora: corpora judged, all alike.

    Returns:
        Content with one finding of each severity and one in vain; every number is invented.
    """
    return QualityContent(
        scope="one corpus" if corpora == 1 else f"{corpora} corpora",
        findings=(_conflict(), _noise(), _durations(), _absent()),
        profiles=tuple(_profile(f"corpus-{number}") for number in range(corpora)),
        snr_low_db=10.0,
        snapshot=41,
        code_version="0.1.0+3f9d2c1",
        command="serloop quality",
    )


def _conflict() -> FindingView:
    return FindingView(
        name="same_file_other_label",
        title="The same file under different labels",
        severity="error",
        noun="clip",
        count=2,
        rows=1,
        why="The bytes are equal, so one of the labels is wrong.",
        remedy="Correct the table, and run `serloop ingest` again.",
        criteria=(),
        columns=("labels", "copies", "clips"),
        evidence=((("anger", "fear"), 2, ("corpus-0/a", "corpus-0/b")),),
    )


def _noise() -> FindingView:
    return FindingView(
        name="low_snr",
        title="Noisy recordings",
        severity="warning",
        noun="clip",
        count=1234,
        rows=1234,
        why="Trimming begins to lose speech.",
        remedy="Listen; record again.",
        criteria=(("snr_low_db", 10.0),),
        columns=("clip_id", "snr_db", "clipped_fraction", "speaker"),
        evidence=tuple(
            (f"corpus-0/clip-{index:02d}", 4.0 + 0.25 * index, 0.0012, None) for index in range(20)
        ),
    )


def _durations() -> FindingView:
    return FindingView(
        name="duration_tails",
        title="Much shorter or longer than the corpus",
        severity="note",
        noun="clip",
        count=1,
        rows=1,
        why="Very short speech carries little emotion.",
        remedy="Listen to both ends.",
        criteria=(("duration_fence", 3.0), ("duration_spread_floor", 1.1)),
        columns=("clip_id", "speech_s"),
        evidence=(("corpus-0/clip-07", 58.5),),
    )


def _absent() -> FindingView:
    return FindingView(
        name="clipped_clips",
        title="Clipped recordings",
        severity="warning",
        noun="clip",
        count=0,
        rows=0,
        why="Cut peaks sound like effort.",
        remedy="Take another source.",
        criteria=(("clipped_share", 0.001),),
        columns=("clip_id", "clipped_fraction"),
        evidence=(),
    )


def _profile(corpus: str) -> CorpusProfile:
    speakers = [("female", f"f{number}") for number in range(3)]
    speakers += [("male", f"m{number}") for number in range(4)]
    balance = tuple(
        SpeakerRow(speaker=name, gender=gender, clips=(0 if gender == "female" else 9, 8, 4))
        for gender, name in speakers
    )
    return CorpusProfile(
        corpus=corpus,
        title="Synthetic emotional speech",
        is_synthetic=True,
        taxonomy="sample-3",
        classes=SAMPLE_LABELS,
        clips=sum(sum(row.clips) for row in balance),
        labelled=100,
        speakers=40,
        speech_h=0.21,
        durations=tuple((1 + step / 4, 1.25 + step / 4, 3 * step) for step in range(8)),
        levels=(
            (-40.0, None, 12),
            (-40.0, 8.0, 1),
            (-32.0, 28.0, 20),
            (-28.0, 32.0, 87),
        ),
        level_step_db=4.0,
        balance=balance,
        genders=(("female", (0, 24, 12)), ("male", (36, 32, 16)), (None, (0, 0, 1))),
    )
