-- What was asked next, and why.
CREATE TABLE rounds (
    round_id VARCHAR NOT NULL,
    campaign VARCHAR NOT NULL,
    corpus VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    model_id VARCHAR,
    strategy VARCHAR NOT NULL,
    budget INTEGER NOT NULL,
    random_share DOUBLE NOT NULL,
    test_speakers VARCHAR[] NOT NULL,
    seed BIGINT NOT NULL,
    snapshot BIGINT NOT NULL
);

CREATE TABLE asks (
    ask_id VARCHAR NOT NULL,
    round_id VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    utility DOUBLE,
    reason VARCHAR NOT NULL,
    votes_wanted INTEGER NOT NULL
);
