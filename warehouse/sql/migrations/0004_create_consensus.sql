-- What the votes add up to, per aggregation run.
CREATE TABLE consensus_runs (
    run_id VARCHAR NOT NULL,
    aggregator VARCHAR NOT NULL,
    taxonomy VARCHAR NOT NULL,
    classes VARCHAR[] NOT NULL,
    modality VARCHAR NOT NULL,
    corpus VARCHAR,
    snapshot BIGINT NOT NULL,
    parameters VARCHAR NOT NULL,
    iterations INTEGER NOT NULL,
    converged BOOLEAN NOT NULL
);

CREATE TABLE consensus (
    run_id VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    modality VARCHAR NOT NULL,
    posterior DOUBLE[] NOT NULL,
    label VARCHAR,
    is_tie BOOLEAN NOT NULL,
    entropy DOUBLE NOT NULL,
    votes INTEGER NOT NULL
);

CREATE TABLE annotators (
    run_id VARCHAR NOT NULL,
    annotator VARCHAR NOT NULL,
    modality VARCHAR NOT NULL,
    votes INTEGER NOT NULL,
    skill DOUBLE NOT NULL,
    confusion DOUBLE[] NOT NULL
);
