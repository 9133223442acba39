-- What people said: an append-only ledger.
CREATE TABLE votes (
    vote_id VARCHAR NOT NULL,
    clip_id VARCHAR NOT NULL,
    modality VARCHAR NOT NULL,
    annotator VARCHAR,
    taxonomy VARCHAR NOT NULL,
    label VARCHAR,
    arousal DOUBLE,
    valence DOUBLE,
    dominance DOUBLE,
    "count" INTEGER NOT NULL,
    lead_time_s DOUBLE,
    cast_at TIMESTAMP WITH TIME ZONE,
    source VARCHAR NOT NULL,
    source_ref VARCHAR NOT NULL,
    supersedes VARCHAR,
    is_retraction BOOLEAN NOT NULL
);
