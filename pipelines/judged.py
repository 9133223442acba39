"""Which clips a model may be judged on, with their truth, behind the firewall."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.taxonomies import TaxonomyMap, build_mapping
from pipelines.clipset import DEV, TEST, ClipSet, corpus_classes, corpus_clips, select_clip_set
from pipelines.convert import read_posterior
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.taxonomies import share_mapping
from ser.errors import LeakageError
from ser.training.folds import Split, check_audio_together, check_speaker_disjoint
from warehouse import Warehouse, queries

JudgedPart = Literal["test", "dev"]
FACTS = ("gender", "age", "language", "snr_db")


@dataclass(frozen=True, eq=False)
class JudgedClips:
    """Labelled clips that a model did not learn from, in clip-id order.

    Args:
        clip_ids: N ids.
        speakers: Speaker of each clip, N names.
        targets: P(class) of each clip by the truth, float64 ``(N, C)``, rows sum to 1.
        is_decided: Whether one class of it leads, ``(N,)``: a tie can be judged by no label.
        facts: The columns `FACTS` of the clips, by which they are grouped.
        classes: C names.
        taxonomy: Name of the class list, the model's.
        mapping: Mapping that the truth came to it by; None for labels given in it.
        dropped: Clips of these speakers left out because the mapping drops their label.
    """

    clip_ids: tuple[str, ...]
    speakers: tuple[str, ...]
    targets: npt.NDArray[np.float64]
    is_decided: npt.NDArray[np.bool_]
    facts: pa.Table
    classes: tuple[str, ...]
    taxonomy: str
    mapping: str | None
    dropped: int

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The leading class of each clip, ``(N,)``."""
        labels: npt.NDArray[np.int64] = self.targets.argmax(axis=1)
        return labels

    def take(self, positions: npt.NDArray[np.int64]) -> "JudgedClips":
        """Return the clips at `positions`."""
        return JudgedClips(
            clip_ids=tuple(self.clip_ids[position] for position in positions),
            speakers=tuple(self.speakers[position] for position in positions),
            targets=self.targets[positions],
            is_decided=self.is_decided[positions],
            facts=self.facts.take(pa.array(positions)),
            classes=self.classes,
            taxonomy=self.taxonomy,
            mapping=self.mapping,
            dropped=self.dropped,
        )

    def decided(self) -> "JudgedClips":
        """Return the clips with one leading class."""
        return self.take(np.flatnonzero(self.is_decided))


def select_judged(
    store: Warehouse,
    model: Mapping[str, Any],
    *,
    truth: str,
    part: JudgedPart = "test",
    corpus: str | None = None,
    with_ratings: bool = False,
) -> JudgedClips:
    """Collect the clips of a part of a model's corpus, or of another corpus, with their truth.

    Args:
        store: The warehouse.
        model: A row from `pipelines.models.require_model`.
        truth: `intended`, or the id of a consensus run; labels in another taxonomy are mapped to
            the model's, those of its own corpus as its training labels were.
        part: The speakers it was kept from, or those its best epoch was chosen on.
        corpus: Another corpus, all of whose known speakers are judged; None for the model's own.
        with_ratings: Whether a model of ratings alone is welcome; its clips come without classes
            and all of them decided, for no label judges it.

    Raises:
        PipelineError: If truth and model differ in their classes, the model has none and is not
            welcome, or no speaker is known.
        LeakageError: If the model learned from a clip, a speaker or audio among them.
        TaxonomyError: If no mapping leads from the truth's taxonomy to the model's.
        NothingToDoError: If the part is empty or none of its clips has a label.
    """
    if not with_ratings:
        require_classes(model)
    own = model["config"]["corpus"]
    if corpus in {None, own}:
        clips = select_clip_set(
            store,
            corpus=own,
            labels=truth,
            test_speakers=model["config"]["test_speakers"],
            dev_speakers=model["config"]["dev_speakers"],
            taxonomy=taxonomy_of(model) if model["classes"] else None,
        )
    else:
        if part == DEV:
            raise PipelineError(
                f"corpus `{corpus}` has no dev part of `{model['model_id']}`; judge `test`"
            )
        clips = _select_foreign(store, model, str(corpus), truth)
    if model["classes"]:
        require_same_classes(model, clips, is_mapped_alike=corpus in {None, own})
    positions = clips.test if part == TEST else clips.dev
    if not positions.size:
        speakers = ", ".join(clips.test_speakers if part == TEST else clips.dev_speakers) or "none"
        raise NothingToDoError(
            f"no clip of the {part} speakers ({speakers}) has a label from `{truth}`"
        )
    everything = corpus_clips(store, own if corpus is None else corpus)
    chosen = _rows_of(everything, clips.ids(positions))
    require_unheard(store, model, chosen, part)
    if not model["classes"]:
        clips = replace(clips, classes=(), targets=np.ones((len(clips.clip_ids), 0), np.float32))
    is_decided = np.isin(positions, clips.decided(positions))
    return JudgedClips(
        clip_ids=tuple(clips.ids(positions)),
        speakers=tuple(clips.speakers[positions].tolist()),
        targets=_normalise(clips.targets[positions]),
        is_decided=is_decided,
        facts=chosen.select(FACTS),
        classes=clips.classes,
        taxonomy=clips.taxonomy,
        mapping=clips.mapping,
        dropped=clips.dropped[part],
    )


