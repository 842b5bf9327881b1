-- Deploys, and what tells them: the versions that services report. Also what ingest could not take.

CREATE TABLE deploys (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- drawn under the project's advisory lock, so visible in order
    project_id int         NOT NULL REFERENCES projects,
    service    text        NOT NULL,
    version    text        NOT NULL,
    time       timestamptz NOT NULL,
    source     text        NOT NULL CHECK (source IN ('sent', 'reported')), -- told by a call, or by observations of a new version
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ON deploys (project_id, time); -- serves the markers of a range, and finding a repeat

CREATE TABLE service_versions (
    project_id int         NOT NULL REFERENCES projects,
    service    text        NOT NULL,
    version    text        NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL, -- start of its newest observation
    PRIMARY KEY (project_id, service, version)
);

-- Per minute of arrival; service '' where it cannot be told.
CREATE TABLE ingest_losses (
    project_id int         NOT NULL REFERENCES projects,
    service    text        NOT NULL,
    minute     timestamptz NOT NULL,
    rejected   bigint      NOT NULL, -- items that ingest refused
    dropped    bigint      NOT NULL, -- items that senders report to have dropped unsent
    last_error text,                 -- of the newest refusal
    PRIMARY KEY (project_id, service, minute)
);
