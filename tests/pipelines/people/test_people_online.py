"""People, on a real Label Studio: made, listed beside their votes, capped, kept out and let in."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from annotation.errors import LabelStudioServerError
from annotation.label_studio.users import annotator_of, list_users, log_in, make_password
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.label_studio.connect import connect
from pipelines.people.accounts import add_people, set_people_active
from pipelines.people.caps import enforce_caps
from pipelines.people.locks import Locks, read_locks, write_locks
from pipelines.people.personal import list_pages, renew_page
from pipelines.people.roster import list_people
from pipelines.progress import SilentProgress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.people.answered import (
    ANN,
    CAMPAIGN,
    PROJECT,
    answer,
    heard,
    usual_votes,
    write_campaign,
)
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture
def adopt(label_studio: Settings, tmp_path: Path) -> Callable[..., Settings]:
    """Return a maker of settings: a home of its own with the server's login, and people's rules."""

    def make(**people: object) -> Settings:
        (tmp_path / "label-studio").symlink_to(label_studio.home.resolve() / "label-studio")
        section = label_studio.label_studio.model_dump()
        return Settings(home=tmp_path, label_studio=section, people=people)

    return make


def add(settings: Settings, **options: str) -> tuple[str, str]:
    """Make an account; return address and password."""
    result = add_people(settings, [f"p-{make_password()}@example.org".lower()], **options)
    return result.made[0].address, result.made[0].password


def vote(settings: Settings, address: str, clips: range) -> None:
    """Write votes of an account, cast just now, beside those of the usual annotators."""
    begin = datetime.now(UTC) - timedelta(seconds=1)
    own = answer(annotator_of(address), clips, heard(clips), begin=begin, gap_s=0.001)
    write_campaign(settings, *usual_votes(), own)


def list_rows(settings: Settings) -> Sequence[Row]:
    """List everybody."""
    return list_people(settings, SILENT, campaign=CAMPAIGN).rows()


@pytest.mark.slow
def test_one_refused_address_does_not_keep_others_from_an_account(
    adopt: Callable[..., Settings],
) -> None:
    """Who is there already and what is no address are named with the reason."""
    settings = adopt()
    there, _ = add(settings)
    fresh = f"p-{make_password()}@example.org".lower()
    result = add_people(settings, [there, "nobody", fresh.upper(), fresh])
    assert [account.address for account in result.made] == [fresh]
    assert [address for address, _ in result.refused] == [there, "nobody"]
    with log_in(result.url, fresh, result.made[0].password) as own:
        assert own.whoami().email == fresh
    assert result.made[0].password not in repr(result)


@pytest.mark.slow
def test_accounts_are_listed_beside_their_votes(adopt: Callable[..., Settings]) -> None:
    """Names come from the server, figures from the ledger; an older address stays who it was."""
    settings = adopt()
    address, _ = add(settings, name="Ann Bee")
    renamed, _ = add(settings)
    vote(settings, address, range(6, 18))
    with connect(settings) as api:
        numbers = {user.address: user.id for user in list_users(api)}
    account = make_rows("accounts", project=[PROJECT], user_id=[numbers[renamed]], annotator=[ANN])
    with open_store(settings) as store:
        store.commit({"accounts": account}, message="accounts")
    rows = {row["annotator"]: row for row in list_rows(settings)}
    own = rows[annotator_of(address)]
    assert (own["address"], own["name"], own["today"], own["votes"]) == (address, "Ann Bee", 12, 12)
    assert (own["state"], rows[ANN]["address"], rows[ANN]["votes"]) == ("active", renamed, 60)
    assert annotator_of(renamed) not in rows


@pytest.mark.slow
def test_who_is_kept_out_keeps_votes_and_is_let_in_again(adopt: Callable[..., Settings]) -> None:
    """The state is told; serloop's own account is spared."""
    settings = adopt()
    address, password = add(settings)
    vote(settings, address, range(6, 16))
    url = connect(settings).url
    shown = set_people_active(settings, [address.upper()], is_active=False).rows()
    assert shown == [
        {"address": address, "annotator": annotator_of(address), "state": "deactivated"}
    ]
    with pytest.raises(LabelStudioServerError, match="does not let"):
        log_in(url, address, password)
    rows = {row["address"]: row for row in list_rows(settings)}
    assert (rows[address]["state"], rows[address]["votes"]) == ("deactivated", 10)
    set_people_active(settings, [address], is_active=True)
    log_in(url, address, password).close()
    with pytest.raises(PipelineError, match="that serloop itself uses"):
        set_people_active(settings, ["admin@serloop.example"], is_active=False)
    with pytest.raises(PipelineError, match=r"no account has the address `who@example\.org`"):
        set_people_active(settings, ["who@example.org"], is_active=False)


