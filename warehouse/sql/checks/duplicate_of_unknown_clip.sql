-- A duplicate names two clip revisions that are there.
SELECT clip_id, revision FROM duplicates ANTI JOIN clips USING (clip_id, revision)
UNION ALL
SELECT other_id, other_revision FROM duplicates
ANTI JOIN clips ON clips.clip_id = other_id AND clips.revision = other_revision
