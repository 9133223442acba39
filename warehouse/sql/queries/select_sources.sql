-- Every source file of a corpus that was looked at: what it held and which clip it became.
-- A file that was rejected, now or before, has a row without a clip.
SELECT path, audio_sha256, source_bytes, source_mtime_ns, clip_id, revision FROM clips
WHERE corpus = $corpus
QUALIFY revision = max(revision) OVER (PARTITION BY clip_id)
UNION ALL
SELECT path, audio_sha256, source_bytes, source_mtime_ns, NULL, NULL FROM rejects
WHERE corpus = $corpus
ORDER BY path, clip_id NULLS LAST, audio_sha256
