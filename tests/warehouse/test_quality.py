"""Every fault is found with the numbers that convict it, and sound data raises none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency

from warehouse import Warehouse, WarehouseError, open_warehouse
from warehouse.quality import (
    SEVERITIES,
    Finding,
    Thresholds,
    find_faults,
    judge_quality,
    list_findings,
    read_header,
)
from warehouse.statements import load_statement
from warehouse.testing import make_rows

CLASSES = ("anger", "neutral", "sadness")
SPEAKERS = ("f1", "f2", "m1", "m2")
Row = dict[str, Any]


def make_clips(corpus: str) -> list[Row]:
    """Return 48 clips without fault: every speaker says every class four times."""
    cells = [(who, label, take) for who in SPEAKERS for label in CLASSES for take in range(4)]
    return [
        {
            "clip_id": f"{corpus}/{index:02d}",
            "corpus": corpus,
            "path": f"{index:02d}.wav",
            "audio_sha256": f"{corpus}-{index:02d}",
            "speaker": f"{corpus}-{who}",
            "gender": {"f": "female", "m": "male"}[who[0]],
            "language": "en",
            "sentence": f"sentence-{take}",
            "intended": label,
            "source_rate": 16000,
            "duration_s": 4.0,
            "speech_start_s": 0.5,
            "speech_end_s": 2.0 + 0.4 * take,
            "level_dbfs": -20.0 + index % 5,
            "snr_db": 40.0 + index % 5,
            "clipped_fraction": 0.0,
            "flags": [],
        }
        for index, (who, label, take) in enumerate(cells)
    ]


@dataclass
class Faulty:
    """The rows of one corpus, to be spoilt."""

    corpus: str
    clips: list[Row]
    classes: list[str] = field(default_factory=lambda: list(CLASSES))
    others: list[tuple[str, Mapping[str, list[Any]]]] = field(default_factory=list)

    def add(self, table: str, **row: object) -> None:
        """Add one row to another table."""
        self.others.append((table, {name: [value] for name, value in row.items()}))

    def pair(self, one: int, other: int) -> None:
        """Say that two clips sound almost the same."""
        self.add(
            "duplicates",
            clip_id=self.clips[one]["clip_id"],
            other_id=self.clips[other]["clip_id"],
            kind="near",
            similarity=0.97,
        )


def copy_file(faulty: Faulty) -> None:
    """Deliver one take twice."""
    faulty.clips[1]["audio_sha256"] = faulty.clips[0]["audio_sha256"]


def copy_file_with_other_label(faulty: Faulty) -> None:
    """Deliver one file as anger and as neutral."""
    faulty.clips[4]["audio_sha256"] = faulty.clips[0]["audio_sha256"]


def contradict(faulty: Faulty) -> None:
    """Let five people hear sadness where anger was meant."""
    faulty.add("consensus_runs", run_id="r", taxonomy=f"{faulty.corpus}-3", classes=faulty.classes)
    faulty.add(
        "consensus",
        run_id="r",
        clip_id=faulty.clips[0]["clip_id"],
        posterior=[0.05, 0.05, 0.9],
        label="sadness",
        votes=5,
    )


def change(index: int, **values: object):
    """Return a fault that changes one clip."""

    def spoil(faulty: Faulty) -> None:
        faulty.clips[index] |= values

    return spoil


def tie_class_to_rate(faulty: Faulty) -> None:
    """Record all anger on a telephone."""
    for clip in faulty.clips:
        clip["source_rate"] = 8000 if clip["intended"] == "anger" else 16000


def drop_angry_women(faulty: Faulty) -> None:
    """Leave anger to the men."""
    faulty.clips = [
        clip for clip in faulty.clips if (clip["intended"], clip["gender"]) != ("anger", "female")
    ]


def drop_most_anger(faulty: Faulty) -> None:
    """Keep one take of anger in four."""
    faulty.clips = [
        clip
        for index, clip in enumerate(faulty.clips)
        if clip["intended"] != "anger" or index % 4 == 0
    ]


FAULTS = {
    "same_file_twice": (copy_file, "01.wav"),
    "same_file_other_label": (copy_file_with_other_label, "same_file_other_label/04"),
    "same_sound_twice": (lambda faulty: faulty.pair(0, 1), "same_sound_twice/01"),
    "same_sound_other_label": (lambda faulty: faulty.pair(0, 4), "same_sound_other_label/04"),
    "same_sound_other_speaker": (
        lambda faulty: faulty.pair(0, 12),
        "same_sound_other_speaker/12",
    ),
    "label_against_consensus": (contradict, "label_against_consensus/00"),
    "speaker_in_several_corpora": (change(0, speaker="sound-f1"), "sound-f1"),
    "speaker_of_two_genders": (change(0, gender="male"), "speaker_of_two_genders-f1"),
    "loudness_outliers": (change(3, level_dbfs=-60.0), "loudness_outliers/03"),
    "low_snr": (change(3, snr_db=9.0), "low_snr/03"),
    "snr_outliers": (change(3, snr_db=20.0), "snr_outliers/03"),
    "clipped_clips": (change(3, clipped_fraction=0.001), "clipped_clips/03"),
    "flagged_clips": (change(3, flags=["clipped", "noisy"]), "flagged_clips/03"),
    "duration_tails": (change(3, duration_s=60.0, speech_end_s=59.0), "duration_tails/03"),
    "label_outside_taxonomy": (change(3, intended="joy"), "joy"),
    "class_without_clips": (lambda faulty: faulty.classes.append("fear"), "fear"),
    "class_without_gender": (drop_angry_women, "female"),
    "speaker_without_class": (drop_angry_women, "speaker_without_class-f1"),
    "uneven_classes": (drop_most_anger, "anger"),
    "class_told_by_circumstance": (tie_class_to_rate, "source_format"),
    "clip_without_speaker": (change(3, speaker=None), "clip_without_speaker/03"),
    "missing_facts": (change(3, snr_db=float("nan")), "snr_db"),
    "vanished_sources": (
        lambda faulty: faulty.add(
            "sources", corpus=faulty.corpus, path="03.wav", observation=2, state="vanished"
        ),
        "03.wav",
    ),
    "rejected_files": (
        lambda faulty: faulty.add(
            "rejects", corpus=faulty.corpus, path="bad.wav", reason="truncated"
        ),
        "bad.wav",
    ),
}


def fill(warehouse: Warehouse, *corpora: Faulty) -> None:
    """Commit the rows of some corpora."""
    tables: dict[str, list[pa.Table]] = {}
    for faulty in corpora:
        for table, rows in (*own_rows(faulty), *faulty.others):
            tables.setdefault(table, []).append(make_rows(table, **rows))
    warehouse.commit(
        {table: pa.concat_tables(parts) for table, parts in tables.items()}, message="fill"
    )


def own_rows(faulty: Faulty) -> Iterator[tuple[str, Mapping[str, list[Any]]]]:
    """Yield the rows of the corpus, its clips and their files."""
    columns = {name: [clip[name] for clip in faulty.clips] for name in faulty.clips[0]}
    seen = {name: columns[name] for name in ("corpus", "path", "audio_sha256")}
    name = faulty.corpus
    yield "corpora", {"corpus": [name], "taxonomy": [f"{name}-3"], "classes": [faulty.classes]}
    yield "clips", columns
    yield "sources", {**seen, "state": ["present"] * len(faulty.clips)}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Open a lake with a sound corpus and one corpus for each fault, named after it."""
    root: Path = tmp_path_factory.mktemp("quality")
    with open_warehouse(f"{root}/catalog.sqlite", f"{root}/data") as warehouse:
        corpora = {name: Faulty(name, make_clips(name)) for name in ("sound", *FAULTS)}
        for name, (spoil, _) in FAULTS.items():
            spoil(corpora[name])
        fill(warehouse, *corpora.values())
        yield warehouse


