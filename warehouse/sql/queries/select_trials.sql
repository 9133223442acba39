-- Trials in order, of one study or of all.
SELECT * FROM trials
WHERE $study IS NULL OR study = $study
ORDER BY study, number
