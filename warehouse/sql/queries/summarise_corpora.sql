-- Per corpus: current clips, refused files, speakers, hours of source audio, standing votes.
WITH clip_totals AS (
    SELECT
        corpus,
        count(*) AS clips,
        count(DISTINCT speaker) AS speakers,
        sum(duration_s) / 3600 AS hours
    FROM current_clips
    GROUP BY corpus
), reject_totals AS (
    SELECT corpus, count(*) AS rejects FROM rejects GROUP BY corpus
), vote_totals AS (
    SELECT split_part(clip_id, '/', 1) AS corpus, sum(count) AS votes
    FROM votes
    WHERE NOT is_retraction
        AND vote_id NOT IN (SELECT supersedes FROM votes WHERE supersedes IS NOT NULL)
    GROUP BY ALL
)
SELECT
    corpus,
    coalesce(clips, 0) AS clips,
    coalesce(rejects, 0) AS rejects,
    coalesce(speakers, 0) AS speakers,
    coalesce(hours, 0) AS hours,
    coalesce(votes, 0)::BIGINT AS votes
FROM (SELECT DISTINCT corpus FROM corpora)
LEFT JOIN clip_totals USING (corpus)
LEFT JOIN reject_totals USING (corpus)
LEFT JOIN vote_totals USING (corpus)
ORDER BY corpus
