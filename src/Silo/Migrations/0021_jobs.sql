-- Background work that runs once, and shows. See docs/adr/0017-jobs.md.

-- Jobs that have not ended. Their project is 0 for Bayou's own, which belong to none.
CREATE TABLE jobs (
    project_id    int         NOT NULL,
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    type          text        NOT NULL,
    queue         text        NOT NULL,
    priority      smallint    NOT NULL, -- 0 goes first, 3 last
    state         smallint    NOT NULL, -- 0 waits, 1 runs, 2 waits for others
    payload       jsonb       NOT NULL,
    attempts      int         NOT NULL DEFAULT 0,
    max_attempts  int         NOT NULL,
    run_at        timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    created_by    text        NOT NULL, -- person:3, key:7, schedule:4, system
    trace_id      text,                 -- of the request that asked for it
    schedule_id   int,
    batch_id      bigint,               -- the first job's of those that came together
    unique_key    text,
    unique_until  smallint    NOT NULL DEFAULT 0, -- 1 it starts, 2 it ends, 3 a time is over
    pending       int         NOT NULL DEFAULT 0, -- jobs that it waits for
    fence         int         NOT NULL DEFAULT 0, -- grows with every handing out: what an earlier holder says is void
    worker        bigint,                         -- who holds it
    is_cancelled  boolean     NOT NULL DEFAULT false, -- it runs, and is asked to stop
    crashes       smallint    NOT NULL DEFAULT 0, -- workers that were lost while it ran
    started_at    timestamptz,
    progress      real,                 -- 0 to 1
    progress_note text,
    error         text,                 -- the last
    error_pattern text,                 -- the same without what varies
    tries         jsonb       NOT NULL DEFAULT '[]', -- attempts that did not succeed
    PRIMARY KEY (project_id, id)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX jobs_waiting ON jobs (queue, priority, run_at, id) WHERE state = 0; -- serves handing out
CREATE INDEX jobs_held ON jobs (worker) WHERE state = 1;
CREATE INDEX jobs_retrying ON jobs (project_id) WHERE state = 0 AND error IS NOT NULL; -- serves counting them

-- Those that have ended. Their partitions are dropped whole; dead ones, which are few, are deleted when they are old, and can be tried again.
CREATE TABLE job_history (LIKE jobs, status text NOT NULL, finished_at timestamptz NOT NULL, result jsonb) PARTITION BY LIST (status);
CREATE TABLE job_history_done PARTITION OF job_history FOR VALUES IN ('succeeded', 'cancelled') PARTITION BY RANGE (finished_at);
CREATE TABLE job_history_dead PARTITION OF job_history FOR VALUES IN ('dead');
CREATE INDEX job_history_id ON job_history (project_id, id);
CREATE INDEX job_history_finished_at ON job_history USING brin (finished_at);

CREATE TABLE job_keys (
    project_id int         NOT NULL,
    key        text        NOT NULL,
    job_id     bigint      NOT NULL,
    expires_at timestamptz NOT NULL, -- infinity until it starts or ends
    PRIMARY KEY (project_id, key)
);

CREATE TABLE job_waits (
    project_id    int     NOT NULL,
    after_id      bigint  NOT NULL,
    job_id        bigint  NOT NULL,
    needs_success boolean NOT NULL, -- else the end of the other is enough
    PRIMARY KEY (project_id, after_id, job_id)
);

CREATE INDEX ON job_waits (project_id, job_id);

-- A life of a process that runs jobs; its number is given once.
CREATE TABLE job_workers (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node        text        NOT NULL,
    queues      jsonb       NOT NULL, -- how many at once, by queue
    running     int         NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL DEFAULT now(),
    beat_at     timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL,
    state       text        NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'stopping', 'stopped', 'lost'))
);

