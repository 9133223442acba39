"""Tables of what was recorded: corpora, clips and the signals made of them."""

import pyarrow as pa

from warehouse.schemas.kinds import BIG, FLOATS, INT, REAL, REALS, TEXT, TEXTS, optional
from warehouse.table import Column, Table

CORPORA = Table(
    "corpora",
    "A published collection in one version.",
    ("corpus", "version"),
    (
        Column("corpus", TEXT, "Short name, the first part of its clip ids."),
        Column("version", TEXT, "The publisher's version."),
        Column("title", TEXT, "Full title."),
        Column("languages", TEXTS, "Language codes spoken in it."),
        Column("licence", TEXT, "Licence in the owner's words."),
        Column("taxonomy", TEXT, "Name of its ordered class list, such as `ravdess-8`."),
        Column("classes", TEXTS, "The taxonomy's classes in order."),
        Column("url", TEXT, "Where it is published."),
        Column("citation", TEXT, "The paper to cite."),
    ),
)

CLIPS = Table(
    "clips",
    "The audio unit a model or an annotator receives; the highest revision is current.",
    ("clip_id", "revision"),
    (
        Column("clip_id", TEXT, "`<corpus>/<native_id>`, stable across revisions."),
        Column("revision", INT, "1 for the first content seen, one more for each change."),
        Column("corpus", TEXT, "The corpus it belongs to."),
        Column("native_id", TEXT, "The corpus's own id."),
        Column("path", TEXT, "Source file, relative to the corpus root, with `/`."),
        Column("audio_sha256", TEXT, "SHA-256 of the source file's bytes, in hex."),
        Column("source_bytes", BIG, "Size of the source file."),
        Column("source_mtime_ns", BIG, "Modification time of the source file, ns since 1970."),
        optional("speaker", TEXT, "Who speaks; a speaker never crosses a fold."),
        optional("session", TEXT, "The recorded meeting; a session never crosses a fold."),
        optional("gender", TEXT, "The speaker's gender as the corpus states it."),
        optional("language", TEXT, "Language code."),
        optional("sentence", TEXT, "Id of the scripted sentence."),
        optional("transcript", TEXT, "The words spoken."),
        optional("intended", TEXT, "The emotion the corpus's design asked for; not a vote."),
        Column("source_format", TEXT, "Container and encoding of the source file."),
        Column("source_rate", INT, "Sample rate of the source file, Hz."),
        Column("source_channels", INT, "Channels of the source file."),
        Column("duration_s", REAL, "Duration of the source file."),
        Column("speech_start_s", REAL, "Where speech begins in the source file."),
        Column("speech_end_s", REAL, "Where speech ends in the source file."),
        optional("level_dbfs", REAL, "RMS level of the speech span."),
        optional("clipped_fraction", REAL, "Share of samples at full scale, in [0, 1]."),
        optional("snr_db", REAL, "Estimated signal-to-noise ratio; NaN when undefined."),
        optional("recording", TEXT, "Native id of the long recording it was cut from."),
        optional("flags", TEXTS, "Warnings about the audio, such as `clipped`, sorted."),
        optional("intensity", TEXT, "How strongly it was acted, in the corpus's words."),
        optional("age", REAL, "The speaker's age in years as the corpus states it."),
    ),
)

SOURCES = Table(
    "sources",
    "A source file as it was found; the highest observation is how it is now.",
    ("corpus", "path", "observation"),
    (
        Column("corpus", TEXT, "The corpus whose scan named the file."),
        Column("path", TEXT, "The file, relative to the corpus root, with `/`."),
        Column("observation", INT, "1 when first seen, one more for each change."),
        Column("state", TEXT, "`present`, or `vanished` when a later scan missed it."),
        Column("audio_sha256", TEXT, "SHA-256 of its bytes, in hex; the last ones if vanished."),
        Column("source_bytes", BIG, "Size of the file."),
        Column("source_mtime_ns", BIG, "Modification time of the file, ns since 1970."),
    ),
)

DUPLICATES = Table(
    "duplicates",
    "Two clips that hold the same audio; neither may be apart from the other in a split.",
    ("clip_id", "revision", "other_id", "other_revision"),
    (
        Column("clip_id", TEXT, "The clip whose id comes first."),
        Column("revision", INT, "Its revision."),
        Column("other_id", TEXT, "The other clip."),
        Column("other_revision", INT, "Its revision."),
        Column("kind", TEXT, "`exact`: the same bytes; `near`: the same sound."),
        Column("similarity", REAL, "Share of equal fingerprint bits, in [0, 1]."),
    ),
)

REJECTS = Table(
    "rejects",
    "A file that could not be ingested, and why.",
    ("corpus", "path", "audio_sha256"),
    (
        Column("corpus", TEXT, "The corpus whose scan named the file."),
        Column("path", TEXT, "Source file, relative to the corpus root, with `/`."),
        Column("audio_sha256", TEXT, "SHA-256 of its bytes; empty when it was unreadable."),
        Column("source_bytes", BIG, "Size of the source file."),
        Column("source_mtime_ns", BIG, "Modification time of the source file, ns since 1970."),
        Column("reason", TEXT, "Reason code, such as `truncated`."),
        Column("detail", TEXT, "The reason in words."),
    ),
)

COMPARISONS = Table(
    "comparisons",
    "A clip whose sound was compared with every other clip's; pairs are in `duplicates`.",
    ("clip_id", "revision"),
    (
        Column("clip_id", TEXT, "The clip."),
        Column("revision", INT, "Its revision."),
    ),
)

WAVEFORMS = Table(
    "waveforms",
    "The trimmed mono audio of one clip revision.",
    ("clip_id", "revision"),
    (
        Column("clip_id", TEXT, "The clip."),
        Column("revision", INT, "The clip's revision."),
        Column("sample_rate", INT, "Hz."),
        Column("samples", INT, "Number of samples."),
        Column("pcm16", pa.binary(), "Little-endian int16 samples."),
        optional("fingerprint", pa.binary(), "Acoustic fingerprint, little-endian uint32 words."),
    ),
)

FEATURE_SETS = Table(
    "feature_sets",
    "One way to compute features.",
    ("feature_set",),
    (
        Column("feature_set", TEXT, "Kind and hash of the parameters."),
        Column("kind", TEXT, "Such as `log_mel`."),
        Column("parameters", TEXT, "Every parameter, as JSON."),
    ),
)

FEATURES = Table(
    "features",
    "The frames of one clip revision in one feature set.",
    ("clip_id", "revision", "feature_set"),
    (
        Column("clip_id", TEXT, "The clip."),
        Column("revision", INT, "The clip's revision."),
        Column("feature_set", TEXT, "The feature set."),
        Column("frames", INT, "F, the number of frames."),
        Column("bands", INT, "D, the values per frame."),
        Column("values", FLOATS, "(F, D), row-major."),
    ),
)

TRANSCRIPTS = Table(
    "transcripts",
    "What a recogniser or a file says is spoken in a clip; the highest edition of a kind counts.",
    ("clip_id", "revision", "source", "edition"),
    (
        Column("clip_id", TEXT, "The clip."),
        Column("revision", INT, "The clip's revision."),
        Column("source", TEXT, "`recogniser:<name>-<hash>` or `file:<name>`; its kind before `:`."),
        Column("edition", INT, "1 for the first its kind says of the clip, one more for each."),
        optional("text", TEXT, "The words; null where nothing is said."),
        optional("emotions", TEXTS, "C classes that somebody judged the words alone by."),
        optional("posterior", REALS, "(C,) P(class) of the words alone, summing to 1."),
    ),
)
