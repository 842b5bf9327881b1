-- Reminders of both grain runtimes. The Orleans ADO.NET provider looks its statements up in OrleansQuery by
-- the keys it publishes; these are ours, on our table.

CREATE TABLE reminders (
    service_id    text        NOT NULL,
    grain_id      text        NOT NULL, -- type/key
    name          text        NOT NULL,
    start_time    timestamptz NOT NULL,
    period        bigint      NOT NULL, -- milliseconds
    grain_hash    int         NOT NULL, -- places the reminder on a cluster's ring
    version       int         NOT NULL DEFAULT 0,
    PRIMARY KEY (service_id, grain_id, name)
);

CREATE TABLE OrleansQuery (
    QueryKey  text PRIMARY KEY,
    QueryText text NOT NULL
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('UpsertReminderRowKey', '
    INSERT INTO reminders (service_id, grain_id, name, start_time, period, grain_hash)
    VALUES (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash)
    ON CONFLICT (service_id, grain_id, name) DO UPDATE SET
        start_time = excluded.start_time, period = excluded.period,
        grain_hash = excluded.grain_hash, version = reminders.version + 1
    RETURNING version AS Version'),
('ReadReminderRowsKey', '
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
      FROM reminders WHERE service_id = @ServiceId AND grain_id = @GrainId'),
('ReadReminderRowKey', '
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
      FROM reminders WHERE service_id = @ServiceId AND grain_id = @GrainId AND name = @ReminderName'),
('ReadRangeRows1Key', '
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
      FROM reminders WHERE service_id = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash'),
('ReadRangeRows2Key', '
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
      FROM reminders WHERE service_id = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash)'),
('DeleteReminderRowKey', '
    WITH gone AS (
        DELETE FROM reminders
         WHERE service_id = @ServiceId AND grain_id = @GrainId AND name = @ReminderName AND version = @Version
        RETURNING 1)
    SELECT count(*)::int FROM gone'),
('DeleteReminderRowsKey', '
    DELETE FROM reminders WHERE service_id = @ServiceId');
