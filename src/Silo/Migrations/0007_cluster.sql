-- Processes and what their reminders did; membership, gateways and grain state of Orleans. The ADO.NET providers look their
-- statements up in OrleansQuery by the keys they publish; these are ours, on our tables, a statement each.

CREATE TABLE cluster_nodes (
    id               uuid        PRIMARY KEY, -- a life of a process
    name             text        NOT NULL,    -- the same over its lives
    roles            text[]      NOT NULL,
    version          text        NOT NULL,
    runtime          text        NOT NULL,
    silo             text        NOT NULL,    -- address:port@generation as membership has it; empty without a silo
    started_at       timestamptz NOT NULL,
    beat_at          timestamptz NOT NULL,
    stopping_at      timestamptz,
    stopped_at       timestamptz,
    cpu_cores        real        NOT NULL,
    memory_bytes     bigint      NOT NULL,
    calls_per_second real        NOT NULL,    -- of grains, answered here
    activations      jsonb       NOT NULL     -- number by grain type
);

CREATE TABLE reminder_runs (
    name       text        PRIMARY KEY,
    node       text        NOT NULL, -- the last run's
    started_at timestamptz NOT NULL,
    seconds    real        NOT NULL,
    error      text,                 -- null when all went well
    runs       bigint      NOT NULL,
    failures   bigint      NOT NULL
);

-- What the health reminder found.
CREATE TABLE health_checks (
    name       text        PRIMARY KEY,
    message    text, -- null when all is well
    checked_at timestamptz NOT NULL
);

CREATE TABLE cluster_membership_version (
    cluster_id text PRIMARY KEY,
    version    int  NOT NULL
);

CREATE TABLE cluster_membership (
    cluster_id    text        NOT NULL REFERENCES cluster_membership_version,
    address       text        NOT NULL,
    port          int         NOT NULL,
    generation    int         NOT NULL,
    silo_name     text        NOT NULL,
    host_name     text        NOT NULL,
    status        int         NOT NULL, -- Orleans.Runtime.SiloStatus: 3 is Active, 6 is Dead
    proxy_port    int         NOT NULL,
    suspect_times text,
    start_time    timestamptz NOT NULL,
    i_am_alive    timestamptz NOT NULL,
    PRIMARY KEY (cluster_id, address, port, generation)
);

