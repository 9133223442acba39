"""Tables of what is learned and asked: models, predictions, trials, rounds and asks."""

import pyarrow as pa

from warehouse.schemas.kinds import BIG, FLOATS, INT, REAL, REALS, TEXT, TEXTS, optional
from warehouse.table import Column, Table

MODELS = Table(
    "models",
    "A trained model and all it takes to train it again.",
    ("model_id",),
    (
        Column("model_id", TEXT, "Deterministic id."),
        optional("parent", TEXT, "The model_id it was compared with or started from."),
        optional("arm", TEXT, "`seed`, `active` or `random`."),
        optional("round_id", TEXT, "The round it was trained after."),
        Column("state", TEXT, "`candidate` when recorded; `transitions` say what became of it."),
        Column("snapshot", BIG, "The snapshot it was trained on."),
        Column("config", TEXT, "The whole configuration, as JSON."),
        Column("config_sha256", TEXT, "SHA-256 of `config`."),
        Column("seed", BIG, "Seed of every random choice."),
        Column("code_version", TEXT, "Version of serloop."),
        Column("taxonomy", TEXT, "The class list it predicts."),
        Column("classes", TEXTS, "C class names in the order of its posteriors."),
        Column("feature_set", TEXT, "The features it reads."),
        Column("labels", TEXT, "Where its training labels came from."),
        Column("train_clips", INT, "How many clips it was trained on."),
        Column("metrics", TEXT, "Training summary, as JSON."),
        Column("artifact", TEXT, "Path of the stored weights."),
        Column("artifact_sha256", TEXT, "SHA-256 of the stored weights."),
        optional("mapping", TEXT, "Mapping that labels came to `taxonomy` by; null for none."),
    ),
)

EVALUATIONS = Table(
    "evaluations",
    "One model on one set of clips.",
    ("evaluation_id",),
    (
        Column("evaluation_id", TEXT, "Deterministic id."),
        Column("model_id", TEXT, "The model."),
        Column("part", TEXT, "Such as `dev` or `test`."),
        Column("clips", INT, "How many clips."),
        Column("speakers", TEXTS, "The speakers in it."),
        Column("uar", REAL, "Unweighted average recall, in [0, 1]; NaN for ratings alone."),
        Column("war", REAL, "Weighted average recall (accuracy), in [0, 1]; NaN like `uar`."),
        Column("uar_low", REAL, "Lower end of the interval of `uar`."),
        Column("uar_high", REAL, "Upper end of the interval of `uar`."),
        Column("confusion", pa.list_(BIG), "(C, C) counts, row-major, rows are the truth."),
        Column("classes", TEXTS, "C class names in the order of `confusion`."),
        optional("taxonomy", TEXT, "Class list judged in; null for ratings alone, or no model."),
        optional("mapping", TEXT, "Mapping that the truth came to it by; null for none."),
        optional("truth", TEXT, "`intended`, or the consensus run it was judged by."),
        optional("corpus", TEXT, "The corpus; null for the one the model learned from."),
        optional("snapshot", BIG, "The snapshot the truth was read from; null in older rows."),
    ),
)

METRICS = Table(
    "metrics",
    "One figure of one evaluation, on all of its clips or on those of a group.",
    ("evaluation_id", "metric", "group_name", "group_value"),
    (
        Column("evaluation_id", TEXT, "The evaluation."),
        Column("metric", TEXT, "Such as `uar`, `recall/anger`, `ece` or `ccc/arousal`."),
        Column("group_name", TEXT, "What groups clips, such as `gender`; `all` for no group."),
        Column("group_value", TEXT, "The group, such as `female`; `all` for every clip."),
        Column("value", REAL, "The figure, NaN where undefined."),
        Column("low", REAL, "Lower end of its 95 % interval over speakers, NaN for none."),
        Column("high", REAL, "Upper end of its interval."),
        Column("clips", INT, "Clips it is about."),
        Column("speakers", INT, "Speakers of these clips."),
    ),
)

PREDICTIONS = Table(
    "predictions",
    "One clip under one model.",
    ("model_id", "clip_id"),
    (
        Column("model_id", TEXT, "The model."),
        Column("clip_id", TEXT, "The clip."),
        Column("posterior", FLOATS, "(C,) P(class), summing to 1."),
        Column("embedding", FLOATS, "(E,) the model's summary of the clip."),
        optional("disagreement", REAL, "Of its members or passes, mutual information in nats."),
    ),
)

TRIALS = Table(
    "trials",
    "One setting tried in a search for the best one; it leaves no model.",
    ("trial_id",),
    (
        Column("trial_id", TEXT, "`study/number`."),
        Column("study", TEXT, "Deterministic name of all that the trials of a search share."),
        Column("number", INT, "Its number in the study, from 0."),
        Column("corpus", TEXT, "The corpus it learned from."),
        Column("state", TEXT, "`complete`, `pruned` or `failed`."),
        Column("parameters", TEXT, "Values by dotted name of the setting, as JSON."),
        optional("objective", REAL, "Mean of `fold_values`; null unless `complete`."),
        Column("fold_values", REALS, "UAR on the dev speakers of each inner fold, in order."),
        optional("reason", TEXT, "Why it was pruned or failed."),
        Column("seconds", REAL, "How long it took."),
        Column("seed", BIG, "Seed of every training in it."),
        Column("snapshot", BIG, "The snapshot it learned from."),
        Column("code_version", TEXT, "Version of serloop."),
        Column("config", TEXT, "What the trials of the study share, as JSON."),
    ),
)

ROUNDS = Table(
    "rounds",
    "One acquisition round: a decision about what to ask.",
    ("round_id",),
    (
        Column("round_id", TEXT, "Deterministic id."),
        Column("campaign", TEXT, "The annotation campaign."),
        Column("corpus", TEXT, "The corpus whose clips are the pool."),
        Column("number", INT, "Its number in the campaign."),
        optional("model_id", TEXT, "The model that scored the pool; null for a seed round."),
        Column("strategy", TEXT, "Such as `entropy`."),
        Column("budget", INT, "How many clips were to be chosen."),
        Column("random_share", REAL, "Share of the budget drawn at random, in [0, 1]."),
        Column("test_speakers", TEXTS, "Speakers never asked about, the same in every round."),
        Column("seed", BIG, "Seed of every random choice."),
        Column("snapshot", BIG, "The snapshot the pool was read from."),
    ),
)

ASKS = Table(
    "asks",
    "One clip asked about in one round.",
    ("ask_id",),
    (
        Column("ask_id", TEXT, "Deterministic id."),
        Column("round_id", TEXT, "The round."),
        Column("clip_id", TEXT, "The clip."),
        Column("arm", TEXT, "`seed`, `active`, `random` or `audit`."),
        optional("utility", REAL, "Score of asking, higher first; null outside the active arm."),
        Column("reason", TEXT, "Why this clip, in words."),
        Column("votes_wanted", INT, "How many votes the clip is to have in all."),
    ),
)
