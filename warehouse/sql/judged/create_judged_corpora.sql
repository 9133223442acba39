-- The corpora asked about, each in its last version.
CREATE OR REPLACE TEMP TABLE judged_corpora AS
SELECT corpus, taxonomy, classes
FROM corpora
WHERE $corpus IS NULL OR corpus = $corpus
QUALIFY version = max(version) OVER (PARTITION BY corpus)
