-- Taking a model out: the folders that run it elsewhere, how large its sets of classes must be, and what it was
-- told of one speaker's voice.
CREATE TABLE bundles (
    bundle_id VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    precision VARCHAR NOT NULL,
    features VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    parity DOUBLE NOT NULL,
    parity_clips INTEGER NOT NULL,
    config VARCHAR NOT NULL,
    artifact VARCHAR NOT NULL,
    artifact_sha256 VARCHAR NOT NULL
);
CREATE TABLE calibrations (
    calibration_id VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    coverage DOUBLE NOT NULL,
    method VARCHAR NOT NULL,
    group_name VARCHAR NOT NULL,
    thresholds VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    truth VARCHAR NOT NULL,
    clips INTEGER NOT NULL,
    speakers INTEGER NOT NULL,
    snapshot BIGINT NOT NULL
);
CREATE TABLE baselines (
    baseline_id VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    speaker VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    is_used BOOLEAN NOT NULL,
    clips INTEGER NOT NULL,
    seconds DOUBLE NOT NULL,
    gain DOUBLE,
    low DOUBLE,
    high DOUBLE,
    config VARCHAR NOT NULL,
    artifact VARCHAR NOT NULL,
    artifact_sha256 VARCHAR NOT NULL,
    snapshot BIGINT NOT NULL
);
