"""Answer: simulated annotators vote on a round's asks, for demos and for planning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotation.simulate import SOURCE, SimulatedAnnotators
from annotation.votes import VOTE_SCHEMA
from pipelines.campaign import count_missing, read_asks
from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.errors import NothingToDoError
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

GROUP_SIZE = 24


@dataclass(frozen=True)
class AnswerResult:
    """What the simulated annotators did.

    Args:
        campaign: The campaign whose asks were answered.
        clips: Clips answered.
        votes: Votes cast.
        agreeing: Votes that equal the intended emotion.
        listening_s: Time the annotators would have taken.
    """

    campaign: str
    clips: int
    votes: int
    agreeing: int
    listening_s: float

    def rows(self) -> Sequence[Row]:
        """Return one row per call."""
        return [
            {
                "campaign": self.campaign,
                "clips": self.clips,
                "simulated_votes": self.votes,
                "equal_intended": self.agreeing / self.votes if self.votes else None,
                "annotator_minutes": round(self.listening_s / 60, 1),
            }
        ]


def answer(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - a fraction of a second: nothing to show in between
    *,
    campaign: str,
) -> AnswerResult:
    """Let simulated annotators cast the votes that clips still lack, each by somebody new to it.

    They err at the rates of the people who listened to CREMA-D (see `annotation.confusion`), and
    take the intended emotion for what a clip sounds like. Their votes carry the source
    `simulated`, so that none is mistaken for a person's.

    Args:
        settings: Seed of the annotators.
        progress: Where progress is shown.
        campaign: The campaign to answer.

    Returns:
        How many votes were cast.

    Raises:
        NothingToDoError: If the campaign has no asks, or its clips no intended emotion.
    """
    with open_store(settings) as store:
        asks = read_asks(store, campaign)
        if not asks.num_rows:
            raise NothingToDoError(f"campaign `{campaign}` has no asks; run `serloop acquire`")
        corpus = queries.select_rounds(store, campaign=campaign)["corpus"][0].as_py()
        simulated = queries.select_asks(store, campaign=campaign, sources=[SOURCE])
        votes, truth = _cast(store, settings, corpus, count_missing(asks), simulated)
        store.commit({"votes": votes}, message=f"simulated votes for {campaign}")
    agreeing = sum(
        label == truth[clip_id]
        for label, clip_id in zip(
            votes["label"].to_pylist(), votes["clip_id"].to_pylist(), strict=True
        )
    )
    return AnswerResult(
        campaign=campaign,
        clips=len(truth),
        votes=votes.num_rows,
        agreeing=agreeing,
        listening_s=pc.sum(votes["lead_time_s"]).as_py() or 0.0,
    )


def _cast(
    store: Warehouse,
    settings: Settings,
    corpus: str,
    missing: Mapping[str, int],
    simulated: pa.Table,
) -> tuple[pa.Table, dict[str, str]]:
    """Return the votes that clips lack and the intended emotion of these clips.

    Args:
        store: The warehouse.
        settings: Seed of the annotators.
        corpus: Corpus of the clips.
        missing: Votes that each clip lacks, by clip id.
        simulated: Asks, with the votes their clips have from simulated annotators.
    """
    taxonomy, classes = corpus_classes(store, corpus)
    answered = simulated.group_by("clip_id").aggregate([("votes_received", "max")])
    clips = corpus_clips(store, corpus).select(["clip_id", "intended", "duration_s"])
    table = answered.join(clips, "clip_id", join_type="inner").sort_by("clip_id")
    lacks = pa.array([missing[clip_id] for clip_id in table["clip_id"].to_pylist()], pa.int64())
    table = table.append_column("missing", lacks).filter(pc.greater(lacks, 0))
    if table["intended"].null_count:
        raise NothingToDoError(
            f"{table['intended'].null_count} asked clips of corpus `{corpus}` have no intended "
            "emotion, so nobody can be simulated on them; answer in Label Studio instead"
        )
    group = SimulatedAnnotators.recruit(GROUP_SIZE, classes, seed=settings.training.seed)
    parts = []
    for count in sorted(set(table["missing"].to_pylist())):
        rows = table.filter(pc.equal(table["missing"], count))
        parts.append(
            group.answer(
                rows["clip_id"].to_pylist(),
                rows["intended"].to_pylist(),
                votes_per_clip=count,
                taxonomy=taxonomy,
                duration_s=rows["duration_s"].to_pylist(),
                answered=rows["votes_received_max"].to_pylist(),
            )
        )
    truth = dict(zip(table["clip_id"].to_pylist(), table["intended"].to_pylist(), strict=True))
    return pa.concat_tables([VOTE_SCHEMA.empty_table(), *parts]), truth
