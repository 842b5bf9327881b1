-- A week of all endpoints: without it, all of the year's days were read.

CREATE INDEX ON metric_rollups_86400 (window_start); -- serves questions about most series, and the merging of a day again
