"""Ask the lake what is doubtful about the data in it: findings with evidence, and profiles.

A check (`warehouse.checks`) finds rows that should not exist: then the lake is broken. A finding is
about the recordings and their labels: the lake is sound, but a model or a figure may not be.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final, Literal, cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.connection import explained
from warehouse.errors import WarehouseError
from warehouse.statements import Folder, list_statements, load_statement
from warehouse.warehouse import Warehouse

Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
EVIDENCE_SHOWN: Final = 20

_BATCH_ROWS: Final = 65_536
_HEADER_LINE: Final = re.compile(r"-- (\w+): (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on something is worth a look; each is bound to the statements that name it.

    Args:
        outlier_z: Robust z-score, 0.6745 · (x − median) / MAD, of an outlier (Iglewicz and Hoaglin
            1993, who recommend 3.5).
        level_mad_floor_db: Smallest MAD of levels and ratios, so that in a corpus normalised to one
            level nothing within 2.6 dB is an outlier.
        snr_low_db: Signal-to-noise ratio of a noisy clip, dB; below about 10 it cannot be measured.
        clipped_share: Share of samples at full scale of a clipped clip; one peak is far less.
        duration_fence: Interquartile ranges beyond the quartiles of log duration (Tukey 1977, who
            calls what lies 3 beyond "far out").
        duration_spread_floor: Smallest ratio of the quartiles, for corpora cut to one length.
        imbalance_ratio: Largest group over a smaller one; KEEL calls data sets above 1.5 imbalanced
            (Fernández et al. 2008).
        association: Cramér's V, corrected for bias (Bergsma 2013); 0.3 is at least a medium effect
            (Cohen 1988).
        consensus_votes: Votes from which a consensus can contradict the intended label.
        consensus_certainty: Posterior of the consensus from which it does.

    Raises:
        WarehouseError: If a threshold is not a finite number above zero.

    Example:
        >>> Thresholds(snr_low_db=20).snr_low_db
        20
    """

    outlier_z: float = 3.5
    level_mad_floor_db: float = 0.5
    snr_low_db: float = 15.0
    clipped_share: float = 0.001
    duration_fence: float = 3.0
    duration_spread_floor: float = 1.1
    imbalance_ratio: float = 1.5
    association: float = 0.3
    consensus_votes: float = 3
    consensus_certainty: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what would find everything or nothing by accident."""
        for name, value in asdict(self).items():
            if not (math.isfinite(value) and value > 0):
                raise WarehouseError(f"threshold `{name}` must be a number above 0, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one statement of `sql/quality` found, which may be nothing.

    Args:
        name: The statement.
        title: What was looked for, as a heading.
        severity: `error`: something is wrong; `warning`: it may spoil results; `note`: know it.
        noun: What is counted, in the singular.
        count: How many of them.
        rows: Rows of evidence there are.
        evidence: The first of them, worst first.
        why: Why it matters.
        remedy: What to do.
        thresholds: The thresholds it was judged by.
    """

    name: str
    title: str
    severity: Severity
    noun: str
    count: int
    rows: int
    evidence: pa.Table
    why: str
    remedy: str
    thresholds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Everything a judgement says.

    Args:
        findings: One per statement, the most severe first, those without evidence included.
        profiles: The result of every statement of `sql/profiles`, by name.
        snapshot: The snapshot that was judged.
    """

    findings: tuple[Finding, ...]
    profiles: Mapping[str, pa.Table]
    snapshot: int


@dataclass(frozen=True, slots=True)
class ProfileSteps:
    """How finely profiles are drawn.

    Args:
        steps: Bars of a histogram of durations.
        step_db: Width and height of a square of levels and ratios, dB.
        speakers: Speakers of a corpus that are told apart, those with most clips.
    """

    steps: int = 24
    step_db: float = 4.0
    speakers: int = 32


def list_findings() -> tuple[str, ...]:
    """Return the names of everything that is looked for.

    Example:
        >>> "clipped_clips" in list_findings()
        True
    """
    return list_statements("quality")


def find_faults(
    warehouse: Warehouse,
    *,
    corpus: str | None = None,
    thresholds: Thresholds = Thresholds(),
    shown: int = EVIDENCE_SHOWN,
    advance: Callable[[], object] = lambda: None,
) -> tuple[Finding, ...]:
    """Look for everything doubtful about the current clips and their sources.

    Args:
        warehouse: An open warehouse.
        corpus: Only what concerns this corpus.
        thresholds: From where on something is worth a look.
        shown: Rows of evidence to keep per finding.
        advance: Called after each finding.

    Returns:
        One finding per statement, the most severe first, those without evidence included.

    Raises:
        WarehouseError: If there is no such corpus, or DuckDB cannot run a statement.
    """
    values = {**asdict(thresholds), "corpus": corpus}
    with _judged_clips(warehouse, values) as connection:
        return _find_all(connection, values, shown, advance)


def judge_quality(
    warehouse: Warehouse,
    *,
    corpus: str | None = None,
    thresholds: Thresholds = Thresholds(),
    steps: ProfileSteps = ProfileSteps(),
    shown: int = EVIDENCE_SHOWN,
    advance: Callable[[], object] = lambda: None,
) -> Quality:
    """Look for everything doubtful, and count what the corpora are made of.

    Args:
        warehouse: An open warehouse.
        corpus: Only what concerns this corpus.
        thresholds: From where on something is worth a look.
        steps: How finely profiles are drawn.
        shown: Rows of evidence to keep per finding.
        advance: Called after each finding.

    Raises:
        WarehouseError: If there is no such corpus, or DuckDB cannot run a statement.
    """
    values = {**asdict(thresholds), **asdict(steps), "corpus": corpus}
    snapshot = warehouse.snapshot
    with _judged_clips(warehouse, values) as connection:
        findings = _find_all(connection, values, shown, advance)
        profiles = {
            name: _execute(connection, "profiles", name, values).to_arrow_table()
            for name in list_statements("profiles")
        }
    return Quality(findings=findings, profiles=profiles, snapshot=snapshot)


def _find_all(
    connection: duckdb.DuckDBPyConnection,
    values: Mapping[str, object],
    shown: int,
    advance: Callable[[], object],
) -> tuple[Finding, ...]:
    findings = []
    for name in list_findings():
        findings.append(_find(connection, name, values, shown))
        advance()
    findings.sort(key=lambda finding: (SEVERITIES.index(finding.severity), finding.name))
    return tuple(findings)


@contextmanager
def _judged_clips(
    warehouse: Warehouse, values: Mapping[str, object]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Keep a narrow copy of the current clips for a while, so that they are scanned once."""
    connection = warehouse._connection
    with explained(warehouse.catalog, "cannot judge the data"):
        try:
            _execute(connection, "judged", "create_judged_clips", values)
            _execute(connection, "judged", "create_judged_corpora", values)
            _require_corpus(connection, values["corpus"])
            yield connection
        finally:
            _execute(connection, "judged", "drop_judged_clips", values)
            _execute(connection, "judged", "drop_judged_corpora", values)


