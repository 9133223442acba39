-- Observations of a file count up from 1, so that none was lost.
SELECT corpus, path, count(*) AS observations, max(observation) AS last
FROM sources
GROUP BY corpus, path
HAVING count(*) <> max(observation)