@pytest.fixture(scope="module")
def found(lake: Warehouse) -> dict[str, Finding]:
    """Return everything found in that lake, by name."""
    return {finding.name: finding for finding in find_faults(lake, shown=1000)}


def find(warehouse: Warehouse, name: str, **options: Any) -> Finding:
    """Return one finding."""
    return next(item for item in find_faults(warehouse, **options) if item.name == name)


def test_sound_data_has_no_fault(lake: Warehouse) -> None:
    """Balanced, clean and complete recordings raise nothing but the speaker others took."""
    found = [finding.name for finding in find_faults(lake, corpus="sound") if finding.rows]
    assert found == ["speaker_in_several_corpora"]


@pytest.mark.parametrize("name", list_findings())
def test_fault_is_found_with_evidence(found: dict[str, Finding], name: str) -> None:
    """The offender is among the evidence, with the corpus that was spoilt."""
    offender, finding = FAULTS[name][1], found[name]
    evidence = [str(row) for row in finding.evidence.to_pylist()]
    assert any(offender in row and name in row for row in evidence)
    assert finding.count >= finding.rows >= 1


@pytest.mark.parametrize("name", list_findings())
def test_finding_explains_itself(name: str) -> None:
    """Each statement says how bad it is, what it counts, why it matters and what to do."""
    header = read_header(load_statement("quality", name))
    assert {"title", "severity", "counts", "why", "do"} == header.keys() - {"total"}
    assert header["severity"] in SEVERITIES
    assert header["why"].endswith(".")
    assert header["do"].endswith(".")