-- What workers did, by minute; each has rows of its own, so that none waits for another's.
CREATE TABLE job_minutes (
    minute      timestamptz NOT NULL,
    worker      bigint      NOT NULL,
    project_id  int         NOT NULL,
    queue       text        NOT NULL,
    type        text        NOT NULL,
    succeeded   bigint      NOT NULL,
    failed      bigint      NOT NULL, -- attempts that are tried again
    dead        bigint      NOT NULL,
    cancelled   bigint      NOT NULL,
    waited_ms   double precision NOT NULL, -- sums, from when they were due
    ran_ms      double precision NOT NULL,
    PRIMARY KEY (minute, worker, project_id, queue, type)
);

CREATE TABLE schedules (
    id          int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  int         NOT NULL,
    name        text        NOT NULL,
    type        text        NOT NULL,
    payload     jsonb       NOT NULL,
    queue       text,                 -- null for the type's
    priority    smallint,
    cron        text,                 -- one of cron, every_seconds and once_at
    every_seconds int,
    once_at     timestamptz,
    time_zone   text        NOT NULL DEFAULT 'UTC',
    enabled     boolean     NOT NULL DEFAULT true,
    jitter_ms   int         NOT NULL DEFAULT 0,
    missed      text        NOT NULL CHECK (missed IN ('skip', 'run_once', 'run_all')),
    overlap     boolean     NOT NULL,
    last_run    timestamptz,          -- the occurrence that was enqueued last
    last_job_id bigint,
    last_skipped timestamptz,         -- the last that was not, as the job before it had not ended or it was missed
    next_run    timestamptz,          -- null until a scheduler has looked, and when there is none
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(cron, every_seconds, once_at) = 1)
);

CREATE UNIQUE INDEX schedules_name ON schedules (project_id, text_fold(name));
CREATE INDEX schedules_due ON schedules (project_id, next_run) WHERE enabled;

INSERT INTO schedules (project_id, name, type, payload, cron, missed, overlap, created_by) VALUES
    (0, 'Health check', 'health.check', '{}', '* * * * *', 'run_once', false, 'system'),
    (0, 'Metrics roll-up', 'metrics.rollup', '{}', '* * * * *', 'run_once', false, 'system'),
    (0, 'Metrics cleanup', 'metrics.cleanup', '{}', '*/10 * * * *', 'run_once', false, 'system'),
    (0, 'Log sealing', 'logs.seal', '{}', '* * * * *', 'run_once', false, 'system'),
    (0, 'Log cleanup', 'logs.cleanup', '{}', '*/10 * * * *', 'run_once', false, 'system'),
    (0, 'Project cleanup', 'projects.cleanup', '{}', '7 * * * *', 'run_once', false, 'system'),
    (0, 'Job cleanup', 'jobs.cleanup', '{}', '*/10 * * * *', 'run_once', false, 'system');

-- Where services are reached, for what Bayou itself calls.
CREATE TABLE targets (
    project_id    int         NOT NULL,
    service       text        NOT NULL,
    stage         text        NOT NULL, -- empty for whatever stage has none of its own
    base_url      text        NOT NULL,
    headers       text,                 -- encrypted; null for none
    header_names  text[]      NOT NULL,
    allow_private boolean     NOT NULL,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, service, stage)
);

-- How far the ids of jobs can be seen without a gap, and how far they were drawn. Whoever draws ids holds, from before that until the commit, a shared lock
-- whose number is where the sequence was; so the least of these is where the ids that may still appear begin.
CREATE FUNCTION jobs_end(OUT visible bigint, OUT drawn bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO drawn FROM jobs_id_seq;
    SELECT least(drawn, min(CASE WHEN behind < 1073741824 THEN drawn - behind ELSE drawn END)) INTO visible
      FROM (SELECT (drawn - l.objid::bigint) & 2147483647 AS behind FROM pg_locks l
             WHERE l.locktype = 'advisory' AND l.classid = 1651468399 AND l.objsubid = 2
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) draws;
END $$;

-- Draws ids. A statement of its own.
CREATE FUNCTION jobs_draw(count int) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1651468399, (SELECT (last_value - CASE WHEN is_called THEN 0 ELSE 1 END) & 2147483647 FROM jobs_id_seq)::int);
    RETURN QUERY SELECT nextval('jobs_id_seq') FROM generate_series(1, count);
END $$;
