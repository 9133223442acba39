-- title: Much louder or softer than the corpus
-- severity: warning
-- counts: clip
-- why: A model can mistake the gain of one session for an emotion, and soft clips may be broken.
-- do: Listen; if it is gain and not voice, normalise the source, else leave it.
WITH corpus_level AS (
    SELECT
        corpus,
        median(level_dbfs) AS typical_dbfs,
        greatest(mad(level_dbfs), $level_mad_floor_db) AS spread_db
    FROM judged_clips
    WHERE is_own
    GROUP BY corpus
)
SELECT
    clip_id,
    level_dbfs,
    typical_dbfs,
    0.6745 * (level_dbfs - typical_dbfs) / spread_db AS z,
    speaker,
    intended
FROM judged_clips
INNER JOIN corpus_level USING (corpus)
WHERE is_own AND abs(z) > $outlier_z
ORDER BY abs(z) DESC, clip_id
