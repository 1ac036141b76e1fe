-- The least rights of nodes: psql -v ON_ERROR_STOP=1 -d cautery -f node-role.sql
-- As a superuser, after `cautery server prepare`; it may be run again after an update.
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

-- Who writes a case takes turns by an advisory lock, and any role may hold one: only who owns the
-- tables shall. This takes a superuser; the owner is warned that no privileges could be revoked, and a
-- stolen node could then keep every case from being written.
DO $$
DECLARE lock regprocedure; owner name := (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'cautery');
BEGIN
  FOR lock IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    AND (starts_with(proname, 'pg_advisory') OR starts_with(proname, 'pg_try_advisory'))
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', lock, owner);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', lock);
  END LOOP;
END $$;
