-- title: Almost the same sound from two speakers
-- severity: warning
-- counts: pair
-- why: One person under two names can be in training and in test at once.
-- do: Give both clips the speaker who is heard; until then splits keep the pair together.
SELECT
    pair.clip_id,
    one.speaker,
    pair.other_id,
    other.speaker AS other_speaker,
    pair.similarity
FROM duplicates AS pair
INNER JOIN judged_clips AS one
    ON one.clip_id = pair.clip_id AND one.revision = pair.revision
INNER JOIN judged_clips AS other
    ON other.clip_id = pair.other_id AND other.revision = pair.other_revision
WHERE (one.is_own OR other.is_own) AND pair.kind = 'near' AND one.corpus = other.corpus
    AND one.speaker != other.speaker
ORDER BY pair.similarity DESC, pair.clip_id, pair.other_id
