-- Lets the oldest rows go by a function of whoever owns the log: where that is another than the program's role, the program can add rows, and do nothing else.
-- See docs/operations.md, Who may change the audit log.

CREATE FUNCTION audit_forget() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH gone AS (DELETE FROM audit WHERE time < now() - interval '366 days' RETURNING 1) SELECT count(*) FROM gone
$$;
