"""The page says whether more rounds are worth asking, and when it cannot know."""

import re
from dataclasses import replace

from pipelines.report.outlook import write_forecast
from pipelines.report.render import render_report
from pipelines.report.testing import build_sample_content


def section(content) -> str:
    """Return the words of the section, charts left out."""
    page = render_report(content)
    found = page[page.index('id="h-outlook"') :]
    found = re.sub(r"<svg.*?</svg>", " ", found[: found.index("</section>")], flags=re.S)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))
    return words.replace("&lt;", "<").replace("\N{NO-BREAK SPACE}", " ")


def test_every_criterion_is_told() -> None:
    """Its figure, its threshold, its answer and its words stand on the page, and the advice."""
    text = section(build_sample_content())
    assert "predicted change .019 < .010 go on" in text
    assert "stabilising predictions .812 ≥ .990 go on" in text
    assert "gain per hour .003 < .005 stop" in text
    assert "444 votes at 8.1 s" in text
    assert "1 of 3 say stop" in text
    assert "Nothing stops by itself" in text


def test_the_forecast_is_drawn_and_told() -> None:
    """A chart of either width, and the sentence of where the curve leads."""
    content = build_sample_content()
    page = render_report(content)
    assert page.count('aria-label="Forecast of the learning curve · synthetic speech"') == 2
    assert "840 votes the active arm is expected at UAR .69 [.56, .78]" in section(content)


def test_too_few_rounds_are_said() -> None:
    """Before the third round there is neither forecast nor chart."""
    content = build_sample_content(rounds=2)
    assert "needs 3 rounds" in section(content)
    assert "predicted change n/a < .010 not yet" in section(content)
    assert "Forecast of the learning curve" not in render_report(content)
    assert write_forecast(content.outlook) == ""


def test_scatter_and_an_empty_pool_are_said() -> None:
    """Whoever reads the band learns why it is wide, and that nothing is left to ask."""
    content = build_sample_content()
    outlook = replace(content.outlook, scatter=2.5, clips_left=0)
    text = section(replace(content, outlook=outlook))
    assert "2.5 times further from the curve" in text
    assert "Every clip that may be asked about has been" in text


def test_without_an_outlook_there_is_no_section() -> None:
    """A page of other content does not promise one."""
    assert "When to stop" not in render_report(replace(build_sample_content(), outlook=None))
