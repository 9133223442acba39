-- Per corpus asked about: clips, speakers, genders, hours of speech, labelled clips.
SELECT
    corpus,
    count(*) AS clips,
    count(DISTINCT speaker) AS speakers,
    sum(speech_s) / 3600 AS speech_h,
    count(intended) AS labelled
FROM judged_clips
WHERE is_own
GROUP BY corpus
ORDER BY clips DESC, corpus
