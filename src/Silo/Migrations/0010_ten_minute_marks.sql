-- Ten minutes are merged when they are over, hours from these: so of the hour that is not over minutes are read for its last ten minutes alone.
-- By another name: a silo of before this, which marks hours only, cannot flush beside this one, and keeps its figures in the journal. See docs/adr/0008-rollups.md.

ALTER TABLE metric_rollup_marks RENAME TO metric_marks;
ALTER TABLE metric_marks DROP CONSTRAINT metric_rollup_marks_seconds_check;
ALTER TABLE metric_marks ADD CHECK (seconds IN (600, 3600, 86400));

CREATE INDEX ON metric_rollups_600 (window_start);  -- serves merging: all series of an hour
CREATE INDEX ON metric_rollups_3600 (window_start); -- and of a day

INSERT INTO metric_marks (seconds, start, created_at, touched_at)
SELECT 600, start + n * interval '10 minutes', created_at, touched_at FROM metric_marks, generate_series(0, 5) n WHERE seconds = 3600;
