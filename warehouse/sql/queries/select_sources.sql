-- Every source file of a corpus as it is now, or as it was when it vanished.
SELECT * FROM sources
WHERE $corpus IS NULL OR corpus = $corpus
QUALIFY observation = max(observation) OVER (PARTITION BY corpus, path)
ORDER BY corpus, path
