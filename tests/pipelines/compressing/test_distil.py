"""A student is a model like any other, and neither it nor its teachers have met who tests it."""

from pathlib import Path

import pytest

from pipelines.clipset import corpus_clips
from pipelines.compressing.distil import distil
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.judged import require_unheard
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.reproduce import reproduce
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.compression.choice import Distillation
from ser.corpora.synthetic import write_synthetic_corpus
from ser.errors import ConfigurationError, LeakageError
from ser.models.build import count_parameters
from tests.pipelines.encoders import with_encoder
from tests.pipelines.places import borrow

SILENT = SilentProgress()
HELD_OUT = {"test_speakers": ("SYNM05", "SYNF06"), "dev_speakers": ("SYNM01",)}
TINY = {"student": "tiny", "choice": Distillation(speeds=(0.9,))}


@pytest.fixture(scope="module")
def taught(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train a teacher and its student; for reading only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("taught"))
    teacher = train(settings, SILENT, corpus="synthetic", **HELD_OUT).model_id
    return settings, teacher, distil(settings, SILENT, teachers=(teacher,), **TINY)


@pytest.fixture
def changeable(taught, tmp_path: Path):
    """Return a copy to write to, and the teacher."""
    settings, teacher, _ = taught
    return borrow(settings, tmp_path / "home"), teacher


def row_of(settings: Settings, model_id: str) -> dict:
    """Return the row of a model."""
    with open_store(settings) as store:
        return require_model(store, model_id)


def test_a_student_is_a_model_whose_parent_is_its_teacher(taught) -> None:
    """It is recorded with its teacher's clips and held-out speakers, and is smaller."""
    settings, teacher, result = taught
    row, parent = row_of(settings, result.model_id), row_of(settings, teacher)
    assert row["parent"] == teacher
    assert row["config"]["clips"] == parent["config"]["clips"]
    assert result.test_speakers == ("SYNF06", "SYNM05")
    assert result.parameters == count_parameters(load_weights(settings, row).network)
    assert result.teacher_parameters > 3 * result.parameters
    assert result.rows()[0]["times_smaller"] > 3
    assert result.dev_uar is not None


def test_a_student_is_evaluated_like_any_model(changeable, taught) -> None:
    """It judges the speakers that both were kept from."""
    settings, _ = changeable
    assert evaluate(settings, SILENT, model_id=taught[2].model_id).clips == 12


def test_the_same_distillation_is_done_once(changeable, taught) -> None:
    """The same teacher, clips and choices have the same name; another temperature has not."""
    settings, teacher = changeable
    again = distil(settings, SILENT, teachers=(teacher,), **TINY)
    assert (again.model_id, again.is_new) == (taught[2].model_id, False)
    warm = {**TINY, "choice": Distillation(speeds=(0.9,), temperature=2.0)}
    assert distil(settings, SILENT, teachers=(teacher,), **warm).is_new


def test_a_student_comes_back_to_the_last_digit(changeable, taught) -> None:
    """Its weights and figures are reproduced from the snapshot, by its teacher's weights."""
    settings, _ = changeable
    evaluate(settings, SILENT, model_id=taught[2].model_id)
    assert reproduce(settings, SILENT, model_id=taught[2].model_id).is_equal


def test_two_teachers_of_which_one_met_a_test_speaker_are_refused(changeable) -> None:
    """What a teacher tells would hold what it knows of that speaker."""
    settings, teacher = changeable
    other = train(settings, SILENT, corpus="synthetic", test_speakers=("SYNF02",)).model_id
    with pytest.raises(LeakageError, match="cannot be judged on clips that it learned from"):
        distil(settings, SILENT, teachers=(teacher, other), **TINY)


