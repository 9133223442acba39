"""The section on the whole pool says what is known of it, and marks what selection distorts."""

from dataclasses import dataclass

import pytest

from annotation.estimates import PoolEstimate
from pipelines.report.page import page_environment
from pipelines.report.pool_estimates import PoolSection, list_shares

NAN = float("nan")


@dataclass(frozen=True)
class Page:
    """What the section reads of a page's content."""

    pool: PoolSection | None
    is_synthetic: bool = True
    has_simulated_votes: bool = False


def three_ways(quantity: str, label: str, naive: float, corrected: float) -> list[PoolEstimate]:
    """Return a quantity's estimates; the corrected one is known to a tenth."""
    ends = {"naive": naive, "corrected": corrected, "random": corrected}
    return [
        PoolEstimate(quantity, label, method, value, value - 0.1, value + 0.1, clips=10)
        for method, value in ends.items()
    ]


@pytest.fixture
def section() -> PoolSection:
    """Return a section with one share that selection distorts, one not, and one undefined."""
    estimates = [
        *three_ways("class_share", "anger", 0.6, 0.3),
        *three_ways("pair_disagreement", "", 0.45, 0.4),
        *three_ways("agreement_with_model", "", 0.8, NAN),
    ]
    return PoolSection(pool=1200, asked=60, answered=50, shares=list_shares(estimates))


def render(page: Page) -> str:
    """Return the section's HTML."""
    return page_environment().get_template("pool_estimates.html.j2").render(content=page)


def test_shares_are_told_in_words_and_undefined_ones_left_out(section: PoolSection) -> None:
    """A number that nothing can correct is not shown at all."""
    assert [share.title for share in section.shares] == ["Share of anger", "Two people differ"]
    assert [share.is_misled for share in section.shares] == [True, False]


def test_the_section_marks_what_selection_distorts(section: PoolSection) -> None:
    """Corrected first with its interval; a plain mean outside it stands out."""
    text = render(Page(section))
    assert "What 1,200 clips that may be asked about" in text
    assert '<strong>.30</strong> <span class="muted">[.20,\N{NO-BREAK SPACE}.40]' in text
    assert '<strong class="differs">.60</strong>' in text
    assert '<td class="number">.45</td>' in text
    assert "synthetic speech" in text


def test_without_estimates_there_is_no_section() -> None:
    """A page before the first answers does not show an empty table."""
    empty = PoolSection(pool=9, asked=0, answered=0, shares=())
    assert [render(Page(pool)).strip() for pool in (None, empty)] == ["", ""]
