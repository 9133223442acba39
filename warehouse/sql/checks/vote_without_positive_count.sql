-- A row stands for at least one judgement.
SELECT vote_id, count FROM votes WHERE count < 1