@pytest.mark.slow
def test_an_enforced_cap_locks_until_the_day_is_over(adopt: Callable[..., Settings]) -> None:
    """Only who has reached it, once; afterwards they are let in, and nobody else is."""
    settings = adopt(votes_per_day=10, enforce_cap=True)
    address, password = add(settings)
    other, _ = add(settings)
    set_people_active(settings, [other], is_active=False)
    vote(settings, address, range(6, 18))
    name = annotator_of(address)
    first = enforce_caps(settings, SILENT, campaign=CAMPAIGN)
    assert first.locked == (name,)
    row = next(row for row in first.rows() if row["annotator"] == name)
    assert (row["today"], row["beyond"], row["now"]) == (12, 2, "locked")
    assert enforce_caps(settings, SILENT, campaign=CAMPAIGN).locked == ()
    with pytest.raises(LabelStudioServerError, match="does not let"):
        log_in(connect(settings).url, address, password)
    states = {row["address"]: row["state"] for row in list_rows(settings)}
    assert (states[address], states[other]) == ("locked until tomorrow", "deactivated")
    # The day is over: what was locked carries yesterday's date, and nothing was voted since.
    write_locks(settings, Locks({name: "2026-01-01"}, {}))
    rules = {"votes_per_day": 99, "enforce_cap": True}
    tomorrow = Settings(home=settings.home, label_studio=settings.label_studio, people=rules)
    assert enforce_caps(tomorrow, SILENT, campaign=CAMPAIGN).unlocked == (name,)
    log_in(connect(settings).url, address, password).close()
    assert read_locks(settings).locked == {}
    states = {row["address"]: row["state"] for row in list_rows(settings)}
    assert states[other] == "deactivated"


@pytest.mark.slow
def test_whom_a_person_lets_in_is_spared_for_the_day(adopt: Callable[..., Settings]) -> None:
    """The cap does not lock again what was reactivated by hand."""
    settings = adopt(votes_per_day=10, enforce_cap=True)
    address, password = add(settings)
    vote(settings, address, range(6, 18))
    assert enforce_caps(settings, SILENT, campaign=CAMPAIGN).locked == (annotator_of(address),)
    set_people_active(settings, [address], is_active=True)
    assert enforce_caps(settings, SILENT, campaign=CAMPAIGN).locked == ()
    log_in(connect(settings).url, address, password).close()


def test_a_cap_that_is_not_enforced_is_told_alone(tmp_path: Path) -> None:
    """No server is asked, nobody is locked out, and votes beyond the cap are counted."""
    settings = Settings(home=tmp_path, people={"votes_per_day": 10})
    vote(settings, "ann@example.org", range(6, 18))
    found = enforce_caps(settings, SILENT, campaign=CAMPAIGN)
    assert (dict(found.reached)[ANN], found.locked) == (12, ())
    listed = {row["annotator"]: row for row in list_rows(settings)}
    assert listed[ANN]["state"] == "no account"


def test_without_a_cap_nobody_reaches_it(tmp_path: Path) -> None:
    """0 means none."""
    settings = Settings(home=tmp_path, people={"enforce_cap": True})
    vote(settings, "ann@example.org", range(6, 18))
    assert enforce_caps(settings, SILENT, campaign=CAMPAIGN).rows() == []


def test_nobody_at_all_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """No server and no votes: nothing to list."""
    settings = Settings(home=tmp_path)
    write_campaign(settings)
    with pytest.raises(NothingToDoError, match="nobody answered in campaign `demo`"):
        list_people(settings, SILENT, campaign=CAMPAIGN)


def test_addresses_of_pages_are_listed_and_renewed(tmp_path: Path) -> None:
    """One per annotator at the gateway's address; a renewed one differs."""
    settings = Settings(home=tmp_path, gateway={"url": "https://labels.example.org/"})
    write_campaign(settings, *usual_votes())
    listed = list_pages(settings, SILENT, campaign=CAMPAIGN).rows()
    before = {row["annotator"]: row["url"] for row in listed}
    assert len(set(before.values())) == 4
    assert all(url.startswith("https://labels.example.org/me/") for url in before.values())
    renew_page(settings, CAMPAIGN, ANN)
    result = list_pages(settings, SILENT, campaign=CAMPAIGN, folder=tmp_path / "pages")
    after = {row["annotator"]: row["url"] for row in result.rows()}
    assert [name for name in before if before[name] != after[name]] == [ANN]
    assert sorted(link.path.name for link in result.links) == sorted(
        path.name for path in (tmp_path / "pages").iterdir()
    )
    with pytest.raises(PipelineError, match="nobody in campaign `demo` has the address"):
        renew_page(settings, CAMPAIGN, "who@example.org")
    for look in (list_pages, list_people):
        with pytest.raises(PipelineError, match="there is no campaign `x`"):
            look(settings, SILENT, campaign="x")
