-- Per corpus: clips by level and signal-to-noise ratio, in squares of some decibels.
SELECT
    corpus,
    floor(level_dbfs / $step_db) * $step_db AS level_dbfs,
    floor(snr_db / $step_db) * $step_db AS snr_db,
    count(*) AS clips
FROM judged_clips
WHERE is_own AND judged_clips.level_dbfs IS NOT NULL
GROUP BY ALL
ORDER BY ALL
