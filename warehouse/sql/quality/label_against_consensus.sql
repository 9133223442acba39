-- title: People hear another emotion than intended
-- severity: warning
-- counts: clip
-- why: A model trained on the intended label learns to contradict its listeners.
-- do: Train on the consensus (`serloop train --labels RUN`), or drop the clip from the training part.
WITH newest AS (
    SELECT consensus.*, run.classes, run.taxonomy
    FROM consensus
    INNER JOIN consensus_runs AS run USING (run_id)
    QUALIFY row_number() OVER (
        PARTITION BY consensus.clip_id, consensus.modality, run.taxonomy
        ORDER BY run.snapshot DESC, run_id
    ) = 1
)
SELECT
    clip_id,
    intended,
    label AS consensus,
    posterior[list_position(newest.classes, label)] AS certainty,
    posterior[list_position(newest.classes, intended)] AS intended_share,
    votes,
    modality
FROM newest
INNER JOIN judged_clips USING (clip_id)
INNER JOIN judged_corpora USING (corpus, taxonomy)
WHERE label != intended
    AND votes >= $consensus_votes
    AND certainty >= $consensus_certainty
ORDER BY certainty DESC, votes DESC, clip_id, modality
