"""The audit arm: one more listener on labels drawn at random, and how often they contradict."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.estimates.interval import share_interval
from annotation.sampling import Pick
from pipelines.campaign import ARMS, AUDIT_ARM, read_asks, read_rounds
from pipelines.campaign_runs import HEARD, read_labels
from pipelines.clipset import corpus_classes
from pipelines.report.content import AuditOutcome
from warehouse import Warehouse, queries


def pick_audits(
    store: Warehouse,
    *,
    campaign: str,
    corpus: str,
    pool: Collection[str],
    count: int,
    rng: np.random.Generator,
) -> list[Pick]:
    """Draw labels of a campaign uniformly, each to be judged by one person more.

    Labels are those of the arms' newest consensus runs. Clips whose leading classes tie, and
    those that still wait for answers, have no label that stands.

    Args:
        store: The warehouse.
        campaign: The campaign.
        corpus: Its corpus.
        pool: Clips that may be asked about.
        count: Labels to draw; fewer where there are fewer.
        rng: Draws.
    """
    asks = read_asks(store, campaign)
    labels = read_labels(store, campaign, corpus, ARMS)
    received = dict(
        zip(asks["clip_id"].to_pylist(), asks["votes_received"].to_pylist(), strict=True)
    )
    is_awaited = pc.less(asks["votes_received"], asks["votes_wanted"])
    awaited = set(asks.filter(is_awaited)["clip_id"].to_pylist())
    decided = sorted((labels.keys() & received.keys() & set(pool)) - awaited)
    drawn = np.sort(rng.choice(len(decided), min(count, len(decided)), replace=False))
    return [
        Pick(
            clip_id,
            "audit",
            0.0,
            f"audit of a label drawn at random, {len(drawn)} of {len(decided)}: {label}, by "
            f"{votes} vote{'' if votes == 1 else 's'}",
            received[clip_id] + 1,
        )
        for clip_id, (label, votes) in ((decided[at], labels[decided[at]]) for at in drawn)
    ]


def read_audit(
    store: Warehouse, campaign: str, number: int, *, level: float = 0.95
) -> AuditOutcome | None:
    """Return how often the audits' listeners contradicted the label they were asked about.

    What a clip was labelled is read from the runs there were when it was asked, and the answer is
    the first vote that came since, by somebody the label does not stand on.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: Last round whose audits count.
        level: Coverage of the interval.

    Returns:
        The outcome; None where nothing was audited.
    """
    asks = read_asks(store, campaign, up_to=number)
    audits = asks.filter(pc.equal(asks["arm"], AUDIT_ARM))
    if not audits.num_rows:
        return None
    answers: list[bool] = []
    for header in read_rounds(store, campaign):
        clips = audits.filter(pc.equal(audits["number"], header["number"]))["clip_id"].to_pylist()
        if clips:
            answers += _answers(store, header, clips)
    if not answers:
        return AuditOutcome(audits.num_rows, 0, 0, float("nan"), float("nan"), level)
    found, n = float(np.mean(answers)), len(answers)
    centre = (sum(answers) + 1) / (n + 2)
    low, high = share_interval(
        np.array([found]), np.array([centre * (1 - centre) / n]), np.array([centre]), level=level
    )
    return AuditOutcome(audits.num_rows, n, sum(answers), float(low[0]), float(high[0]), level)


def _answers(store: Warehouse, header: dict[str, Any], clips: list[str]) -> list[bool]:
    """Return whether the listener of each answered audit of a round contradicted the label."""
    labels = read_labels(
        store, header["campaign"], header["corpus"], ARMS, up_to=header["snapshot"]
    )
    taxonomy, _ = corpus_classes(store, header["corpus"])
    came = queries.select_vote_changes(
        store, after=header["snapshot"], corpus=header["corpus"], modality=HEARD
    )
    came = came.filter(
        pc.and_(
            pc.and_(came["stands"], pc.equal(came["taxonomy"], taxonomy)),
            pc.is_in(came["clip_id"], pa.array(clips, pa.string())),
        )
    ).sort_by([("cast_at", "ascending"), ("vote_id", "ascending")])
    first: dict[str, str] = {}
    columns = (came[name].to_pylist() for name in ("clip_id", "label", "supersedes"))
    for clip_id, label, replaced in zip(*columns, strict=True):
        # Somebody who corrects an earlier vote is no further listener.
        if replaced is None and label is not None:
            first.setdefault(clip_id, label)
    return [label != labels[clip_id][0] for clip_id, label in first.items() if clip_id in labels]
