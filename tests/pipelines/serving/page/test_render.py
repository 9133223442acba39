"""The page says what the model that answers was calibrated for."""

from pipelines.serving.load import load_recogniser
from pipelines.serving.page.render import render_page
from tests.pipelines.places import Trained
from tests.pipelines.serving.running import put_calibration


def test_the_page_says_what_not_sure_means(crowned: Trained) -> None:
    """A calibrated model names its promise, another one when it is not sure."""
    plain = load_recogniser(crowned.settings)
    assert "was not calibrated" in render_page(crowned.settings, plain, needs_key=False)
    put_calibration(crowned.settings, crowned.model_id, "c", coverage=0.925)
    calibrated = load_recogniser(crowned.settings)
    text = render_page(crowned.settings, calibrated, needs_key=False)
    assert "hold the right one for 92.5&nbsp;% of the clips" in text
    assert "was not calibrated" not in text
