"""The day's cap: who has reached it and, by setting, kept out until the day is over.

The open-source server has no caps, no quotas and no per-user pause. What it has is worse than a
word on the annotator's page: an account that is deactivated loses the clip that is open at that
moment. So the cap is told by default, and enforced by `people.enforce_cap` only. Votes beyond it
count like all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.label_studio.users import ServerUser, list_users
from pipelines.label_studio.connect import connect
from pipelines.people.accounts import open_administration
from pipelines.people.day import Day, read_day
from pipelines.people.locks import Locks, read_locks, write_locks
from pipelines.people.records import Records, read_records
from pipelines.people.roster import match_users
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store


@dataclass(frozen=True)
class CapsResult:
    """What the day's cap comes to.

    Args:
        cap: Votes a day; 0 for none.
        reached: Votes of today by annotator, of those who have reached it.
        locked: Who was locked out now.
        unlocked: Who was let in again now.
    """

    cap: int
    reached: Mapping[str, int]
    locked: tuple[str, ...] = ()
    unlocked: tuple[str, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per annotator whom the cap concerns."""
        names = sorted(self.reached.keys() | {*self.locked, *self.unlocked})
        return [
            {
                "annotator": name,
                "today": self.reached.get(name),
                "cap": self.cap,
                "beyond": max(self.reached.get(name, 0) - self.cap, 0),
                "now": self._tell(name),
            }
            for name in names
        ]

    def _tell(self, name: str) -> str | None:
        if name in self.locked:
            return "locked"
        return "unlocked" if name in self.unlocked else None


def enforce_caps(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - one read and a few short requests
    *,
    campaign: str,
) -> CapsResult:
    """Say who has reached the day's cap; by setting, lock them out until the day is over.

    May be called as often as one likes: the server is asked only if somebody is to be locked out or
    let in. Only whom the cap locked out is let in again; an account that a person deactivated is
    left alone, and so is one that a person reactivated today.

    Args:
        settings: The cap, whether it is enforced, the time zone, the server.
        progress: Where progress is shown.
        campaign: Whose votes are counted.

    Raises:
        PipelineError: If somebody is to be locked or let in and no server runs.
        LabelStudioServerError: If the server does not answer, or we are no superuser.
    """
    day = read_day(settings.people.time_zone)
    locks = read_locks(settings)
    with open_store(settings) as store:
        records = read_records(store, campaign, day, method=settings.rounds.aggregator)
    reached = _find_reached(records, settings.people.votes_per_day)
    due = set(reached) if settings.people.enforce_cap else set()
    due -= {name for name, date in locks.spared.items() if date == day.name}
    result = CapsResult(settings.people.votes_per_day, reached)
    still = {name for name, date in locks.locked.items() if date == day.name}
    if not due - still and not locks.locked.keys() - (due & still):
        return result
    return _apply(settings, campaign, day, due, result)


def _find_reached(records: Records, cap: int) -> dict[str, int]:
    today = {name: record.votes_today for name, record in records.by_annotator.items()}
    return {name: votes for name, votes in sorted(today.items()) if cap and votes >= cap}


def _apply(
    settings: Settings, campaign: str, day: Day, due: set[str], result: CapsResult
) -> CapsResult:
    locks = read_locks(settings)
    with connect(settings) as api, open_administration(settings, api) as administrator:
        with open_store(settings) as store:
            users: Mapping[str, ServerUser] = match_users(store, campaign, list_users(api))
        own, inactive = api.whoami().id, administrator.read_inactive()

        def may_lock(name: str) -> bool:
            user = users.get(name)
            return user is not None and user.id != own and user.id not in inactive

        new = sorted(name for name in due if may_lock(name))
        over = sorted(name for name in locks.locked if name not in due)
        kept = dict.fromkeys(locks.locked.keys() & due | set(new), day.name)
        # First what is about to be done: killed in between, nobody stays locked out for good.
        write_locks(settings, Locks({**locks.locked, **kept}, locks.spared))
        for name in new:
            administrator.set_active(users[name].id, is_active=False)
        for name in over:
            if name in users:
                administrator.set_active(users[name].id, is_active=True)
        write_locks(settings, Locks(kept, locks.spared))
    return CapsResult(result.cap, result.reached, tuple(new), tuple(over))
