-- Every row that was found in the place of a vote and is none, of one source or of all.
SELECT * FROM quarantine
WHERE $source IS NULL OR source = $source
ORDER BY source, "row" NULLS FIRST, quarantine_id
