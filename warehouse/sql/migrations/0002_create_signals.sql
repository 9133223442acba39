-- What the machine reads: trimmed audio and feature frames, registered as Parquet shards.
CREATE TABLE waveforms (
    clip_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    sample_rate INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    pcm16 BLOB NOT NULL
);

CREATE TABLE feature_sets (
    feature_set VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL
);

CREATE TABLE features (
    clip_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    feature_set VARCHAR NOT NULL,
    frames INTEGER NOT NULL,
    bands INTEGER NOT NULL,
    "values" FLOAT[] NOT NULL
);
