-- Per corpus: clips by length of speech, in equal steps between two quantiles; the first and the
-- last step hold what lies beyond.
WITH bounds AS (
    SELECT
        corpus,
        quantile_cont(speech_s, 0.002) AS low,
        greatest(quantile_cont(speech_s, 0.998) - low, 0.01) / $steps AS width
    FROM judged_clips
    WHERE is_own
    GROUP BY corpus
)
SELECT
    corpus,
    greatest(least(floor((speech_s - low) / width), $steps - 1), 0)::BIGINT AS step,
    low + step * width AS low_s,
    low + (step + 1) * width AS high_s,
    count(*) AS clips
FROM judged_clips
INNER JOIN bounds USING (corpus)
WHERE is_own
GROUP BY corpus, step, low, width
ORDER BY corpus, step
