-- Running the loop: what the gate decided and why, who is champion of which line, and how clips that
-- came in differ from those a model learned from.
CREATE TABLE gates (
    gate_id VARCHAR NOT NULL,
    line VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    champion_id VARCHAR,
    is_passed BOOLEAN NOT NULL,
    truth VARCHAR NOT NULL,
    clips INTEGER NOT NULL,
    speakers INTEGER NOT NULL,
    limits VARCHAR NOT NULL,
    snapshot BIGINT NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE gate_checks (
    gate_id VARCHAR NOT NULL,
    check_name VARCHAR NOT NULL,
    is_passed BOOLEAN NOT NULL,
    metric VARCHAR NOT NULL,
    candidate DOUBLE,
    champion DOUBLE,
    difference DOUBLE,
    low DOUBLE,
    high DOUBLE,
    p_value DOUBLE,
    threshold DOUBLE,
    clips INTEGER NOT NULL,
    reason VARCHAR NOT NULL
);
CREATE TABLE transitions (
    line VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    champion_id VARCHAR,
    gate_id VARCHAR,
    actor VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE drifts (
    drift_id VARCHAR NOT NULL,
    measure VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    corpus VARCHAR NOT NULL,
    reference_clips INTEGER NOT NULL,
    incoming_clips INTEGER NOT NULL,
    value DOUBLE NOT NULL,
    threshold DOUBLE NOT NULL,
    p_value DOUBLE,
    is_alarm BOOLEAN NOT NULL,
    detail VARCHAR NOT NULL,
    snapshot BIGINT NOT NULL,
    measured_at TIMESTAMPTZ NOT NULL
);
