-- A journal row lives for seconds, and its content is dense already: compressing it costs more than it saves.
ALTER TABLE ingest_journal ALTER COLUMN payload SET STORAGE EXTERNAL;
