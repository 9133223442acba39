-- By which labels, on which corpus and as of when a model was judged, and every figure of it.
ALTER TABLE evaluations ADD COLUMN truth VARCHAR;
ALTER TABLE evaluations ADD COLUMN corpus VARCHAR;
ALTER TABLE evaluations ADD COLUMN snapshot BIGINT;

-- Until now the truth was said by the name alone.
UPDATE evaluations SET truth = substr(evaluation_id, length(model_id || '/test/') + 1)
WHERE starts_with(evaluation_id, model_id || '/test/');

CREATE TABLE metrics (
    evaluation_id VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    group_name VARCHAR NOT NULL,
    group_value VARCHAR NOT NULL,
    value DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    clips INTEGER NOT NULL,
    speakers INTEGER NOT NULL
);
