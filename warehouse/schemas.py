"""The data contract: every table, its columns, their meaning, and its key.

Rows are appended or superseded, never edited. Tables named in `sql/migrations` are created
from the same facts; a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from warehouse.errors import SchemaError
from warehouse.table import Column, Table

_TEXT = pa.string()
_TEXTS = pa.list_(pa.string())
_INT = pa.int32()
_BIG = pa.int64()
_REAL = pa.float64()
_REALS = pa.list_(pa.float64())
_FLOATS = pa.list_(pa.float32())
_FLAG = pa.bool_()
_INSTANT = pa.timestamp("us", tz="UTC")


def _optional(name: str, kind: pa.DataType, doc: str) -> Column:
    return Column(name, kind, doc, nullable=True)


CORPORA = Table(
    "corpora",
    "A published collection in one version.",
    ("corpus", "version"),
    (
        Column("corpus", _TEXT, "Short name, the first part of its clip ids."),
        Column("version", _TEXT, "The publisher's version."),
        Column("title", _TEXT, "Full title."),
        Column("languages", _TEXTS, "Language codes spoken in it."),
        Column("licence", _TEXT, "Licence in the owner's words."),
        Column("taxonomy", _TEXT, "Name of its ordered class list, such as `ravdess-8`."),
        Column("classes", _TEXTS, "The taxonomy's classes in order."),
        Column("url", _TEXT, "Where it is published."),
        Column("citation", _TEXT, "The paper to cite."),
    ),
)

CLIPS = Table(
    "clips",
    "The audio unit a model or an annotator receives; the highest revision is current.",
    ("clip_id", "revision"),
    (
        Column("clip_id", _TEXT, "`<corpus>/<native_id>`, stable across revisions."),
        Column("revision", _INT, "1 for the first content seen, one more for each change."),
        Column("corpus", _TEXT, "The corpus it belongs to."),
        Column("native_id", _TEXT, "The corpus's own id."),
        Column("path", _TEXT, "Source file, relative to the corpus root, with `/`."),
        Column("audio_sha256", _TEXT, "SHA-256 of the source file's bytes, in hex."),
        Column("source_bytes", _BIG, "Size of the source file."),
        Column("source_mtime_ns", _BIG, "Modification time of the source file, ns since 1970."),
        _optional("speaker", _TEXT, "Who speaks; a speaker never crosses a fold."),
        _optional("session", _TEXT, "The recorded meeting; a session never crosses a fold."),
        _optional("gender", _TEXT, "The speaker's gender as the corpus states it."),
        _optional("language", _TEXT, "Language code."),
        _optional("sentence", _TEXT, "Id of the scripted sentence."),
        _optional("transcript", _TEXT, "The words spoken."),
        _optional("intended", _TEXT, "The emotion the corpus's design asked for; not a vote."),
        Column("source_format", _TEXT, "Container and encoding of the source file."),
        Column("source_rate", _INT, "Sample rate of the source file, Hz."),
        Column("source_channels", _INT, "Channels of the source file."),
        Column("duration_s", _REAL, "Duration of the source file."),
        Column("speech_start_s", _REAL, "Where speech begins in the source file."),
        Column("speech_end_s", _REAL, "Where speech ends in the source file."),
        _optional("level_dbfs", _REAL, "RMS level of the speech span."),
        _optional("clipped_fraction", _REAL, "Share of samples at full scale, in [0, 1]."),
        _optional("snr_db", _REAL, "Estimated signal-to-noise ratio; NaN when undefined."),
        _optional("recording", _TEXT, "Native id of the long recording it was cut from."),
        _optional("flags", _TEXTS, "Warnings about the audio, such as `clipped`, sorted."),
    ),
)

SOURCES = Table(
    "sources",
    "A source file as it was found; the highest observation is how it is now.",
    ("corpus", "path", "observation"),
    (
        Column("corpus", _TEXT, "The corpus whose scan named the file."),
        Column("path", _TEXT, "The file, relative to the corpus root, with `/`."),
        Column("observation", _INT, "1 when first seen, one more for each change."),
        Column("state", _TEXT, "`present`, or `vanished` when a later scan missed it."),
        Column("audio_sha256", _TEXT, "SHA-256 of its bytes, in hex; the last ones if vanished."),
        Column("source_bytes", _BIG, "Size of the file."),
        Column("source_mtime_ns", _BIG, "Modification time of the file, ns since 1970."),
    ),
)

DUPLICATES = Table(
    "duplicates",
    "Two clips that hold the same audio; neither may be apart from the other in a split.",
    ("clip_id", "revision", "other_id", "other_revision"),
    (
        Column("clip_id", _TEXT, "The clip whose id comes first."),
        Column("revision", _INT, "Its revision."),
        Column("other_id", _TEXT, "The other clip."),
        Column("other_revision", _INT, "Its revision."),
        Column("kind", _TEXT, "`exact`: the same bytes; `near`: the same sound."),
        Column("similarity", _REAL, "Share of equal fingerprint bits, in [0, 1]."),
    ),
)

REJECTS = Table(
    "rejects",
    "A file that could not be ingested, and why.",
    ("corpus", "path", "audio_sha256"),
    (
        Column("corpus", _TEXT, "The corpus whose scan named the file."),
        Column("path", _TEXT, "Source file, relative to the corpus root, with `/`."),
        Column("audio_sha256", _TEXT, "SHA-256 of its bytes; empty when it was unreadable."),
        Column("source_bytes", _BIG, "Size of the source file."),
        Column("source_mtime_ns", _BIG, "Modification time of the source file, ns since 1970."),
        Column("reason", _TEXT, "Reason code, such as `truncated`."),
        Column("detail", _TEXT, "The reason in words."),
    ),
)

COMPARISONS = Table(
    "comparisons",
    "A clip whose sound was compared with every other clip's; pairs are in `duplicates`.",
    ("clip_id", "revision"),
    (
        Column("clip_id", _TEXT, "The clip."),
        Column("revision", _INT, "Its revision."),
    ),
)

WAVEFORMS = Table(
    "waveforms",
    "The trimmed mono audio of one clip revision.",
    ("clip_id", "revision"),
    (
        Column("clip_id", _TEXT, "The clip."),
        Column("revision", _INT, "The clip's revision."),
        Column("sample_rate", _INT, "Hz."),
        Column("samples", _INT, "Number of samples."),
        Column("pcm16", pa.binary(), "Little-endian int16 samples."),
        _optional("fingerprint", pa.binary(), "Acoustic fingerprint, little-endian uint32 words."),
    ),
)

FEATURE_SETS = Table(
    "feature_sets",
    "One way to compute features.",
    ("feature_set",),
    (
        Column("feature_set", _TEXT, "Kind and hash of the parameters."),
        Column("kind", _TEXT, "Such as `log_mel`."),
        Column("parameters", _TEXT, "Every parameter, as JSON."),
    ),
)

FEATURES = Table(
    "features",
    "The frames of one clip revision in one feature set.",
    ("clip_id", "revision", "feature_set"),
    (
        Column("clip_id", _TEXT, "The clip."),
        Column("revision", _INT, "The clip's revision."),
        Column("feature_set", _TEXT, "The feature set."),
        Column("frames", _INT, "F, the number of frames."),
        Column("bands", _INT, "D, the values per frame."),
        Column("values", _FLOATS, "(F, D), row-major."),
    ),
)

VOTES = Table(
    "votes",
    "One annotator's judgement, an anonymous count of equal ones, or a retraction.",
    ("vote_id",),
    (
        Column("vote_id", _TEXT, "Deterministic id of this ledger row."),
        Column("clip_id", _TEXT, "The clip judged."),
        Column("modality", _TEXT, "What was perceived: `audio`, `video` or `audiovisual`."),
        _optional("annotator", _TEXT, "Who judged; null when the source keeps only counts."),
        Column("taxonomy", _TEXT, "The class list offered."),
        _optional("label", _TEXT, "The class chosen; null for a purely dimensional vote."),
        _optional("arousal", _REAL, "Rated arousal, in the source's scale."),
        _optional("valence", _REAL, "Rated valence, in the source's scale."),
        _optional("dominance", _REAL, "Rated dominance, in the source's scale."),
        Column("count", _INT, "How many equal judgements this row stands for."),
        _optional("lead_time_s", _REAL, "Time the annotator took."),
        _optional("cast_at", _INSTANT, "When the judgement was made, as the source says."),
        Column("source", _TEXT, "Where the vote came from, such as a corpus or a campaign."),
        Column("source_ref", _TEXT, "Its id there."),
        _optional("supersedes", _TEXT, "The vote_id this row replaces or retracts."),
        Column("is_retraction", _FLAG, "True when the row only withdraws `supersedes`."),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "A row of a file of votes that is no vote, and why.",
    ("quarantine_id",),
    (
        Column("quarantine_id", _TEXT, "Follows from what was found, and its number among equals."),
        Column("source", _TEXT, "Where it was found, the `source` its vote would have had."),
        _optional("row", _BIG, "Record of the file, from 1; null where the source has no rows."),
        _optional("source_ref", _TEXT, "Its id there."),
        _optional("clip_id", _TEXT, "The clip it names."),
        _optional("annotator", _TEXT, "Who judged, as far as it says."),
        Column("reason", _TEXT, "Reason code, such as `unknown_label`."),
        Column("detail", _TEXT, "What was found where what was expected."),
    ),
)

CONSENSUS_RUNS = Table(
    "consensus_runs",
    "One aggregation of votes.",
    ("run_id",),
    (
        Column("run_id", _TEXT, "Deterministic id of the run."),
        Column("aggregator", _TEXT, "Such as `dawid_skene`."),
        Column("taxonomy", _TEXT, "The class list aggregated."),
        Column("classes", _TEXTS, "C class names in the order of every posterior."),
        Column("modality", _TEXT, "The modality of the votes used."),
        _optional("corpus", _TEXT, "The one corpus aggregated; null for all."),
        Column("snapshot", _BIG, "The snapshot whose votes were read."),
        Column("parameters", _TEXT, "Every parameter, as JSON."),
        Column("iterations", _INT, "Iterations until it stopped."),
        Column("converged", _FLAG, "Whether it stopped by its own criterion."),
    ),
)

CONSENSUS = Table(
    "consensus",
    "One clip under one aggregation run.",
    ("run_id", "clip_id", "modality"),
    (
        Column("run_id", _TEXT, "The run."),
        Column("clip_id", _TEXT, "The clip."),
        Column("modality", _TEXT, "The modality of the votes used."),
        Column("posterior", _REALS, "(C,) P(class), summing to 1."),
        _optional("label", _TEXT, "The most probable class; null for a tie."),
        Column("is_tie", _FLAG, "Whether several classes share the maximum."),
        Column("entropy", _REAL, "Entropy of the posterior, nats."),
        Column("votes", _INT, "How many votes were used."),
    ),
)

ANNOTATORS = Table(
    "annotators",
    "One annotator under one aggregation run.",
    ("run_id", "annotator", "modality"),
    (
        Column("run_id", _TEXT, "The run."),
        Column("annotator", _TEXT, "The annotator."),
        Column("modality", _TEXT, "The modality judged."),
        Column("votes", _INT, "How many of their votes were used."),
        Column("skill", _REAL, "The aggregator's estimate of accuracy; NaN when it has none."),
        Column("confusion", _REALS, "(C, C) row-major, rows are the truth; empty when unknown."),
    ),
)

MODELS = Table(
    "models",
    "A trained model and all it takes to train it again.",
    ("model_id",),
    (
        Column("model_id", _TEXT, "Deterministic id."),
        _optional("parent", _TEXT, "The model_id it was compared with or started from."),
        _optional("arm", _TEXT, "`seed`, `active` or `random`."),
        _optional("round_id", _TEXT, "The round it was trained after."),
        Column("state", _TEXT, "`candidate`, `champion`, `retired` or `refused`."),
        Column("snapshot", _BIG, "The snapshot it was trained on."),
        Column("config", _TEXT, "The whole configuration, as JSON."),
        Column("config_sha256", _TEXT, "SHA-256 of `config`."),
        Column("seed", _BIG, "Seed of every random choice."),
        Column("code_version", _TEXT, "Version of serloop."),
        Column("taxonomy", _TEXT, "The class list it predicts."),
        Column("classes", _TEXTS, "C class names in the order of its posteriors."),
        Column("feature_set", _TEXT, "The features it reads."),
        Column("labels", _TEXT, "Where its training labels came from."),
        Column("train_clips", _INT, "How many clips it was trained on."),
        Column("metrics", _TEXT, "Training summary, as JSON."),
        Column("artifact", _TEXT, "Path of the stored weights."),
        Column("artifact_sha256", _TEXT, "SHA-256 of the stored weights."),
    ),
)

EVALUATIONS = Table(
    "evaluations",
    "One model on one set of clips.",
    ("evaluation_id",),
    (
        Column("evaluation_id", _TEXT, "Deterministic id."),
        Column("model_id", _TEXT, "The model."),
        Column("part", _TEXT, "Such as `dev` or `test`."),
        Column("clips", _INT, "How many clips."),
        Column("speakers", _TEXTS, "The speakers in it."),
        Column("uar", _REAL, "Unweighted average recall, in [0, 1]."),
        Column("war", _REAL, "Weighted average recall (accuracy), in [0, 1]."),
        Column("uar_low", _REAL, "Lower end of the interval of `uar`."),
        Column("uar_high", _REAL, "Upper end of the interval of `uar`."),
        Column("confusion", pa.list_(_BIG), "(C, C) counts, row-major, rows are the truth."),
        Column("classes", _TEXTS, "C class names in the order of `confusion`."),
    ),
)

PREDICTIONS = Table(
    "predictions",
    "One clip under one model.",
    ("model_id", "clip_id"),
    (
        Column("model_id", _TEXT, "The model."),
        Column("clip_id", _TEXT, "The clip."),
        Column("posterior", _FLOATS, "(C,) P(class), summing to 1."),
        Column("embedding", _FLOATS, "(E,) the model's summary of the clip."),
    ),
)

ROUNDS = Table(
    "rounds",
    "One acquisition round: a decision about what to ask.",
    ("round_id",),
    (
        Column("round_id", _TEXT, "Deterministic id."),
        Column("campaign", _TEXT, "The annotation campaign."),
        Column("corpus", _TEXT, "The corpus whose clips are the pool."),
        Column("number", _INT, "Its number in the campaign."),
        _optional("model_id", _TEXT, "The model that scored the pool; null for a seed round."),
        Column("strategy", _TEXT, "Such as `entropy`."),
        Column("budget", _INT, "How many clips were to be chosen."),
        Column("random_share", _REAL, "Share of the budget drawn at random, in [0, 1]."),
        Column("test_speakers", _TEXTS, "Speakers never asked about, the same in every round."),
        Column("seed", _BIG, "Seed of every random choice."),
        Column("snapshot", _BIG, "The snapshot the pool was read from."),
    ),
)

ASKS = Table(
    "asks",
    "One clip asked about in one round.",
    ("ask_id",),
    (
        Column("ask_id", _TEXT, "Deterministic id."),
        Column("round_id", _TEXT, "The round."),
        Column("clip_id", _TEXT, "The clip."),
        Column("arm", _TEXT, "`seed`, `active` or `random`."),
        _optional("utility", _REAL, "Score of asking, higher first; null outside the active arm."),
        Column("reason", _TEXT, "Why this clip, in words."),
        Column("votes_wanted", _INT, "How many votes are wanted."),
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            CORPORA,
            CLIPS,
            SOURCES,
            REJECTS,
            DUPLICATES,
            COMPARISONS,
            WAVEFORMS,
            FEATURE_SETS,
            FEATURES,
            VOTES,
            QUARANTINE,
            CONSENSUS_RUNS,
            CONSENSUS,
            ANNOTATORS,
            MODELS,
            EVALUATIONS,
            PREDICTIONS,
            ROUNDS,
            ASKS,
        )
    }
)


def find_table(name: str) -> Table:
    """Return the table of that name.

    Args:
        name: A key of `TABLES`.

    Raises:
        SchemaError: If there is no such table.

    Example:
        >>> find_table("votes").key
        ('vote_id',)
    """
    if name not in TABLES:
        raise SchemaError(f"unknown table `{name}`; expected one of: {', '.join(TABLES)}")
    return TABLES[name]
