-- The address that a captured request came from, where it is to be kept (Bayou:Replay:ClientAddress): truncated or hashed; empty for none.

ALTER TABLE snapshots ADD client_address text NOT NULL DEFAULT ''; -- waits for those that make a segment now: the next statement sees it

DO $$
DECLARE segment text;
BEGIN
    FOR segment IN SELECT format('snapshot_segment_%s', id) FROM snapshot_segments WHERE to_regclass(format('snapshot_segment_%s', id)) IS NOT NULL LOOP
        EXECUTE format('ALTER TABLE %I ADD client_address text NOT NULL DEFAULT ''''', segment);
    END LOOP;
END $$;
