-- What was found in the place of a vote and is none.
CREATE TABLE quarantine (
    quarantine_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    "row" BIGINT,
    source_ref VARCHAR,
    clip_id VARCHAR,
    annotator VARCHAR,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL
);
