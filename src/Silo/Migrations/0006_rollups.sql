-- Windows merged into longer ones, hour by hour and day by day. See docs/adr/0008-rollups.md.

CREATE TABLE metric_rollups_600 (
    series_id     int         NOT NULL,
    window_start  timestamptz NOT NULL,
    traffic_count bigint      NOT NULL,
    errors        bigint      NOT NULL, -- status 500 and above
    duration_sum  bigint      NOT NULL, -- microseconds
    figures       bytea       NOT NULL, -- as in metric_windows
    PRIMARY KEY (series_id, window_start) -- serves a series' range
) PARTITION BY RANGE (window_start);

CREATE TABLE metric_rollups_3600 (LIKE metric_rollups_600 INCLUDING ALL) PARTITION BY RANGE (window_start);
CREATE TABLE metric_rollups_86400 (LIKE metric_rollups_600 INCLUDING ALL) PARTITION BY RANGE (window_start);

-- What roll-ups do not have yet: an hour whose windows, or a day whose hours, were written since they were merged.
-- While there is a mark here, queries read the finer rows instead.
CREATE TABLE metric_rollup_marks (
    seconds    int         NOT NULL CHECK (seconds IN (3600, 86400)),
    start      timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    touched_at timestamptz NOT NULL DEFAULT now(), -- of the last write
    PRIMARY KEY (seconds, start)
) WITH (fillfactor = 50); -- updated at every flush, in place

INSERT INTO metric_rollup_marks (seconds, start)
SELECT DISTINCT 3600, to_timestamp(floor(extract(epoch FROM window_start) / 3600) * 3600) FROM metric_windows;
