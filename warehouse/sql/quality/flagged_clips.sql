-- title: Warnings from decoding
-- severity: note
-- counts: flag
-- total: clips
-- why: The file was usable, but something about it was unusual.
-- do: Look at the examples of each code; many of one code mean one fault in the source.
WITH corpus_size AS (
    SELECT corpus, count(*) AS clips FROM judged_clips GROUP BY corpus
), flagged AS (
    SELECT corpus, clip_id, unnest(flags) AS flag FROM judged_clips WHERE is_own
)
SELECT
    corpus,
    flag,
    count(*) AS clips,
    count(*) / any_value(corpus_size.clips) AS share,
    min(clip_id) AS example
FROM flagged
INNER JOIN corpus_size USING (corpus)
GROUP BY corpus, flag
ORDER BY count(*) DESC, corpus, flag