def test_every_threshold_is_used() -> None:
    """No threshold promises an effect it does not have."""
    statements = "".join(load_statement("quality", name) for name in list_findings())
    assert [item.name for item in fields(Thresholds) if f"${item.name}" not in statements] == []


def test_most_severe_come_first(found: dict[str, Finding]) -> None:
    """Errors stand above warnings above notes."""
    order = [SEVERITIES.index(finding.severity) for finding in found.values()]
    assert order == sorted(order)


def test_evidence_is_cut_and_counted_in_full(lake: Warehouse) -> None:
    """Only the first rows are kept, but all are counted."""
    finding = find(lake, "speaker_without_class", corpus="speaker_without_class", shown=1)
    assert (finding.evidence.num_rows, finding.rows, finding.count) == (1, 2, 2)


def test_rows_that_stand_for_several_are_summed(lake: Warehouse) -> None:
    """One group of two copies is two clips."""
    finding = find(lake, "same_file_twice", corpus="same_file_twice")
    assert (finding.rows, finding.count) == (1, 2)


def test_threshold_moves_what_is_found(lake: Warehouse) -> None:
    """A stricter reader finds more, and the finding says by what it was judged."""
    finding = find(lake, "low_snr", corpus="sound", thresholds=Thresholds(snr_low_db=41.5))
    assert finding.count == 20
    assert finding.thresholds == {"snr_low_db": 41.5}


def test_robust_z_is_the_published_formula(lake: Warehouse) -> None:
    """0.6745 (x - median) / MAD of the corpus's levels."""
    row = find(lake, "loudness_outliers", corpus="loudness_outliers").evidence.to_pylist()[0]
    levels = np.array([clip["level_dbfs"] for clip in make_clips("c")])
    levels[3] = -60.0
    mad = np.median(np.abs(levels - np.median(levels)))
    assert row["z"] == pytest.approx(0.6745 * (-60 - np.median(levels)) / mad)


def test_corpus_at_one_level_has_no_outliers_by_rounding(empty: Warehouse) -> None:
    """Where all are equally loud, half a decibel is no outlier."""
    clips = make_clips("flat")
    for clip in clips:
        clip["level_dbfs"] = -23.0
    clips[0]["level_dbfs"] = -22.5
    fill(empty, Faulty("flat", clips))
    assert find(empty, "loudness_outliers").rows == 0


def test_duration_fences_are_those_of_the_log(lake: Warehouse) -> None:
    """Three interquartile ranges beyond the quartiles of log duration."""
    row = find(lake, "duration_tails", corpus="duration_tails").evidence.to_pylist()[0]
    spans = [clip["speech_end_s"] - clip["speech_start_s"] for clip in make_clips("c")]
    spans[3] = 58.5
    low, high = np.quantile(np.log(spans), [0.25, 0.75])
    assert row["longest_s"] == pytest.approx(np.exp(high + 3 * (high - low)))
    assert row["shortest_s"] == pytest.approx(np.exp(low - 3 * (high - low)))


def test_cramers_v_is_corrected_for_bias(lake: Warehouse) -> None:
    """Pearson's statistic with the correction of Bergsma (2013), against SciPy's."""
    name = "class_told_by_circumstance"
    (row,) = find(lake, name, corpus=name).evidence.to_pylist()
    table = np.array([[16, 0], [0, 16], [0, 16]])
    n, (r, k) = table.sum(), table.shape
    phi2 = chi2_contingency(table, correction=False).statistic / n - (r - 1) * (k - 1) / (n - 1)
    smaller = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1))
    assert row["cramers_v"] == pytest.approx(np.sqrt(phi2 / (smaller - 1)))


