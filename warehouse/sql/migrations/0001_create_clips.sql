-- What was recorded: corpora, their clips, and the files that were refused.
CREATE TABLE corpora (
    corpus VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    languages VARCHAR[] NOT NULL,
    licence VARCHAR NOT NULL,
    taxonomy VARCHAR NOT NULL,
    classes VARCHAR[] NOT NULL,
    url VARCHAR NOT NULL,
    citation VARCHAR NOT NULL
);

CREATE TABLE clips (
    clip_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    corpus VARCHAR NOT NULL,
    native_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    audio_sha256 VARCHAR NOT NULL,
    source_bytes BIGINT NOT NULL,
    source_mtime_ns BIGINT NOT NULL,
    speaker VARCHAR,
    session VARCHAR,
    gender VARCHAR,
    language VARCHAR,
    sentence VARCHAR,
    transcript VARCHAR,
    intended VARCHAR,
    source_format VARCHAR NOT NULL,
    source_rate INTEGER NOT NULL,
    source_channels INTEGER NOT NULL,
    duration_s DOUBLE NOT NULL,
    speech_start_s DOUBLE NOT NULL,
    speech_end_s DOUBLE NOT NULL,
    level_dbfs DOUBLE,
    clipped_fraction DOUBLE,
    snr_db DOUBLE
);

CREATE TABLE rejects (
    corpus VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    audio_sha256 VARCHAR NOT NULL,
    source_bytes BIGINT NOT NULL,
    source_mtime_ns BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL
);
