"""Tables of what people say: the ledger of votes, and what was concluded from it."""

from warehouse.schemas.kinds import BIG, FLAG, INSTANT, INT, REAL, REALS, TEXT, TEXTS, optional
from warehouse.table import Column, Table

VOTES = Table(
    "votes",
    "One annotator's judgement, an anonymous count of equal ones, or a retraction.",
    ("vote_id",),
    (
        Column("vote_id", TEXT, "Deterministic id of this ledger row."),
        Column("clip_id", TEXT, "The clip judged."),
        Column("modality", TEXT, "What was perceived: `audio`, `video` or `audiovisual`."),
        optional("annotator", TEXT, "Who judged; null when the source keeps only counts."),
        Column("taxonomy", TEXT, "The class list offered."),
        optional("label", TEXT, "The class chosen; null for a purely dimensional vote."),
        optional("arousal", REAL, "Rated arousal, in the source's scale."),
        optional("valence", REAL, "Rated valence, in the source's scale."),
        optional("dominance", REAL, "Rated dominance, in the source's scale."),
        Column("count", INT, "How many equal judgements this row stands for."),
        optional("lead_time_s", REAL, "Time the annotator took."),
        optional("cast_at", INSTANT, "When the judgement was made, as the source says."),
        Column("source", TEXT, "Where the vote came from, such as a corpus or a campaign."),
        Column("source_ref", TEXT, "Its id there."),
        optional("supersedes", TEXT, "The vote_id this row replaces or retracts."),
        Column("is_retraction", FLAG, "True when the row only withdraws `supersedes`."),
    ),
)

REMARKS = Table(
    "remarks",
    "What an annotator said beside a vote or instead of one; belongs to the vote of the same "
    "source, source_ref and cast_at.",
    ("remark_id",),
    (
        Column("remark_id", TEXT, "The vote's id, as it was before any withdrawal."),
        Column("clip_id", TEXT, "The clip judged."),
        Column("annotator", TEXT, "Who judged."),
        Column("source", TEXT, "Where the vote came from."),
        Column("source_ref", TEXT, "Its id there."),
        Column("cast_at", INSTANT, "When the judgement was made, as the source says."),
        optional("abstention", TEXT, "`skipped`, `cannot_tell` or `not_speech`; null for a vote."),
        optional("second_choice", TEXT, "The class heard beside the label."),
        optional("comment", TEXT, "Remarks in the annotator's words."),
        optional("transcript", TEXT, "The words as the annotator heard them."),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "A row of a file of votes or words that is none, and why.",
    ("quarantine_id",),
    (
        Column("quarantine_id", TEXT, "Follows from what was found, and its number among equals."),
        Column("source", TEXT, "Where it was found, the `source` its vote would have had."),
        optional("row", BIG, "Record of the file, from 1; null where the source has no rows."),
        optional("source_ref", TEXT, "Its id there."),
        optional("clip_id", TEXT, "The clip it names."),
        optional("annotator", TEXT, "Who judged, as far as it says."),
        Column("reason", TEXT, "Reason code, such as `unknown_label`."),
        Column("detail", TEXT, "What was found where what was expected."),
    ),
)

CONSENSUS_RUNS = Table(
    "consensus_runs",
    "One aggregation of votes.",
    ("run_id",),
    (
        Column("run_id", TEXT, "Deterministic id of the run."),
        Column("aggregator", TEXT, "Such as `dawid_skene`."),
        Column("taxonomy", TEXT, "The class list aggregated."),
        Column("classes", TEXTS, "C class names in the order of every posterior."),
        Column("modality", TEXT, "The modality of the votes used."),
        optional("corpus", TEXT, "The one corpus aggregated; null for all."),
        Column("snapshot", BIG, "The snapshot whose votes were read."),
        Column("parameters", TEXT, "Every parameter, as JSON."),
        Column("iterations", INT, "Iterations until it stopped."),
        Column("converged", FLAG, "Whether it stopped by its own criterion."),
        optional("mapping", TEXT, "The mappings of the labels, comma-separated; null for none."),
    ),
)

CONSENSUS = Table(
    "consensus",
    "One clip under one aggregation run.",
    ("run_id", "clip_id", "modality"),
    (
        Column("run_id", TEXT, "The run."),
        Column("clip_id", TEXT, "The clip."),
        Column("modality", TEXT, "The modality of the votes used."),
        Column("posterior", REALS, "(C,) P(class), summing to 1."),
        optional("label", TEXT, "The most probable class; null for a tie."),
        Column("is_tie", FLAG, "Whether several classes share the maximum."),
        Column("entropy", REAL, "Entropy of the posterior, nats."),
        Column("votes", INT, "How many votes were used."),
        optional("expected_gain", REAL, "Fall of the entropy by one more average vote, nats."),
        optional("ambiguity", REAL, "Doubt that stays however many are asked, nats."),
        optional("ignorance", REAL, "Doubt that more votes would remove, nats."),
    ),
)

ANNOTATORS = Table(
    "annotators",
    "One annotator under one aggregation run.",
    ("run_id", "annotator", "modality"),
    (
        Column("run_id", TEXT, "The run."),
        Column("annotator", TEXT, "The annotator."),
        Column("modality", TEXT, "The modality judged."),
        Column("votes", INT, "How many of their votes were used."),
        Column("skill", REAL, "The aggregator's estimate of accuracy; NaN when it has none."),
        Column("confusion", REALS, "(C, C) row-major, rows are the truth; empty when unknown."),
    ),
)
