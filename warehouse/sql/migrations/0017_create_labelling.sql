-- The bridge to Label Studio: projects and tasks that are to be there, written before they are sent;
-- what was seen there; asks that want no more votes; clips with a known class; what was read back,
-- and whose votes those of a user are.
CREATE TABLE projects (
    project VARCHAR NOT NULL,
    campaign VARCHAR NOT NULL,
    corpus VARCHAR NOT NULL,
    taxonomy VARCHAR NOT NULL,
    classes VARCHAR[] NOT NULL,
    choices VARCHAR NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE tasks (
    project VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    round_id VARCHAR NOT NULL,
    place BIGINT NOT NULL,
    is_gold BOOLEAN NOT NULL,
    model_id VARCHAR,
    predicted VARCHAR,
    is_shown BOOLEAN NOT NULL
);
CREATE TABLE deliveries (
    project VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    task_id BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE withdrawals (
    ask_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    withdrawn_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE gold (
    campaign VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    taxonomy VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    origin VARCHAR NOT NULL
);
CREATE TABLE collections (
    collection_id VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    is_full BOOLEAN NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    tasks INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    read_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE accounts (
    project VARCHAR NOT NULL,
    user_id BIGINT NOT NULL,
    annotator VARCHAR NOT NULL
);
