-- The least rights of nodes: psql -v ON_ERROR_STOP=1 -d cautery -f node-role.sql
-- As the owner of the database, after `cautery server prepare`; it may be run again after an update.
-- Then, for each node, a role of its own that comes in by TLS with a password:
--   CREATE ROLE paris LOGIN PASSWORD '...' IN ROLE cautery_node CONNECTION LIMIT 12;
DO $$ BEGIN CREATE ROLE cautery_node NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;

-- A node sees no case: neither their names, nor their records, nor the people of the rooms.
REVOKE ALL ON SCHEMA public FROM cautery_node;
GRANT USAGE ON SCHEMA cautery, cautery_jobs TO cautery_node;
GRANT SELECT ON cautery.alembic_version TO cautery_node;

-- It says that it is there, and hears whether somebody wants it to drain; only the owner can want that.
GRANT SELECT, DELETE ON cautery.nodes TO cautery_node;
GRANT INSERT (name, about, seen_at), UPDATE (about, seen_at) ON cautery.nodes TO cautery_node;

-- It reads what a watch told all nodes, sealed under the nodes' key, and files answers, sealed too.
GRANT SELECT ON cautery.nights TO cautery_node;
GRANT SELECT, INSERT, UPDATE ON cautery.answers TO cautery_node;

-- It takes jobs from the queue: procrastinate's functions run with the rights of who calls them.
GRANT SELECT, UPDATE, DELETE ON cautery_jobs.procrastinate_jobs TO cautery_node;
GRANT SELECT, INSERT, UPDATE, DELETE ON cautery_jobs.procrastinate_workers TO cautery_node;
GRANT SELECT, INSERT ON cautery_jobs.procrastinate_events TO cautery_node;
GRANT SELECT, UPDATE ON cautery_jobs.procrastinate_periodic_defers TO cautery_node;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA cautery_jobs TO cautery_node;