CREATE TABLE grain_states (
    service_id  text        NOT NULL,
    type_hash   int         NOT NULL,
    id_hash     int         NOT NULL,
    id_n0       bigint      NOT NULL,
    id_n1       bigint      NOT NULL,
    type        text        NOT NULL,
    id_text     text        NOT NULL, -- empty for none
    payload     bytea,
    version     int         NOT NULL,
    modified_at timestamptz NOT NULL,
    PRIMARY KEY (id_hash, type_hash, id_n0, id_n1, service_id, type, id_text)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', '
    WITH made AS (
        INSERT INTO cluster_membership_version (cluster_id, version) VALUES (@DeploymentId, 0)
        ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::int FROM made'),
('InsertMembershipKey', '
    WITH next AS (
        UPDATE cluster_membership_version SET version = version + 1
         WHERE cluster_id = @DeploymentId AND version = @Version
           AND NOT EXISTS (SELECT 1 FROM cluster_membership
                            WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster_id),
    made AS (
        INSERT INTO cluster_membership (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port, start_time, i_am_alive)
        SELECT cluster_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM next
        RETURNING 1)
    SELECT count(*)::int FROM made'),
('UpdateMembershipKey', '
    WITH next AS (
        UPDATE cluster_membership_version SET version = version + 1
         WHERE cluster_id = @DeploymentId AND version = @Version
           AND EXISTS (SELECT 1 FROM cluster_membership
                        WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster_id),
    changed AS (
        UPDATE cluster_membership m SET status = @Status, suspect_times = @SuspectTimes, i_am_alive = @IAmAliveTime
          FROM next
         WHERE m.cluster_id = next.cluster_id AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
        RETURNING 1)
    SELECT count(*)::int FROM changed'),
('UpdateIAmAlivetimeKey', '
    UPDATE cluster_membership SET i_am_alive = @IAmAliveTime
     WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),
('MembershipReadRowKey', '
    SELECT v.cluster_id AS DeploymentId, m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName,
           m.host_name AS HostName, m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes,
           m.start_time AS StartTime, m.i_am_alive AS IAmAliveTime, v.version AS Version
      FROM cluster_membership_version v
      LEFT JOIN cluster_membership m ON m.cluster_id = v.cluster_id AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
     WHERE v.cluster_id = @DeploymentId'),
('MembershipReadAllKey', '
    SELECT v.cluster_id AS DeploymentId, m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName,
           m.host_name AS HostName, m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes,
           m.start_time AS StartTime, m.i_am_alive AS IAmAliveTime, v.version AS Version
      FROM cluster_membership_version v
      LEFT JOIN cluster_membership m ON m.cluster_id = v.cluster_id
     WHERE v.cluster_id = @DeploymentId'),
('GatewaysQueryKey', '
    SELECT address AS Address, proxy_port AS ProxyPort, generation AS Generation
      FROM cluster_membership
     WHERE cluster_id = @DeploymentId AND status = @Status AND proxy_port > 0'),
('CleanupDefunctSiloEntriesKey', '
    DELETE FROM cluster_membership WHERE cluster_id = @DeploymentId AND i_am_alive < @IAmAliveTime AND status <> 3'),
('DeleteMembershipTableEntriesKey', '
    WITH gone AS (DELETE FROM cluster_membership WHERE cluster_id = @DeploymentId)
    DELETE FROM cluster_membership_version WHERE cluster_id = @DeploymentId'),
('ReadFromStorageKey', '
    SELECT payload AS PayloadBinary, modified_at AS ModifiedOn, version AS Version
      FROM grain_states
     WHERE service_id = @ServiceId AND id_hash = @GrainIdHash AND type_hash = @GrainTypeHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
       AND type = @GrainTypeString AND id_text = coalesce(@GrainIdExtensionString::text, '''')'),
('WriteToStorageKey', '
    WITH changed AS (
        UPDATE grain_states SET payload = @PayloadBinary, version = version + 1, modified_at = now()
         WHERE service_id = @ServiceId AND id_hash = @GrainIdHash AND type_hash = @GrainTypeHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
           AND type = @GrainTypeString AND id_text = coalesce(@GrainIdExtensionString::text, '''') AND version = @GrainStateVersion::int
        RETURNING version),
    made AS (
        INSERT INTO grain_states (service_id, id_hash, type_hash, id_n0, id_n1, type, id_text, payload, version, modified_at)
        SELECT @ServiceId, @GrainIdHash, @GrainTypeHash, @GrainIdN0, @GrainIdN1, @GrainTypeString, coalesce(@GrainIdExtensionString::text, ''''), @PayloadBinary, 1, now()
         WHERE @GrainStateVersion::int IS NULL
        ON CONFLICT DO NOTHING
        RETURNING version)
    SELECT coalesce((SELECT version FROM changed), (SELECT version FROM made), @GrainStateVersion::int) AS NewGrainStateVersion'),
('ClearStorageKey', '
    UPDATE grain_states SET payload = NULL, version = version + 1, modified_at = now()
     WHERE service_id = @ServiceId AND id_hash = @GrainIdHash AND type_hash = @GrainTypeHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
       AND type = @GrainTypeString AND id_text = coalesce(@GrainIdExtensionString::text, '''') AND version = @GrainStateVersion::int
    RETURNING version AS NewGrainStateVersion'),
('DeleteStorageKey', '
    DELETE FROM grain_states
     WHERE service_id = @ServiceId AND id_hash = @GrainIdHash AND type_hash = @GrainTypeHash AND id_n0 = @GrainIdN0 AND id_n1 = @GrainIdN1
       AND type = @GrainTypeString AND id_text = coalesce(@GrainIdExtensionString::text, '''') AND version = @GrainStateVersion::int
    RETURNING version + 1 AS NewGrainStateVersion');
