"""Clips without labels are heard where settings say so, and nobody who is held out is heard."""

import json
import shutil
from collections import Counter
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from pipelines.clipset import corpus_clips, select_clip_set
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.judged import require_unheard
from pipelines.model_report import gather_model
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.report.model.render import render_model, write_sentence
from pipelines.reproduce import reproduce
from pipelines.sections import NetworkSettings
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.unlabelled import check_unlabelled, keep_label_share, select_unlabelled
from pipelines.workspace import open_store
from ser.corpora.synthetic import write_synthetic_corpus
from ser.corpora.testing import write_tone
from ser.errors import ConfigurationError, LeakageError
from tests.pipelines.encoders import with_encoder
from tests.pipelines.places import make_settings

SILENT = SilentProgress()
PRETRAINED = {"pretraining": {"objective": "simclr", "updates": 2, "batch_size": 16}}


def asking(settings: Settings, **training: object) -> Settings:
    """Return settings that train so."""
    chosen = settings.training.model_copy(update=training)
    return settings.model_copy(update={"training": chosen})


def row_of(settings: Settings, model_id: str):
    """Return the row of a model."""
    with open_store(settings) as store:
        return require_model(store, model_id)


def clips_of(store, **chosen):
    """Return the labelled clips of the corpus."""
    return select_clip_set(store, corpus="synthetic", labels="intended", **chosen)


def test_nobody_held_out_is_heard(ingested_once: Settings) -> None:
    """Neither test nor development speakers, whose judgement would be flattered."""
    with open_store(ingested_once) as store:
        names = sorted(set(clips_of(store).speakers))
        clips = clips_of(store, test_speakers=names[:2], dev_speakers=names[2:3])
        found = select_unlabelled(store, clips, "synthetic", None)
    assert found.held_out == tuple(names[:3])
    assert set(found.clip_ids) == set(clips.ids(clips.train))
    assert set(found.speakers) == set(names[3:])
    check_unlabelled(found, found.describe())
    with pytest.raises(PipelineError, match=r"heard 1 clips of `synthetic`.*train it again"):
        check_unlabelled(found, {**found.describe(), "clips": 1})


def test_a_share_of_the_labels_keeps_every_class(ingested_once: Settings) -> None:
    """The same draw each time, another one by another seed, and who is tested stays."""
    with open_store(ingested_once) as store:
        clips = clips_of(store)
    kept = keep_label_share(clips, 0.25, 0)
    counts = kept.targets[kept.train].argmax(axis=1)
    assert sorted(counts.tolist()) == sorted(range(6))
    assert kept.train.tolist() == keep_label_share(clips, 0.25, 0).train.tolist()
    assert kept.train.tolist() != keep_label_share(clips, 0.25, 1).train.tolist()
    assert set(kept.train) < set(clips.train)
    assert kept.test.tolist() == clips.test.tolist()
    assert keep_label_share(clips, None, 0) is clips


@pytest.mark.parametrize("semi", ["fixmatch", "mean_teacher"])
def test_what_is_heard_without_labels_is_recorded(ingested: Settings, semi: str) -> None:
    """With few labels, the others are heard; the model row says so, and can be made again."""
    settings = asking(ingested, semi=semi, label_share=0.5, updates=4)
    result = train(settings, SILENT, corpus="synthetic", recipe="round")
    row = row_of(settings, result.model_id)
    config, metrics = row["config"], json.loads(row["metrics"])
    assert result.clips == len(config["clips"]) == 12
    assert config["label_share"] == 0.5
    assert config["unlabelled"]["corpus"] == "synthetic"
    assert config["unlabelled"]["clips"] == 24
    assert config["training"]["semi"] == semi
    assert metrics["beside"]
    assert reproduce(settings, SILENT, model_id=result.model_id).is_equal


