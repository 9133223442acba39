-- title: Almost the same sound under different labels
-- severity: warning
-- counts: pair
-- why: One sound that is taught as two classes teaches neither.
-- do: Listen to both; correct the label that is wrong, or let people vote on the clips.
SELECT
    pair.clip_id,
    one.intended,
    pair.other_id,
    other.intended AS other_intended,
    pair.similarity
FROM duplicates AS pair
INNER JOIN judged_clips AS one
    ON one.clip_id = pair.clip_id AND one.revision = pair.revision
INNER JOIN judged_clips AS other
    ON other.clip_id = pair.other_id AND other.revision = pair.other_revision
WHERE (one.is_own OR other.is_own) AND pair.kind = 'near' AND one.intended != other.intended
ORDER BY pair.similarity DESC, pair.clip_id, pair.other_id
