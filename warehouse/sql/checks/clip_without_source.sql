-- A clip's file was seen when the clip was made, so it has a source row with its content.
SELECT clip_id, revision, path, audio_sha256 FROM clips ANTI JOIN sources USING (corpus, audio_sha256)
