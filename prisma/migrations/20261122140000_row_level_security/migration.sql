-- A second guard beside the conditions that the program writes: the database itself shows a session the rows of the one account
-- (and, where a key is bound to one, the tenant) that the session acts for, and of nobody where it acts for nobody.
--
-- Who acts stands in two settings of the session: palimpsest.account (an account's id; '*' for the server's own work, such as
-- migrations, key look-ups and background jobs) and palimpsest.tenant ('=' and the tenant's name; empty where none is bound).
-- Requests also run as one of two roles that own nothing, so that policies apply to them, and to them alone:
--   palimpsest_account   a caller with the whole account
--   palimpsest_tenant    a caller bound to one tenant
-- Two roles and not one with an OR: conditions that are plain equalities leave the planner its estimates and its indexes.
-- Settings are read in a sub-select, so that a statement reads them once and not once a row.
--
-- Functions, and not just statements, because it depends on the catalog what is to be done: the server calls palimpsest_guard()
-- at each start, so that tables of later migrations and roles that somebody made by hand are taken up.

-- Whether both roles are there, and this session may act as them; makes them where it may.
CREATE FUNCTION palimpsest_roles() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  acting text := current_setting('role');
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['palimpsest_account', 'palimpsest_tenant'] LOOP
    IF to_regrole(wanted) IS NULL THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      EXCEPTION
        WHEN insufficient_privilege THEN RETURN false;
        WHEN duplicate_object OR unique_violation THEN NULL; -- roles are of the whole server: another database made it just now
      END;
    END IF;
    BEGIN
      PERFORM set_config('role', wanted, true);
    EXCEPTION WHEN insufficient_privilege THEN
      BEGIN
        EXECUTE format('GRANT %I TO SESSION_USER', wanted);
        PERFORM set_config('role', wanted, true);
      EXCEPTION WHEN insufficient_privilege THEN
        RETURN false;
      END;
    END;
    PERFORM set_config('role', acting, true);
  END LOOP;
  RETURN true;
END $$;

-- Guards every table that holds rows of an account, and says how: 'roles', or 'forced' where the roles can not be had. Then the
-- policies are forced upon the owner, and the settings alone decide. Changes nothing where everything is as it should be.
CREATE FUNCTION palimpsest_guard() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  has_roles boolean := palimpsest_roles();
  mine constant text := $sql$(SELECT CASE WHEN current_setting('palimpsest.account', true) NOT IN ('', '*')
    THEN current_setting('palimpsest.account', true)::uuid END)$sql$;
  tenant constant text := $sql$(SELECT substr(current_setting('palimpsest.tenant', true), 2))$sql$;
  is_system constant text := $sql$(SELECT current_setting('palimpsest.account', true) = '*')$sql$;
  is_bound constant text := $sql$(SELECT current_setting('palimpsest.tenant', true) LIKE '=%')$sql$;
  guarded record;
  own text;
  bound text;
  of_tenant text;
  shown text;
  policies text[];
  policy text;
BEGIN
  FOR guarded IN
    SELECT c.oid, c.oid::regclass AS name, c.relrowsecurity, c.relforcerowsecurity,
      CASE WHEN c.relname = 'accounts' THEN 'id' ELSE 'account_id' END AS account_column,
      EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant,
      ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname LIKE 'palimpsest\_%' ORDER BY 1) AS policies
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attnum > 0
                    AND a.attname = CASE WHEN c.relname = 'accounts' THEN 'id' ELSE 'account_id' END)
  LOOP
    own := format('%I = %s', guarded.account_column, mine);
    bound := CASE WHEN guarded.has_tenant THEN 'tenant' ELSE 'account' END;
    of_tenant := CASE WHEN guarded.has_tenant THEN 'tenant_id = ' || tenant ELSE 'true' END;
    -- That all of an account was deleted is told to each of its tenants.
    shown := CASE WHEN guarded.name = 'memory_events'::regclass
      THEN format('(%s OR (kind = ''DELETED'' AND details @> ''{"allTenants": true}''))', of_tenant) ELSE of_tenant END;
    policies := CASE WHEN has_roles THEN ARRAY['palimpsest_own', 'palimpsest_own_' || bound] ELSE ARRAY['palimpsest_forced_' || bound] END;
    IF guarded.policies <> policies OR NOT guarded.relrowsecurity OR guarded.relforcerowsecurity = has_roles THEN
      FOREACH policy IN ARRAY guarded.policies LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy, guarded.name);
      END LOOP;
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded.name);
      EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY', guarded.name, CASE WHEN has_roles THEN 'NO FORCE' ELSE 'FORCE' END);
      IF has_roles THEN
        EXECUTE format('CREATE POLICY %I ON %s TO palimpsest_account USING (%s)', policies[1], guarded.name, own);
        EXECUTE format('CREATE POLICY %I ON %s TO palimpsest_tenant USING (%s AND %s) WITH CHECK (%s AND %s)',
          policies[2], guarded.name, own, shown, own, of_tenant);
      ELSE
        EXECUTE format('CREATE POLICY %I ON %s USING (%s OR (%s AND (NOT coalesce(%s, false) OR %s))) WITH CHECK (%s OR (%s AND (NOT coalesce(%s, false) OR %s)))',
          policies[1], guarded.name, is_system, own, is_bound, shown, is_system, own, is_bound, of_tenant);
      END IF;
    END IF;
    IF has_roles AND NOT (
      SELECT bool_and(has_table_privilege(grantee, guarded.oid, privilege))
      FROM unnest(ARRAY['palimpsest_account', 'palimpsest_tenant']) AS grantee,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege)
    THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO palimpsest_account, palimpsest_tenant', guarded.name);
    END IF;
  END LOOP;
  IF has_roles AND NOT (has_schema_privilege('palimpsest_account', current_schema(), 'USAGE')
    AND has_schema_privilege('palimpsest_tenant', current_schema(), 'USAGE'))
  THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO palimpsest_account, palimpsest_tenant', current_schema());
  END IF;
  RETURN CASE WHEN has_roles THEN 'roles' ELSE 'forced' END;
END $$;

-- Rows are compared by an index only after the policy has let them through, unless the comparison can give nothing away of rows
-- that it refuses: PostgreSQL calls it leakproof, and believes a superuser alone. Both are: they compare, and never complain of
-- what they are given. Without it words are looked for by going through the tenant. True if it is so now.
CREATE FUNCTION palimpsest_leakproof() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  compared constant regprocedure[] := ARRAY['pg_catalog.ts_match_vq(tsvector, tsquery)', 'pg_catalog."left"(text, integer)'];
  one regprocedure;
BEGIN
  FOREACH one IN ARRAY compared LOOP
    IF NOT (SELECT p.proleakproof FROM pg_proc p WHERE p.oid = one) THEN
      EXECUTE format('ALTER FUNCTION %s LEAKPROOF', one);
    END IF;
  END LOOP;
  RETURN true;
EXCEPTION WHEN insufficient_privilege THEN
  RETURN false;
END $$;

SELECT palimpsest_guard();
SELECT palimpsest_leakproof();
