-- title: Almost the same sound twice
-- severity: warning
-- counts: pair
-- why: A clip re-encoded, resampled or made louder is no second example of anything.
-- do: Listen to the most similar pairs and delete copies; splits keep a pair together.
SELECT
    pair.clip_id,
    pair.other_id,
    pair.similarity,
    one.intended,
    other.intended AS other_intended,
    one.speaker,
    other.speaker AS other_speaker
FROM duplicates AS pair
INNER JOIN judged_clips AS one
    ON one.clip_id = pair.clip_id AND one.revision = pair.revision
INNER JOIN judged_clips AS other
    ON other.clip_id = pair.other_id AND other.revision = pair.other_revision
WHERE (one.is_own OR other.is_own) AND pair.kind = 'near'
ORDER BY pair.similarity DESC, pair.clip_id, pair.other_id
