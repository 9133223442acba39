-- A retraction names what it withdraws.
SELECT vote_id FROM votes WHERE is_retraction AND supersedes IS NULL
