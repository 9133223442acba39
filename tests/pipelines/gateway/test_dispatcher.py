"""Work is done, one piece per campaign at a time, and never forgotten."""

import signal
from pathlib import Path

from tests.pipelines.gateway.running import KEY, Gateway, open_campaign, run_gateway
from tests.running import wait_for


def test_a_failure_is_said_kept_and_tried_again(hindered_gateway: Gateway) -> None:
    """The reason is in the log and in the status until it works."""
    gateway = hindered_gateway
    refuse = gateway.home / "refuse"
    refuse.touch()
    gateway.send()
    wait_for(lambda: gateway.done("begun").count("collect 00c0ffee") >= 2)
    found = gateway.status()["campaigns"][0]
    assert found["failures"][0]["reason"] == "refused by the test"
    assert (found["waiting"], found["failures"][0]["attempts"] >= 1) == (1, True)
    assert "failed, and will be tried again: refused by the test" in gateway.log
    refuse.unlink()
    wait_for(lambda: gateway.status()["waiting"] == 0)
    assert gateway.status()["campaigns"][0]["failures"] == []


def test_a_process_that_dies_is_a_failure_like_another(hindered_gateway: Gateway) -> None:
    """The server goes on, says how it ended, and another process does the work."""
    gateway = hindered_gateway
    told, handled = gateway.counts()
    (gateway.home / "die").touch()
    gateway.send()
    wait_for(lambda: gateway.counts() == (told + 1, handled + 1))
    assert gateway.done() == ["collect 00c0ffee"]
    assert "its process ended (exit code -9)" in gateway.log


def test_a_round_of_one_campaign_does_not_hold_up_another(tmp_path: Path) -> None:
    """While one campaign trains, the answers of the next are collected."""
    other = "campaign-0badcafe"
    open_campaign(tmp_path, KEY, other)
    with run_gateway(tmp_path) as gateway:
        (tmp_path / "slow-round").touch()
        wait_for(lambda: sorted(gateway.done()) == ["collect 00c0ffee", "collect 0badcafe"])
        gateway.train()
        wait_for(lambda: "round 00c0ffee" in gateway.done("begun"))
        gateway.send(project=other)
        wait_for(lambda: gateway.done().count("collect 0badcafe") == 2)
        assert "round 00c0ffee" not in gateway.done()


def test_answers_that_are_enough_start_a_round(hindered_gateway: Gateway) -> None:
    """Once, however often a look finds that they are, as long as it has not been made."""
    gateway = hindered_gateway
    (gateway.home / "due").touch()
    slow = gateway.home / "slow-due"
    slow.touch()
    gateway.send()
    wait_for(lambda: "due 00c0ffee" in gateway.done("begun"))
    slow.unlink()
    wait_for(lambda: gateway.done().count("due 00c0ffee") == 1)
    (gateway.home / "due").unlink()
    wait_for(lambda: gateway.status()["waiting"] == 0)
    assert gateway.done().count("due 00c0ffee") == 1


def test_campaigns_are_looked_at_without_being_told(tmp_path: Path) -> None:
    """At the start and then at every poll; one that was opened meanwhile is found."""
    open_campaign(tmp_path)
    with run_gateway(tmp_path, poll_s=1) as gateway:
        wait_for(lambda: gateway.done().count("collect 00c0ffee") >= 3)
        open_campaign(tmp_path, "campaign-0badcafe")
        wait_for(lambda: "collect 0badcafe" in gateway.done())
        found = gateway.status()["campaigns"]
    assert [row["campaign"] for row in found] == ["00c0ffee", "0badcafe"]
    assert all(row["collected_at"].startswith("20") for row in found)


def test_what_was_accepted_is_done_after_a_kill(gateway: Gateway) -> None:
    """Killed in the middle of work, with more waiting, it does all of it after the next start."""
    slow = gateway.home / "slow-collect"
    slow.touch()
    gateway.send()
    wait_for(lambda: gateway.done("begun").count("collect 00c0ffee") == 2)
    assert all(gateway.send().status_code == 202 for _ in range(5))
    gateway.train()
    gateway.kill()
    assert gateway.counts() == (7, 0)
    slow.unlink()
    gateway.start()
    wait_for(lambda: gateway.counts() == (7, 7))
    # Whose parent was killed does not finish in its place.
    assert gateway.done().count("round 00c0ffee") == 1


def test_what_is_being_done_when_it_ends_is_done_after_the_next_start(gateway: Gateway) -> None:
    """SIGTERM does not wait for a round of hours, and does not forget it."""
    slow = gateway.home / "slow-round"
    slow.touch()
    gateway.train()
    wait_for(lambda: "round 00c0ffee" in gateway.done("begun"))
    assert gateway.stop(signal.SIGTERM) == 0
    assert gateway.counts() == (1, 0)
    assert "failed" not in gateway.log
    slow.unlink()
    gateway.start()
    wait_for(lambda: gateway.counts() == (1, 1))
