-- Every source file as it was found each time it had changed, and audio that is there twice.
CREATE TABLE sources (
    corpus VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    observation INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    audio_sha256 VARCHAR NOT NULL,
    source_bytes BIGINT NOT NULL,
    source_mtime_ns BIGINT NOT NULL
);

CREATE TABLE duplicates (
    clip_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    other_id VARCHAR NOT NULL,
    other_revision INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    similarity DOUBLE NOT NULL
);

CREATE TABLE comparisons (
    clip_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL
);

ALTER TABLE clips ADD COLUMN recording VARCHAR;
ALTER TABLE clips ADD COLUMN flags VARCHAR[];
ALTER TABLE waveforms ADD COLUMN fingerprint BLOB;

-- A recording that is cut anew replaces all of its pieces, whatever they are called.
CREATE VIEW current_clips AS
SELECT * FROM clips
QUALIFY revision = max(revision) OVER (
    PARTITION BY coalesce(corpus || '/' || recording, clip_id)
);

-- Files that an older version took in are known, so that the next run does not read them again.
INSERT INTO sources
SELECT corpus, path, 1, 'present', audio_sha256, source_bytes, source_mtime_ns FROM current_clips
QUALIFY row_number() OVER (PARTITION BY corpus, path ORDER BY clip_id) = 1;