def taxonomy_of(model: Mapping[str, Any]) -> str | TaxonomyMap:
    """Return the rules that a model's labels were mapped by, or where they led."""
    rules = model["config"].get("rules")
    return build_mapping(rules) if rules else str(model["taxonomy"])


def require_classes(model: Mapping[str, Any]) -> None:
    """Refuse a model of ratings alone where its classes are wanted.

    Args:
        model: A row from `require_model`.

    Raises:
        PipelineError: If it has none, with what judges it instead.
    """
    if not model["classes"]:
        raise PipelineError(
            f"model `{model['model_id']}` predicts ratings alone, which no label can judge; "
            f"`serloop evaluate {model['model_id']}` judges them by people's ratings"
        )


def require_same_classes(
    model: Mapping[str, Any], clips: ClipSet, *, is_mapped_alike: bool = True
) -> None:
    """Refuse a truth that is not in the classes the model predicts, or means others by them.

    Args:
        model: A row from `require_model`.
        clips: The clips with their truth.
        is_mapped_alike: Whether a mapping must be the model's own, as within one corpus.

    Raises:
        PipelineError: With both.
    """
    has_same_classes = (clips.taxonomy, list(clips.classes)) == (
        model["taxonomy"],
        model["classes"],
    )
    # Labels given in the classes themselves need no mapping, on either side.
    is_other = (
        is_mapped_alike
        and model["mapping"]
        and clips.mapping
        and not share_mapping(model["mapping"], clips.mapping)
    )
    if not has_same_classes or is_other:
        raise PipelineError(
            f"model `{model['model_id']}` predicts {model['classes']} "
            f"(`{model['mapping'] or model['taxonomy']}`), but the truth is in "
            f"{list(clips.classes)} (`{clips.mapping or clips.taxonomy}`); train a model on such "
            "labels, or judge this one by others"
        )


def require_unheard(
    store: Warehouse, model: Mapping[str, Any], judged: pa.Table, part: JudgedPart = "test"
) -> None:
    """Refuse clips that a model learned from, or whose speaker or audio it learned from.

    The clips it learned from are those its configuration lists, whoever is said to speak them
    now; for the test part, the clips of its dev speakers count as learned from.

    Args:
        store: The warehouse.
        model: A row from `require_model`.
        judged: Rows of `clips` with `audio`, as `corpus_clips` returns them.
        part: The part they are judged as.

    Raises:
        LeakageError: With the offenders.
    """
    config = model["config"]
    heard = set(config.get("distil", {}).get("clips", ())) & set(judged["clip_id"].to_pylist())
    if heard:
        raise LeakageError(
            f"model `{model['model_id']}` cannot be judged on clips that it heard, though without "
            f"labels: {len(heard)} of {judged.num_rows}, such as `{min(heard)}`; judge models on "
            "speakers they were kept from"
        )
    _refuse_heard(model, judged)
    own = pa.concat_tables(
        [corpus_clips(store, name) for name in (config["corpus"], *config.get("also", ()))]
    )
    is_learned = pc.is_in(own["clip_id"], pa.array(config["clips"], pa.string()))
    if part == TEST:
        tuned = pc.is_in(own["speaker"], pa.array(config["dev_speakers"], pa.string()))
        is_learned = pc.or_(is_learned, pc.and_(pc.is_valid(own["speaker"]), tuned))
    learned = own.filter(is_learned)
    shared = learned.filter(pc.is_in(learned["clip_id"], judged["clip_id"].combine_chunks()))
    if shared.num_rows:
        raise LeakageError(
            f"model `{model['model_id']}` cannot be judged on clips that it learned from: "
            f"{shared.num_rows} of {judged.num_rows}, such as `{shared['clip_id'][0]}` of "
            f"speaker `{shared['speaker'][0]}`; judge models on speakers they were kept from"
        )
    columns = {
        name: [*learned[name].to_pylist(), *judged[name].to_pylist()]
        for name in ("clip_id", "speaker", "audio")
    }
    places = np.arange(len(columns["clip_id"]))
    nobody = np.empty(0, np.int64)
    split = Split(train=places[: learned.num_rows], dev=nobody, test=places[learned.num_rows :])
    try:
        check_speaker_disjoint({"speaker": columns["speaker"]}, split)
        check_audio_together(columns["clip_id"], columns["speaker"], columns["audio"], split)
    except LeakageError as error:
        raise LeakageError(
            f"model `{model['model_id']}` cannot be judged on what it learned from: {error}"
        ) from error


