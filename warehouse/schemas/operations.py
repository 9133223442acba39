"""Tables of running the loop: what the gate decided, who is champion, how new clips differ."""

from warehouse.schemas.kinds import BIG, FLAG, INSTANT, INT, REAL, TEXT, optional
from warehouse.table import Column, Table

GATES = Table(
    "gates",
    "One decision of the gate: whether a model may replace the champion of its line.",
    ("gate_id",),
    (
        Column("gate_id", TEXT, "Deterministic id, of both models, the truth and the limits."),
        Column("line", TEXT, "Where one model is champion: the campaign, or else the corpus."),
        Column("model_id", TEXT, "The candidate."),
        optional("champion_id", TEXT, "The champion it met; null where there was none."),
        Column("is_passed", FLAG, "Whether every check passed."),
        Column("truth", TEXT, "`intended`, or the consensus run both were judged by."),
        Column("clips", INT, "Test clips both were kept from."),
        Column("speakers", INT, "Their speakers."),
        Column("limits", TEXT, "The settings of the gate, as JSON."),
        Column("snapshot", BIG, "The snapshot both were judged on."),
        Column("decided_at", INSTANT, "When."),
    ),
)

GATE_CHECKS = Table(
    "gate_checks",
    "One thing the gate looked at.",
    ("gate_id", "check_name"),
    (
        Column("gate_id", TEXT, "The decision."),
        Column("check_name", TEXT, "Such as `better`, `calibration`, `gender=female`, `noise`."),
        Column("is_passed", FLAG, "Whether the candidate may pass, as far as this goes."),
        Column("metric", TEXT, "Such as `uar` or `ece`."),
        optional("candidate", REAL, "The metric of the candidate."),
        optional("champion", REAL, "The metric of the champion; null where there was none."),
        optional("difference", REAL, "Candidate minus champion."),
        optional("low", REAL, "Lower end of its interval, speakers resampled."),
        optional("high", REAL, "Upper end of it."),
        optional("p_value", REAL, "One-sided p of the permutation test over speakers."),
        optional("threshold", REAL, "What the difference, or the metric, was held to."),
        Column("clips", INT, "Clips it is about."),
        Column("reason", TEXT, "What was found, in words."),
    ),
)

TRANSITIONS = Table(
    "transitions",
    "The registry: one change in a line, in order. Who is champion is what the last one says.",
    ("line", "number"),
    (
        Column("line", TEXT, "The line."),
        Column("number", BIG, "Its number in the line, from 0; of two writers one is refused."),
        Column("kind", TEXT, "`promoted`, `refused`, `waiting` for approval, or `rolled_back`."),
        Column("model_id", TEXT, "The model it is about."),
        optional("champion_id", TEXT, "The champion from now on; null for none."),
        optional("gate_id", TEXT, "The decision it rests on; null where somebody overrode it."),
        Column("actor", TEXT, "`gate`, or who did it."),
        Column("reason", TEXT, "Why, in words."),
        Column("changed_at", INSTANT, "When."),
    ),
)

DRIFTS = Table(
    "drifts",
    "One measure of how clips that came in differ from those a model learned from.",
    ("drift_id", "measure"),
    (
        Column("drift_id", TEXT, "Deterministic id, of the model, the clips and the method."),
        Column("measure", TEXT, "Such as `loudness`, `snr`, `duration`, `classes`, `embedding`."),
        Column("model_id", TEXT, "The model."),
        Column("corpus", TEXT, "The corpus the clips belong to."),
        Column("reference_clips", INT, "Known clips compared, as many of a speaker as came in."),
        Column("incoming_clips", INT, "Clips compared that came in, or of the other corpus."),
        Column("value", REAL, "The distance, in the unit of the measure."),
        Column("threshold", REAL, "Beyond which it is an alarm."),
        optional("p_value", REAL, "Of the permutation test over speakers, adjusted (Holm)."),
        Column("is_alarm", FLAG, "Whether somebody should look."),
        Column("detail", TEXT, "What was found, in words."),
        Column("snapshot", BIG, "The snapshot it was measured on."),
        Column("measured_at", INSTANT, "When."),
    ),
)
