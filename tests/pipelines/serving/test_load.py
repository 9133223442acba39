"""What answers is what the warehouse says should."""

import pytest

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.exporting.export import export
from pipelines.progress import SilentProgress
from pipelines.serving.load import choose, load_recogniser
from pipelines.serving.meters import Meters
from pipelines.serving.swap import Champion
from ser.errors import ArtifactError
from ser.inference.recogniser import FrameRecogniser
from tests.pipelines.places import Trained
from tests.pipelines.serving.running import crown, put_calibration, put_twin, tone


def test_a_champion_is_loaded_with_its_newest_calibration(crowned: Trained) -> None:
    """Of several calibrations the one of the latest snapshot counts."""
    assert load_recogniser(crowned.settings).calibration is None
    put_calibration(crowned.settings, crowned.model_id, "b", coverage=0.8, snapshot=2)
    put_calibration(crowned.settings, crowned.model_id, "a", coverage=0.9, snapshot=3)
    loaded = load_recogniser(crowned.settings)
    assert loaded.calibration is not None
    assert loaded.calibration.coverage == 0.9
    assert (loaded.model_id, loaded.line) == (crowned.model_id, "synthetic")


def test_an_exported_champion_answers_the_same(crowned: Trained) -> None:
    """A bundle takes the place of PyTorch, says the same, and is not believed once changed."""
    own = load_recogniser(crowned.settings)
    export(crowned.settings, SilentProgress(), model_id=crowned.model_id, features="outside")
    bundled = load_recogniser(crowned.settings)
    assert bundled.sha256 != own.sha256
    assert isinstance(bundled.recogniser, FrameRecogniser)
    sounds = [tone(0.7), tone(2.0)]
    wanted = own.recogniser.judge(sounds)
    assert bundled.recogniser.judge(sounds) == pytest.approx(wanted, abs=1e-4)
    choice = choose(crowned.settings)
    assert choice.bundle is not None
    folder = crowned.settings.artifacts / choice.bundle["artifact"]
    alone = load_recogniser(crowned.settings, bundle=folder)
    assert alone.model_id == crowned.model_id
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ArtifactError):
        load_recogniser(crowned.settings)


def test_a_champion_is_followed(crowned: Trained) -> None:
    """A look takes over what should answer, once; a model by its name stays."""
    put_twin(crowned.settings, crowned.model_id, "successor")
    first = load_recogniser(crowned.settings)
    champion = Champion(first, crowned.settings, Meters(), choice=choose(crowned.settings))
    pinned = Champion(
        first,
        crowned.settings,
        Meters(),
        choice=choose(crowned.settings, model_id=crowned.model_id),
        model_id=crowned.model_id,
    )
    assert not champion.look()
    crown(crowned.settings, "successor")
    assert champion.look()
    assert champion.loaded.model_id == "successor"
    assert not champion.look()
    assert not pinned.look()
    put_calibration(crowned.settings, crowned.model_id, "new", snapshot=9)
    assert pinned.look()
    assert pinned.loaded.calibration is not None


def test_a_line_that_is_gone_is_told_and_the_old_goes_on(crowned: Trained) -> None:
    """A roll-back to nobody leaves what answers."""
    first = load_recogniser(crowned.settings)
    champion = Champion(first, crowned.settings, Meters(), choice=choose(crowned.settings))
    crown(crowned.settings, "nobody-ever-trained")
    assert not champion.look()
    assert champion.loaded is first


def test_a_model_nobody_knows(trained: Trained) -> None:
    """The message names the ones there are; an unknown line says how to make a champion."""
    with pytest.raises(PipelineError, match=trained.model_id):
        load_recogniser(trained.settings, model_id="nothing")
    with pytest.raises(NothingToDoError, match="line `moon` has no champion"):
        load_recogniser(trained.settings, line="moon")