def _refuse_heard(model: Mapping[str, Any], judged: pa.Table) -> None:
    """Refuse clips of a corpus that a model heard without labels, but for those of its held out."""
    heard = model["config"].get("unlabelled")
    if heard is None:
        return
    is_free = pc.is_in(judged["speaker"], pa.array(heard["held_out"], pa.string()))
    is_there = pc.equal(judged["corpus"], heard["corpus"])
    odd = judged.filter(pc.and_(is_there, pc.invert(is_free)))
    if odd.num_rows:
        raise LeakageError(
            f"model `{model['model_id']}` cannot be judged on clips that it heard, though without "
            f"labels: {odd.num_rows} of {judged.num_rows}, such as `{odd['clip_id'][0]}`; judge "
            "models on speakers they were kept from"
        )


def read_judgement(
    store: Warehouse, model: Mapping[str, Any], clips: JudgedClips
) -> tuple[JudgedClips, npt.NDArray[np.float64]]:
    """Return the clips that a model has predicted, and its stored posterior of them, ``(N, C)``.

    Raises:
        NothingToDoError: If it has predicted none of them.
    """
    stored = queries.select_predictions(store, model["model_id"])
    ids = pa.array(clips.clip_ids, pa.string())
    place = pc.index_in(ids, stored["clip_id"].combine_chunks())
    at = np.flatnonzero(np.asarray(place.is_valid()))
    if not at.size:
        raise NothingToDoError(
            f"model `{model['model_id']}` has predicted none of its {len(clips.clip_ids)} test "
            f"clips; run `serloop evaluate {model['model_id']}`"
        )
    posterior = read_posterior(stored["posterior"])[place.take(pa.array(at)).to_numpy()]
    return clips.take(at), posterior


def _select_foreign(store: Warehouse, model: Mapping[str, Any], corpus: str, truth: str) -> ClipSet:
    """Return another corpus with every clip of a known speaker in its test part."""
    speakers = sorted(set(corpus_clips(store, corpus)["speaker"].to_pylist()) - {None})
    kept_from = _held_out_of(model, corpus)
    if kept_from is not None:
        speakers = [name for name in speakers if name in kept_from]
    if not speakers and kept_from is not None:
        raise LeakageError(
            f"model `{model['model_id']}` was kept from nobody of corpus `{corpus}`, since it does "
            "not say who speaks; name speakers in a manifest, and train again"
        )
    if not speakers:
        raise PipelineError(
            f"corpus `{corpus}` does not say who speaks, so that nobody can tell whether "
            f"`{model['model_id']}` has learned from them; name speakers in a manifest"
        )
    rules = taxonomy_of(model)
    is_alike = isinstance(rules, TaxonomyMap) and rules.source == corpus_classes(store, corpus)[0]
    wanted = rules if is_alike else model["taxonomy"]
    return select_clip_set(
        store,
        corpus=corpus,
        labels=truth,
        test_speakers=speakers,
        taxonomy=wanted if model["classes"] else None,
    )


def _held_out_of(model: Mapping[str, Any], corpus: str) -> list[str] | None:
    """Return the speakers of another corpus that a model was kept from; None if from all."""
    config = model["config"]
    heard = config.get("unlabelled", {})
    found: list[str] | None = config.get("also", {}).get(corpus, {}).get("held_out")
    return heard["held_out"] if found is None and heard.get("corpus") == corpus else found


def _rows_of(table: pa.Table, clip_ids: list[str]) -> pa.Table:
    place = pc.index_in(pa.array(clip_ids, pa.string()), table["clip_id"].combine_chunks())
    return table.take(place)


def _normalise(targets: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return rows that sum to 1 in float64, which float32 leaves a little beside it."""
    rows = targets.astype(np.float64)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))
