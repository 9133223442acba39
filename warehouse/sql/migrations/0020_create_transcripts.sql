-- What a recogniser or a file says is spoken in a clip; what corpora and annotators say is in `clips` and `remarks`.
CREATE TABLE transcripts (
    clip_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    edition INTEGER NOT NULL,
    text VARCHAR,
    emotions VARCHAR[],
    posterior DOUBLE[]
);
