-- Every ask that wants no more votes, and why.
SELECT * FROM withdrawals
ORDER BY ask_id
