-- Metrics of OpenTelemetry: a point each minute of each series. See docs/adr/0019-opentelemetry.md.

CREATE TABLE point_series (
    id            int      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id    int      NOT NULL REFERENCES projects,
    hash          bytea    NOT NULL, -- the first half of SHA-256 of all that makes it another series
    name          text     NOT NULL,
    kind          smallint NOT NULL, -- 1 gauge, 2 sum, 3 histogram
    is_cumulative boolean  NOT NULL, -- its points are of all the time since they started, else of the time since the one before
    is_monotonic  boolean  NOT NULL, -- a sum that never falls
    unit          text     NOT NULL,
    description   text     NOT NULL,
    service       text     NOT NULL,
    resource_id   int      NOT NULL, -- of span_resources
    attributes    jsonb    NOT NULL,
    seen_on       date     NOT NULL DEFAULT current_date,
    UNIQUE (project_id, hash)
);

CREATE INDEX ON point_series (project_id, name);
CREATE INDEX ON point_series (resource_id); -- serves forgetting resources

CREATE TABLE points (
    series_id int         NOT NULL,
    minute    timestamptz NOT NULL,
    at        bigint      NOT NULL, -- of the newest that is in it, in nanoseconds since the epoch
    started   bigint      NOT NULL, -- since when a cumulative one counts; 0 where it does not say
    value     float8      NOT NULL, -- of a histogram the sum of what was measured
    count     bigint      NOT NULL, -- of a histogram
    buckets   bytea,                -- of a histogram: bounds and count of each
    made      bigint,               -- of a histogram of HTTP requests that counts since the time before: how many requests were made of it
    made_of   bytea,                -- and of which buckets
    PRIMARY KEY (series_id, minute) -- serves a series' range, and the upsert
) PARTITION BY RANGE (minute);

-- By which a node whose connection broke while it committed finds out whether it did.
CREATE TABLE point_commits (
    node       uuid        PRIMARY KEY, -- a life of one
    tick       bigint      NOT NULL,    -- the last that was committed
    ticked_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

INSERT INTO schedules (project_id, name, type, payload, cron, missed, overlap, created_by) VALUES
    (0, 'Point cleanup', 'points.cleanup', '{}', '*/10 * * * *', 'run_once', false, 'system');

-- How far cumulative histograms of HTTP requests have been made windows of: the point that was the last to be.
CREATE TABLE histogram_requests (
    series_id int         PRIMARY KEY REFERENCES point_series ON DELETE CASCADE,
    minute    timestamptz NOT NULL,
    at        bigint      NOT NULL,
    started   bigint      NOT NULL,
    value     float8      NOT NULL,
    count     bigint      NOT NULL,
    buckets   bytea
);
