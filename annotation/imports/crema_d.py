"""CREMA-D's answers of single listeners, `finishedResponses.csv`.

The released columns (the file of the release, 1658cd34):

    "", localid, pos, ans, ttr, queryType, numTries, clipNum, questNum, subType, clipName,
    sessionNums, respEmo, respLevel, dispEmo, dispVal, dispLevel

`localid` is the person, `queryType` 1 voice, 2 face, 3 both, `ttr` the response time in ms,
`respEmo` the answer, and (`sessionNums`, `queryType`, `questNum`) one question in one sitting.
The counts of `tabulatedVotes.csv` have the shape of `read_class_columns`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.confusion import CREMA_D_CLASSES
from annotation.imports.cells import add_prefix, as_bool, read_numbers, read_text
from annotation.imports.identity import number_among_equals
from annotation.imports.long_table import read_long_table
from annotation.imports.raw import RawTable
from annotation.imports.result import ImportedVotes, VoteSource
from annotation.imports.sieve import Sieve, by_row

CORPUS: Final = "crema-d"

SLOWEST_FIRST_CLICK_MS: Final = 10_000
"""The release left answers out whose first click came later (`processFinishedResponses.R`)."""

_LETTERS: Final = {name[0].upper(): name for name in CREMA_D_CLASSES}
_MODALITIES: Final = {"1": "audio", "2": "video", "3": "audiovisual"}
_QUESTION: Final = ("sessionNums", "queryType", "questNum")


def read_crema_d_responses(
    raw: RawTable,
    *,
    first_clicks: RawTable | None = None,
    known_clips: pa.Array | None = None,
) -> ImportedVotes:
    """Read the answers of CREMA-D's 2,443 listeners, each under the listener's name.

    A question that a person answered twice (rows 137526 and 312184 of the release) counts with
    its first answer in the order of the log. Response times at or below 0 are in the data
    (upstream issue 18) and leave the vote without a lead time. Practice questions are left out,
    and with `first_clicks` also the answers the release itself left out of its counts. The
    intensity of an answer, `respLevel`, has no place in the ledger and is not read.

    Args:
        raw: `finishedResponses.csv`, or the file with repeats and practice.
        first_clicks: `finishedEmoResponses.csv`, which holds the time of the first click; None
            keeps distracted answers.
        known_clips: Clip ids such as `crema-d/1001_IEO_ANG_HI`; None accepts any.

    Returns:
        As `read_long_table`; annotators are `crema-d:<localid>`, references
        `responses/<session>/<query type>/<question>`, so the question's sitting can be told.

    Raises:
        VoteError: A column is missing.

    Example:
        >>> row = {"localid": "S1", "ttr": "-12448", "queryType": "2", "questNum": "17"}
        >>> row |= {"clipName": "1041_WSI_ANG_XX", "sessionNums": "4410", "respEmo": "A"}
        >>> found = read_crema_d_responses(RawTable.of(pa.Table.from_pylist([row])))
        >>> found.votes.select(["annotator", "modality", "label", "lead_time_s"]).to_pylist()
        [{'annotator': 'crema-d:S1', 'modality': 'video', 'label': 'anger', 'lead_time_s': None}]
        >>> found.notes["code"].to_pylist()
        ['bad_lead_time']
    """
    text = {
        name: read_text(raw.table[raw.require(name)], name)
        for name in ("localid", "clipName", "respEmo", *_QUESTION)
    }
    sieve = Sieve.over(CORPUS, raw.rows)
    _sift(raw, text, first_clicks, sieve)
    kept = pa.array(~sieve.refused)
    long = {name: column.filter(kept) for name, column in _as_long(raw, text).items()}
    source = VoteSource(
        CORPUS,
        taxonomy="crema-d-6",
        classes=CREMA_D_CLASSES,
        spelling=_LETTERS,
        clip_prefix=f"{CORPUS}/",
        annotator_prefix=f"{CORPUS}:",
        known_clips=known_clips,
    )
    rows = raw.rows[~sieve.refused]
    result = read_long_table(RawTable(pa.table(long), rows, raw.broken), source)
    shown = {
        "clip_id": add_prefix(source.clip_prefix, text["clipName"]),
        "annotator": add_prefix(source.annotator_prefix, text["localid"]),
    }
    refused = pa.concat_tables([result.quarantined, sieve.quarantine(shown)])
    return ImportedVotes(result.votes, by_row(refused), result.notes)


def _sift(
    raw: RawTable, text: dict[str, pa.Array], first_clicks: RawTable | None, sieve: Sieve
) -> None:
    """Refuse the rows that are no answers of this study."""
    nobody = as_bool(pc.is_null(text["localid"]))
    sieve.refuse("missing_annotator", nobody, ["`localid` must name the listener"])
    practice = as_bool(pc.ends_with(text["clipName"], "_practice"))
    sieve.refuse("practice", practice, ["`", text["clipName"], "` is a practice clip"])
    questions = _questions(text)
    if first_clicks is not None:
        late = as_bool(pc.is_in(questions, _late_questions(first_clicks)))
        limit = f"the first click came after {SLOWEST_FIRST_CLICK_MS} ms"
        sieve.refuse("distracted", late, [limit])
    again = _answered_before(raw, questions, sieve.refused)
    sieve.refuse("repeated_judgement", again, ["question `", questions, "` was answered before"])


def _as_long(raw: RawTable, text: dict[str, pa.Array]) -> dict[str, pa.Array]:
    types = pa.array(list(_MODALITIES.values())).take(
        pc.index_in(text["queryType"], pa.array(list(_MODALITIES)))
    )
    times, is_wrong = read_numbers(raw.table[raw.require("ttr")], "ttr")
    seconds = pc.divide(times, 1000.0).cast(pa.string())
    written = read_text(raw.table["ttr"], "ttr")
    return {
        "clip_id": text["clipName"],
        "annotator": text["localid"],
        "label": text["respEmo"],
        "modality": pc.coalesce(types, pc.coalesce(text["queryType"], "nothing")),
        "lead_time_s": pc.if_else(pa.array(is_wrong), written, seconds),
        "source_ref": pc.binary_join_element_wise("responses", _questions(text), "/"),
    }


def _questions(text: dict[str, pa.Array]) -> pa.Array:
    return pc.binary_join_element_wise(*(text[name] for name in _QUESTION), "/")


def _late_questions(first_clicks: RawTable) -> pa.Array:
    columns = {
        name: read_text(first_clicks.table[first_clicks.require(name)], name) for name in _QUESTION
    }
    times, _ = read_numbers(first_clicks.table[first_clicks.require("ttr")], "ttr")
    is_late = pc.fill_null(pc.greater(times, SLOWEST_FIRST_CLICK_MS), False)
    return _questions(columns).filter(is_late).drop_null()


def _answered_before(
    raw: RawTable, questions: pa.Array, refused: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which rows answer a question again, in the order of the log, `pos`."""
    position = pa.array(raw.rows)
    if raw.find("pos"):
        position, _ = read_numbers(raw.table["pos"], "pos")
    order = np.argsort(position.to_numpy(zero_copy_only=False), kind="stable")
    order = order[~refused[order]]
    again = np.zeros(len(refused), np.bool_)
    again[order] = number_among_equals(questions.take(pa.array(order))) > 1
    return again
