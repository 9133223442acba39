-- What was learned, how well, and what it says about each clip.
CREATE TABLE models (
    model_id VARCHAR NOT NULL,
    parent VARCHAR,
    arm VARCHAR,
    round_id VARCHAR,
    state VARCHAR NOT NULL,
    snapshot BIGINT NOT NULL,
    config VARCHAR NOT NULL,
    config_sha256 VARCHAR NOT NULL,
    seed BIGINT NOT NULL,
    code_version VARCHAR NOT NULL,
    taxonomy VARCHAR NOT NULL,
    classes VARCHAR[] NOT NULL,
    feature_set VARCHAR NOT NULL,
    labels VARCHAR NOT NULL,
    train_clips INTEGER NOT NULL,
    metrics VARCHAR NOT NULL,
    artifact VARCHAR NOT NULL,
    artifact_sha256 VARCHAR NOT NULL
);

CREATE TABLE evaluations (
    evaluation_id VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    clips INTEGER NOT NULL,
    speakers VARCHAR[] NOT NULL,
    uar DOUBLE NOT NULL,
    war DOUBLE NOT NULL,
    uar_low DOUBLE NOT NULL,
    uar_high DOUBLE NOT NULL,
    confusion BIGINT[] NOT NULL,
    classes VARCHAR[] NOT NULL
);

CREATE TABLE predictions (
    model_id VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    posterior FLOAT[] NOT NULL,
    embedding FLOAT[] NOT NULL
);