def test_two_teachers_judge_together(changeable) -> None:
    """The student of both is another than that of one, and both are told."""
    settings, teacher = changeable
    seeded = settings.training.model_copy(update={"seed": 1})
    other = train(
        settings.model_copy(update={"training": seeded}), SILENT, corpus="synthetic", **HELD_OUT
    ).model_id
    result = distil(settings, SILENT, teachers=(teacher, other), **TINY)
    assert result.teachers == (teacher, other)
    assert result.is_new
    assert row_of(settings, result.model_id)["parent"] == teacher


def test_clips_without_labels_are_heard(changeable, tmp_path: Path) -> None:
    """Another corpus brings its clips, by name in the record; the student's own is refused."""
    settings, teacher = changeable
    write_synthetic_corpus(tmp_path / "calls", speakers=2, sentences=1, seed=7)
    files = sorted(path.relative_to(tmp_path / "calls") for path in tmp_path.rglob("*.wav"))
    lines = ["path,speaker", *(f"{file},{file.parent}" for file in files)]
    (tmp_path / "calls" / "manifest.csv").write_text("\n".join(lines))
    ingest(settings, SILENT, corpus="manifest", root=tmp_path / "calls", name="strange")
    result = distil(settings, SILENT, teachers=(teacher,), unlabelled=("strange",), **TINY)
    assert result.unlabelled == 12
    heard = row_of(settings, result.model_id)["config"]["distil"]["clips"]
    assert all(clip.startswith("strange/") for clip in heard)
    with (
        open_store(settings) as store,
        pytest.raises(LeakageError, match="cannot be judged on clips that it heard"),
    ):
        require_unheard(
            store, require_model(store, result.model_id), corpus_clips(store, "strange")
        )
    with pytest.raises(PipelineError, match="the corpus the student is taught and tested on"):
        distil(settings, SILENT, teachers=(teacher,), unlabelled=("synthetic",), **TINY)


def test_a_solved_teacher_teaches_by_heads_that_never_heard_a_clip(
    ingested: Settings, tmp_path: Path
) -> None:
    """A student of a frozen encoder reads log-mel; what the encoder says of copies is kept."""
    settings = with_encoder(ingested, tmp_path / "models")
    extract(settings, SILENT)
    teacher = train(settings, SILENT, corpus="synthetic", test_speakers=("SYNM01",)).model_id
    result = distil(settings, SILENT, teachers=(teacher,), **TINY)
    row = row_of(settings, result.model_id)
    assert row["feature_set"].startswith("log_mel-")
    (kept,) = (settings.home / "cache" / "copies").iterdir()
    written = kept.stat().st_mtime_ns
    with_memory = {**TINY, "choice": Distillation(speeds=(0.9,), folds=0)}
    itself = distil(settings, SILENT, teachers=(teacher,), **with_memory)
    assert kept.stat().st_mtime_ns == written
    assert itself.model_id != result.model_id
    told = {**TINY, "choice": Distillation(speeds=(0.9,), judges_copies=False)}
    assert distil(settings, SILENT, teachers=(teacher,), **told).copies == 1


def test_a_student_that_is_too_large_is_refused(changeable) -> None:
    """The setting that says how large it may be is named."""
    settings, teacher = changeable
    limit = settings.compression.model_copy(update={"student_parameters": 10_000})
    small = settings.model_copy(update={"compression": limit})
    with pytest.raises(PipelineError, match=r"`compression.student_parameters` allows 10000"):
        distil(small, SILENT, teachers=(teacher,), **TINY)


def test_what_cannot_be_done_is_refused(changeable) -> None:
    """An unknown student, an unknown teacher and a loss that learns no posterior are named."""
    settings, teacher = changeable
    with pytest.raises(ConfigurationError, match="got `huge`"):
        distil(settings, SILENT, teachers=(teacher,), student="huge")
    with pytest.raises(PipelineError, match="no model `nobody`"):
        distil(settings, SILENT, teachers=("nobody",))
    loss = settings.training.model_copy(update={"loss": "focal"})
    with pytest.raises(PipelineError, match=r"`training.loss` is `focal`"):
        distil(settings.model_copy(update={"training": loss}), SILENT, teachers=(teacher,))
