-- Words of no clip are read by nobody.
SELECT clip_id, revision, source FROM transcripts ANTI JOIN clips USING (clip_id, revision)
