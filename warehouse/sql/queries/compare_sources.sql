-- The files a scan saw whose size or time is not the one last recorded, in the scan's order.
-- `contents` are the hashes that need no decoding: what the file and its clip hold already, and
-- the empty hash of a file that was refused because nothing of it could be read.
WITH known AS (
    SELECT path, observation, state, audio_sha256, source_bytes, source_mtime_ns
    FROM sources
    WHERE corpus = $corpus
    QUALIFY observation = max(observation) OVER (PARTITION BY path)
), clip AS (
    SELECT coalesce(recording, native_id) AS native_id, revision, any_value(audio_sha256) AS content
    FROM current_clips
    WHERE corpus = $corpus
    GROUP BY ALL
), unreadable AS (
    SELECT DISTINCT path, audio_sha256 AS nothing
    FROM rejects
    WHERE corpus = $corpus AND audio_sha256 = ''
)
SELECT
    seen.position,
    known.path IS NOT NULL OR clip.content IS NOT NULL AS is_known,
    list_distinct([known.audio_sha256, clip.content, unreadable.nothing]) AS contents,
    coalesce(known.observation, 0) + 1 AS observation,
    coalesce(clip.revision, 0) + 1 AS revision
FROM seen
LEFT JOIN known ON known.path = seen.path
LEFT JOIN clip ON clip.native_id = seen.native_id
LEFT JOIN unreadable ON unreadable.path = seen.path
WHERE (known.state, known.source_bytes, known.source_mtime_ns)
    IS DISTINCT FROM ('present', seen.source_bytes, seen.source_mtime_ns)
ORDER BY seen.position
