-- A vote can only replace or retract one that the ledger holds.
SELECT later.vote_id, later.supersedes
FROM votes AS later
ANTI JOIN votes AS earlier ON later.supersedes = earlier.vote_id
WHERE later.supersedes IS NOT NULL
