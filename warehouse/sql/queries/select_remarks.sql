-- Every remark beside a vote, of one source or of all; withdrawn and superseded answers too.
SELECT * FROM remarks
WHERE $source IS NULL OR source = $source
ORDER BY source, source_ref, cast_at, remark_id
