-- Current clips that hold the same audio, with how alike they are.
SELECT duplicates.* FROM duplicates
SEMI JOIN current_clips AS one USING (clip_id, revision)
SEMI JOIN current_clips AS other
    ON other.clip_id = other_id AND other.revision = other_revision
ORDER BY clip_id, other_id
