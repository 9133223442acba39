-- Every clip belongs to a corpus whose licence we know.
SELECT clip_id, revision, corpus FROM clips ANTI JOIN corpora USING (corpus)
