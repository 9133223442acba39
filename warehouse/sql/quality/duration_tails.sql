-- title: Much shorter or longer than the corpus
-- severity: note
-- counts: clip
-- why: Very short speech carries little emotion; very long speech carries several.
-- do: Listen to both ends: a trim that failed, two utterances in one file, or a laugh.
WITH corpus_quartiles AS (
    SELECT
        corpus,
        quantile_cont(ln(speech_s), 0.25) AS low,
        quantile_cont(ln(speech_s), 0.75) AS high,
        greatest(high - low, ln($duration_spread_floor)) AS spread
    FROM judged_clips
    WHERE is_own AND speech_s > 0
    GROUP BY corpus
)
SELECT
    clip_id,
    speech_s,
    exp(low - $duration_fence * spread) AS shortest_s,
    exp(high + $duration_fence * spread) AS longest_s,
    speaker,
    intended
FROM judged_clips
INNER JOIN corpus_quartiles USING (corpus)
WHERE is_own AND speech_s NOT BETWEEN shortest_s AND longest_s
ORDER BY greatest(speech_s / longest_s, shortest_s / greatest(speech_s, 0.001)) DESC, clip_id