def test_only_the_current_revision_is_judged(empty: Warehouse) -> None:
    """A clip that was mended is no longer evidence."""
    clips = make_clips("mended")
    clips[0]["clipped_fraction"] = 0.5
    fill(empty, Faulty("mended", clips))
    mended = clips[0] | {"clipped_fraction": 0.0, "revision": 2}
    rows = make_rows("clips", **{name: [value] for name, value in mended.items()})
    empty.commit({"clips": rows}, message="mended")
    assert find(empty, "clipped_clips").rows == 0


def test_mended_file_is_rejected_no_more(empty: Warehouse) -> None:
    """A reject counts while the file is as it was refused."""
    faulty = Faulty("mended", make_clips("mended"))
    faulty.add("rejects", corpus="mended", path="00.wav", audio_sha256="broken")
    fill(empty, faulty)
    assert find(empty, "rejected_files").rows == 0


def test_renamed_file_is_told_from_a_lost_one(empty: Warehouse) -> None:
    """The new place of the same bytes stands beside the old one."""
    faulty = Faulty("moved", make_clips("moved"))
    same = {"corpus": "moved", "audio_sha256": "moved-00"}
    faulty.add("sources", **same, path="00.wav", observation=2, state="vanished")
    faulty.add("sources", **same, path="new.wav", state="present")
    fill(empty, faulty)
    (row,) = find(empty, "vanished_sources").evidence.to_pylist()
    assert (row["path"], row["now_at"], row["clips"]) == ("00.wav", "new.wav", 1)


def test_pieces_of_one_recording_are_no_copies(empty: Warehouse) -> None:
    """Clips cut from one file share its hash."""
    clips = make_clips("long")
    for clip in clips:
        clip["recording"] = None
    for clip in clips[:3]:
        clip |= {"audio_sha256": "one", "recording": "long"}
    fill(empty, Faulty("long", clips))
    assert find(empty, "same_file_twice").rows == 0


def test_corpora_may_name_one_speaker_differently(empty: Warehouse) -> None:
    """A file in two corpora has two speaker ids without anyone being wrong."""
    first, second = make_clips("a"), make_clips("b")
    second[0]["audio_sha256"] = first[0]["audio_sha256"]
    fill(empty, Faulty("a", first), Faulty("b", second))
    assert find(empty, "same_file_other_label").rows == 0
    assert [find(empty, "same_file_twice", corpus=name).count for name in "ab"] == [2, 2]


def test_profiles_count_every_clip(lake: Warehouse) -> None:
    """Each profile accounts for all clips of the corpus."""
    profiles = judge_quality(lake, corpus="sound").profiles
    totals = {
        name: sum(table["clips"].to_pylist())
        for name, table in profiles.items()
        if "clips" in table.column_names
    }
    assert totals.keys() == profiles.keys() - {"list_classes"}
    assert set(totals.values()) == {48}


def test_past_can_be_judged(tmp_path: Path) -> None:
    """A snapshot is judged as it was."""
    place = (f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data")
    clips = make_clips("old")
    with open_warehouse(*place) as warehouse:
        fill(warehouse, Faulty("old", clips))
        then = warehouse.snapshot
        faulty = Faulty("new", make_clips("new"))
        change(0, snr_db=1.0)(faulty)
        fill(warehouse, faulty)
    with open_warehouse(*place, snapshot=then) as past:
        judged = judge_quality(past)
    assert judged.snapshot == then
    assert [finding.name for finding in judged.findings if finding.rows] == []


def test_nothing_is_left_behind(lake: Warehouse) -> None:
    """The copy of the clips is given back, after an error too."""
    with pytest.raises(WarehouseError, match="no corpus `nowhere`; it holds `class_told"):
        find_faults(lake, corpus="nowhere")
    rows = lake._connection.execute("SELECT * FROM duckdb_tables() WHERE temporary").fetchall()
    assert rows == []


def test_empty_lake_has_no_fault(empty: Warehouse) -> None:
    """Nothing is no fault."""
    assert not any(finding.rows for finding in find_faults(empty))


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf")])
def test_impossible_threshold_is_refused(value: float) -> None:
    """A threshold that finds everything or nothing is a mistake."""
    with pytest.raises(WarehouseError, match="threshold `outlier_z` must be a number above 0"):
        Thresholds(outlier_z=value)
