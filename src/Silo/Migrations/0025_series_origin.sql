-- A service may be known by several origins at once, as by its middleware and by its spans: each has series of its own, and of a minute the best counts.

ALTER TABLE series ADD origin smallint NOT NULL DEFAULT 0; -- 0 requests, 1 servers' spans, 2 histograms: the best first
ALTER TABLE series DROP CONSTRAINT series_project_id_service_endpoint_key;
CREATE UNIQUE INDEX ON series (project_id, service, endpoint, origin);

-- Each series beside one of a better origin of the same service: where that has a window, the first one's of that minute is left out.
CREATE VIEW series_rivals AS
SELECT s.id AS series_id, b.id AS better_id
  FROM series s
  JOIN series b ON b.project_id = s.project_id AND b.service = s.service AND b.endpoint = '*' AND b.origin < s.origin
 WHERE s.origin > 0;

CREATE INDEX ON series (project_id, service) WHERE origin > 0; -- serves the view: mostly empty