def test_a_solved_head_teaches_itself(ingested: Settings, tmp_path: Path) -> None:
    """With the clips whose labels it may not know, and as it would again; steps do not."""
    settings = with_encoder(ingested, tmp_path / "models")
    extract(settings, SILENT)
    settings = asking(settings, semi="self_training", label_share=0.5)
    learn = partial(train, progress=SILENT, corpus="synthetic", recipe="round")
    row = row_of(settings, learn(settings).model_id)
    assert row["config"]["solver"] == "ridge"
    assert row["config"]["unlabelled"]["clips"] == 24
    trained = load_weights(settings, row)
    assert trained.training["clips"] == 12
    assert trained.training["unlabelled"] == 12
    with open_store(settings) as store:
        page = render_model(gather_model(store, row["model_id"]))
    assert "Solved for at once by ridge regression: loss " in page
    assert "labels: intended, and from 24 clips of Synthetic" in page
    assert "Training curve" not in page
    assert reproduce(settings, SILENT, model_id=row["model_id"]).is_equal
    # With all labels nothing is left to believe.
    whole = learn(asking(settings, label_share=1.0)).model_id
    assert "unlabelled" not in load_weights(settings, row_of(settings, whole)).training
    with pytest.raises(PipelineError, match=r"`self_training`.*`training.solver` is `descent`"):
        learn(asking(settings, solver="descent"))
    with pytest.raises(PipelineError, match=r"`self_training`.*no `layers`.* without a hidden"):
        learn(asking(ingested, semi="self_training"))


def test_pretrained_weights_are_made_once(ingested: Settings) -> None:
    """Seeds and labels that change nothing about them share a file; reproducing makes them anew."""
    settings = ingested.model_copy(update={"pretraining": Settings(**PRETRAINED).pretraining})
    settings = settings.model_copy(
        update={"pretraining": settings.pretraining.model_copy(update={"supervised": 0.0})}
    )
    first = train(asking(settings, label_share=0.5), SILENT, corpus="synthetic", recipe="round")
    (kept,) = settings.artifacts.glob("*.pretrained")
    written = kept.stat().st_mtime_ns
    second = train(asking(settings, label_share=1.0), SILENT, corpus="synthetic", recipe="round")
    plain = train(ingested, SILENT, corpus="synthetic", recipe="round")
    assert len({first.model_id, second.model_id, plain.model_id}) == 3
    assert [path.stat().st_mtime_ns for path in settings.artifacts.glob("*.pretrained")] == [
        written
    ]
    config = row_of(settings, first.model_id)["config"]
    assert config["pretraining"]["objective"] == "simclr"
    assert config["pretraining"]["heard"]["clips"] == 24
    with open_store(settings) as store:
        told = [write_sentence(gather_model(store, one.model_id)) for one in (first, plain)]
    assert ["without labels" in sentence for sentence in told] == [True, False]
    assert "pretraining" not in row_of(settings, plain.model_id)["config"]
    assert reproduce(settings, SILENT, model_id=first.model_id).is_equal


def test_another_corpus_is_heard_without_its_labels(
    ingested: Settings, synthetic_root: Path, tmp_path: Path
) -> None:
    """All of it where nobody is known who could judge, but no sound of whoever is tested."""
    settings = asking(ingested, domain="coral", target_corpus="calls", updates=4)
    with pytest.raises(PipelineError, match="corpus `calls` has no clips"):
        train(settings, SILENT, corpus="synthetic", recipe="round")
    root = tmp_path / "calls"
    write_synthetic_corpus(tmp_path / "new", speakers=2, sentences=1, repetitions=1, seed=1)
    root.mkdir()
    for number, path in enumerate(sorted((tmp_path / "new").rglob("*.wav"))):
        shutil.copy2(path, root / f"{number}.wav")
    # One recording of a test speaker is among them under another name.
    with open_store(ingested) as store:
        clips = clips_of(store)
        tested = clips.ids(clips.test)[0].partition("/")[2]
    shutil.copy2(next(synthetic_root.rglob(f"{tested}.wav")), root / "again.wav")
    ingest(settings, SILENT, corpus="folder", root=root, name="calls")
    result = train(settings, SILENT, corpus="synthetic", recipe="round")
    config = row_of(settings, result.model_id)["config"]
    assert config["unlabelled"]["corpus"] == "calls"
    assert config["unlabelled"]["held_out"] == []
    assert config["unlabelled"]["clips"] == len(list(root.iterdir())) - 1
    assert not any(clip_id.startswith("calls/") for clip_id in config["clips"])
    assert reproduce(settings, SILENT, model_id=result.model_id).is_equal


@pytest.mark.parametrize(
    ("training", "problem"),
    [
        ({"domain": "coral"}, "`training.target_corpus` names none"),
        ({"target_corpus": "urdu"}, "nothing listens to it"),
        ({"semi": "fixmatch", "classes": False, "ratings": "arousal"}, "ratings alone|arousal"),
    ],
    ids=["no target", "no use", "no classes"],
)
def test_what_contradicts_itself_is_refused(ingested: Settings, training, problem) -> None:
    """Before anything is trained, with the remedy."""
    with pytest.raises((PipelineError, ConfigurationError), match=problem):
        train(asking(ingested, **training), SILENT, corpus="synthetic", recipe="round")


