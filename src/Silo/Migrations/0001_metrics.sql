-- Projects, series and 60-second windows. Durations are microseconds, sizes bytes.

CREATE TABLE projects (
    id   int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

INSERT INTO projects (name) VALUES ('default');

-- A series is a project's service and endpoint; endpoint '*' is the whole service.
CREATE TABLE series (
    id         int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id int         NOT NULL REFERENCES projects,
    service    text        NOT NULL,
    endpoint   text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, service, endpoint)
);

-- The feed's ids: drawn under the feed's advisory lock, without cache, so that they become visible in order.
CREATE SEQUENCE metric_windows_id_seq CACHE 1;

CREATE TABLE metric_windows (
    id             bigint      NOT NULL, -- the revision: every flush draws a new one
    window_start   timestamptz NOT NULL,
    version        bigint      NOT NULL, -- fences a flush that did not start from this row
    request_size   bigint      NOT NULL,
    response_size  bigint      NOT NULL,
    duration_sum   bigint      NOT NULL,
    duration_max   bigint      NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    series_id      int         NOT NULL,
    traffic_count  int         NOT NULL,
    status_1xx     int         NOT NULL,
    status_2xx     int         NOT NULL,
    status_3xx     int         NOT NULL,
    status_4xx     int         NOT NULL,
    status_5xx     int         NOT NULL,
    p50            real        NOT NULL,
    p95            real        NOT NULL,
    p99            real        NOT NULL,
    applied        bigint[]    NOT NULL, -- epoch, seq, epoch, seq, …: how far each ingest node's journal is in here
    figures        bytea       NOT NULL, -- status codes, countries and the latency sketch; first byte is the format
    PRIMARY KEY (series_id, window_start) -- serves a series' range, and the upsert
) PARTITION BY RANGE (window_start);

CREATE INDEX ON metric_windows (id);                      -- serves the feed: id > $1 ORDER BY id
CREATE INDEX ON metric_windows (window_start, series_id); -- serves the newest windows of all series
