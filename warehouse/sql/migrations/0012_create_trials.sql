-- Settings that were tried in search of the best one.
CREATE TABLE trials (
    trial_id VARCHAR NOT NULL,
    study VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    corpus VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,
    objective DOUBLE,
    fold_values DOUBLE[] NOT NULL,
    reason VARCHAR,
    seconds DOUBLE NOT NULL,
    seed BIGINT NOT NULL,
    snapshot BIGINT NOT NULL,
    code_version VARCHAR NOT NULL,
    config VARCHAR NOT NULL
);
