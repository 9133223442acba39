-- Per corpus: clips by class and gender, all speakers.
SELECT corpus, intended AS class, gender, count(*) AS clips
FROM judged_clips
WHERE is_own
GROUP BY ALL
ORDER BY ALL