def _require_corpus(connection: duckdb.DuckDBPyConnection, corpus: object) -> None:
    if corpus is None or connection.execute("FROM judged_corpora").fetchone():
        return
    known = connection.execute("SELECT DISTINCT corpus FROM corpora ORDER BY corpus").fetchall()
    names = ", ".join(f"`{name}`" for (name,) in known) or "none yet"
    raise WarehouseError(f"the warehouse has no corpus `{corpus}`; it holds {names}")


def _execute(
    connection: duckdb.DuckDBPyConnection, folder: Folder, name: str, values: Mapping[str, object]
) -> duckdb.DuckDBPyConnection:
    statement = load_statement(folder, name)
    used = _parameters(connection, statement)
    return connection.execute(statement, {key: values[key] for key in used} or None)


def _parameters(connection: duckdb.DuckDBPyConnection, statement: str) -> Sequence[str]:
    (parsed,) = connection.extract_statements(statement)
    return sorted(parsed.named_parameters)


def _find(
    connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, object], shown: int
) -> Finding:
    statement = load_statement("quality", name)
    header = read_header(statement)
    reader = _execute(connection, "quality", name, values).to_arrow_reader(_BATCH_ROWS)
    evidence, rows, total = _take(reader, shown, header.get("total"))
    return Finding(
        name=name,
        title=header["title"],
        severity=cast("Severity", header["severity"]),
        noun=header["counts"],
        count=total,
        rows=rows,
        evidence=evidence,
        why=header["why"],
        remedy=header["do"],
        thresholds={key: cast("float", values[key]) for key in _parameters(connection, statement)},
    )


def _take(
    reader: pa.RecordBatchReader, shown: int, summed: str | None
) -> tuple[pa.Table, int, int]:
    """Keep the first rows and count all of them, batch by batch."""
    kept, rows, total = reader.schema.empty_table(), 0, 0
    for batch in reader:
        if rows < shown:
            kept = pa.concat_tables([kept, pa.Table.from_batches([batch.slice(0, shown - rows)])])
        rows += batch.num_rows
        total += int(pc.sum(batch.column(summed)).as_py() or 0) if summed else batch.num_rows
    return kept, rows, total


def read_header(statement: str) -> dict[str, str]:
    r"""Return the `key: text` lines of a statement's opening comment.

    Args:
        statement: SQL text of `sql/quality`; its keys are title, severity, counts (a noun), why,
            do, and total, the column to sum when a row stands for several of what is counted.

    Example:
        >>> read_header("-- title: Noisy\n-- why: It hisses.\nSELECT 1")
        {'title': 'Noisy', 'why': 'It hisses.'}
    """
    found = {}
    for line in statement.splitlines():
        if (match := _HEADER_LINE.fullmatch(line)) is None:
            break
        found[match[1]] = match[2]
    return found
