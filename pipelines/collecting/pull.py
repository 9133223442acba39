"""Pull: answers that a campaign has received in Label Studio become votes in the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from annotation.label_studio.accounts import find_users, name_annotators
from annotation.label_studio.api import Api
from annotation.label_studio.patience import Patience, insist
from annotation.label_studio.users import list_users
from pipelines.collecting.asked import AskedProject, find_asked
from pipelines.collecting.news import News, find_news
from pipelines.collecting.reading import Reading, read_changes
from pipelines.label_studio.connect import connect
from pipelines.progress import Progress
from pipelines.quarantine import listed
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries, schemas


@dataclass(frozen=True)
class PullResult:
    """What one collection from a server brought.

    Args:
        project: The project that the campaign asks in, and those it asked in before that are
            still on the server, comma-separated, the oldest first.
        is_full: Whether all tasks were read, not only those that changed.
        tasks: Tasks read.
        votes: Answers in them that are votes, known ones too.
        abstentions: Skips, and answers that decline to decide.
        quarantined: Answers that cannot be believed, by reason.
        retracted: Answers withdrawn because they were deleted, or edited into what is no vote.
        vanished: Clips whose task is gone while their answers stand; found by full readings alone.
        missed: Rows that an earlier collection should have brought; found by full readings alone.
        added: Ledger rows that were new, retractions among them.
        snapshot: Snapshot afterwards.
        examples: The first answer refused for each reason, in words.
    """

    project: str
    is_full: bool
    tasks: int
    votes: int
    abstentions: int
    quarantined: Mapping[str, int]
    retracted: int
    vanished: int
    missed: int
    added: int
    snapshot: int
    examples: tuple[str, ...] = field(default=())

    def rows(self) -> Sequence[Row]:
        """Return one row per collection."""
        return [
            {
                "project": self.project,
                "is_full": self.is_full,
                "tasks": self.tasks,
                "votes": self.votes,
                "abstentions": self.abstentions,
                "quarantined": sum(self.quarantined.values()),
                "reasons": listed(self.quarantined),
                "retracted": self.retracted,
                "vanished": self.vanished,
                "missed": self.missed,
                "added": self.added,
                "snapshot": self.snapshot,
            }
        ]


def pull(
    settings: Settings, progress: Progress, *, campaign: str, full: bool = False
) -> PullResult:
    """Read the answers of a campaign from Label Studio into the ledger, each of them once.

    What changed since the last time is read; all of it is when `full` says so, and by itself when
    that was not done for `label_studio.reconcile_s` seconds. All that is new becomes visible in
    one commit, and without news there is none: ended at any moment and run again, it leaves the
    same ledger.

    An edited annotation becomes a new vote that supersedes the old one. One that was deleted
    leaves a retraction, and so does one that was edited into something that cannot be believed:
    nobody says any longer what the ledger had. What is said instead is filed under `quarantine`
    with the reason, once however often it is read, and is a vote as soon as it is corrected.
    Drafts are not read. A task that was deleted says nothing of the answers it had: they stand,
    and a full reading counts their clips as vanished. Answers of a user who was deleted stay
    theirs.

    Args:
        settings: Where the warehouse and the server are.
        progress: Where progress is shown.
        campaign: The campaign.
        full: Whether to read all tasks.

    Returns:
        What was read, and what of it was new.

    Raises:
        NothingToDoError: If the campaign asks in no project.
        PipelineError: If Label Studio is not running, or has lost the campaign's project.
        LabelStudioServerError: If it refuses, or does not answer for half a minute.
    """
    with open_store(settings) as store, connect(settings) as api:
        asked = find_asked(store, api, campaign)
        found = [
            _pull_project(store, api, project, settings, progress, full=full) for project in asked
        ]
        news = [item for item in found if item is not None]
        worthy = [item for item in news if item.is_worth_a_commit]
        added, snapshot = _commit(store, worthy, campaign)
    reasons = Counter[str]()
    for item in news:
        reasons.update(item.quarantined)
    return PullResult(
        project=", ".join(project.key for project in asked),
        is_full=bool(news) and all(item.is_full for item in news),
        tasks=sum(item.tasks for item in news),
        votes=sum(item.votes for item in news),
        abstentions=sum(item.abstentions for item in news),
        quarantined=dict(reasons),
        retracted=sum(item.retracted for item in news),
        vanished=sum(item.vanished for item in news),
        missed=sum(item.missed for item in news),
        added=added,
        snapshot=snapshot,
        examples=tuple(example for item in news for example in item.examples),
    )


def _pull_project(
    store: Warehouse,
    api: Api,
    project: AskedProject,
    settings: Settings,
    progress: Progress,
    *,
    full: bool,
) -> News | None:
    collections = queries.select_collections(store, project=project.key)
    reconcile_s = settings.label_studio.reconcile_s
    reading = read_changes(api, project, collections, progress, full=full, reconcile_s=reconcile_s)
    if reading is None:
        return None
    known = queries.select_accounts(store, project=project.key)
    new = _find_accounts(api, reading, known)
    return find_news(store, reading, pa.concat_tables([known, new]), new)


def _find_accounts(api: Api, reading: Reading, known: pa.Table) -> pa.Table:
    """Return rows of `accounts` for users who were not met in the project before."""
    named = dict(zip(known["user_id"].to_pylist(), known["annotator"].to_pylist(), strict=True))
    strangers = find_users(reading.tasks) - named.keys()
    users = insist(lambda: list_users(api), Patience()) if strangers else []
    new = name_annotators(strangers, users, named)
    rows = [
        {"project": reading.project.key, "user_id": number, "annotator": annotator}
        for number, annotator in new.items()
    ]
    return pa.Table.from_pylist(rows, schema=schemas.ACCOUNTS.schema)


def _commit(store: Warehouse, news: Sequence[News], campaign: str) -> tuple[int, int]:
    if not news:
        return 0, store.snapshot
    rows = {name: pa.concat_tables([item.rows[name] for item in news]) for name in news[0].rows}
    commit = store.commit(rows, message=f"collect campaign {campaign}")
    return commit.inserted.get("votes", 0), commit.snapshot
