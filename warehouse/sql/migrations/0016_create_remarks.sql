-- What annotators say beside a vote, for which the ledger has no column: a second choice, a comment,
-- the words as heard, and why there is no label. Of what was collected before it stays unknown.
CREATE TABLE remarks (
    remark_id VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    annotator VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    source_ref VARCHAR NOT NULL,
    cast_at TIMESTAMPTZ NOT NULL,
    abstention VARCHAR,
    second_choice VARCHAR,
    comment VARCHAR,
    transcript VARCHAR
);