def test_only_log_mel_is_pretrained_on(ingested: Settings) -> None:
    """Views are varied as sounds are."""
    settings = ingested.model_copy(update={"pretraining": Settings(**PRETRAINED).pretraining})
    features = settings.features.model_copy(update={"kind": "mfcc"})
    with pytest.raises(PipelineError, match=r"varies log-mel.*`features.kind` is `mfcc`"):
        train(
            settings.model_copy(update={"features": features}),
            SILENT,
            corpus="synthetic",
            recipe="round",
        )


@pytest.fixture
def tones(tmp_path: Path) -> Settings:
    """Return a warehouse of two corpora of tones, four speakers and emotions each."""
    settings = make_settings(tmp_path / "home")
    for number, (speaker, emotion) in enumerate(product(("SM1", "SM2", "SF3", "SF4"), "AHNS")):
        write_tone(
            tmp_path / "urdu" / f"{speaker}_F1_{emotion}01.wav", pitch_hz=150.0 + 20 * number
        )
    for number, (speaker, emotion) in enumerate(product(("03", "08", "09", "10"), "WFNT")):
        write_tone(tmp_path / "emodb" / f"{speaker}a01{emotion}a.wav", pitch_hz=155.0 + 20 * number)
    for corpus in ("urdu", "emodb"):
        ingest(settings, SILENT, corpus=corpus, root=tmp_path / corpus)
    return settings


def test_a_head_over_an_encoder_is_moved_by_one_setting(tones: Settings, tmp_path: Path) -> None:
    """It gets a hidden layer, as nothing but the outputs could be moved otherwise."""
    settings = with_encoder(tones, tmp_path / "models")
    for corpus in ("emodb", "urdu"):
        extract(settings, SILENT, corpus=corpus)
    learn = partial(train, progress=SILENT, corpus="emodb", taxonomy="emotion-4")
    near = asking(settings, domain="coral", target_corpus="urdu", epochs=1)
    plain, moved = (row_of(settings, learn(given).model_id) for given in (settings, near))
    assert plain["config"]["solver"] == "ridge"
    assert moved["config"]["network"]["embedding_size"] == 64
    assert "domain_distance" in json.dumps(load_weights(settings, moved).training)
    flat = near.model_copy(update={"network": NetworkSettings(embedding_size=0)})
    with pytest.raises(ConfigurationError, match="`embedding_size` is 0"):
        learn(flat)


def test_two_corpora_are_learned_together(tones: Settings) -> None:
    """Each keeps its own test speakers out, and is judged on them alone."""
    learn = partial(train, progress=SILENT, corpus="emodb", recipe="round", taxonomy="emotion-4")
    settings = asking(tones, also="urdu", balance_groups=True, updates=4)
    result = learn(settings)
    config = row_of(settings, result.model_id)["config"]
    held_out = config["also"]["urdu"]["held_out"]
    assert len(held_out) == 1
    corpora = [clip_id.partition("/")[0] for clip_id in config["clips"]]
    assert Counter(corpora) == {"emodb": 12, "urdu": 12}
    assert config["clips"] == sorted(config["clips"])
    assert not any(held_out[0] in clip_id for clip_id in config["clips"])
    judged = evaluate(settings, SILENT, model_id=result.model_id, corpus="urdu")
    assert judged.clips == 4
    assert reproduce(settings, SILENT, model_id=result.model_id).is_equal
    with pytest.raises(PipelineError, match="must name each other corpus once"):
        learn(asking(tones, also="emodb"))


def test_who_heard_a_corpus_is_judged_on_whom_it_was_kept_from(tones: Settings) -> None:
    """Clips that were heard without labels would flatter it."""
    settings = asking(tones, domain="coral", target_corpus="urdu", updates=4)
    result = train(settings, SILENT, corpus="emodb", recipe="round", taxonomy="emotion-4")
    judged = evaluate(settings, SILENT, model_id=result.model_id, corpus="urdu")
    assert judged.clips == 4
    row = row_of(settings, result.model_id)
    with open_store(settings) as store, pytest.raises(LeakageError, match="heard, though without"):
        require_unheard(store, row, corpus_clips(store, "urdu"))
