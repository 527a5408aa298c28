"""What holds for every table, key, policy and column, also for those that are added later."""

from tests.sql.acting import OURS, offenders, superuser


def test_every_foreign_key_has_an_index_and_says_what_a_deletion_does(untouched_database: str) -> None:
    query = f"""
        select conrelid::regclass || ' ' || conname as name from pg_constraint as key
        where contype = 'f' and connamespace::regnamespace::text in {OURS}
    """
    assert len(offenders(untouched_database, query)) > 10
    assert offenders(untouched_database, f"{query} and confdeltype = 'a'") == []
    unindexed = f"""
        {query} and not exists (
          select from pg_index
          where indrelid = conrelid and indpred is null
            and (indkey::int2[])[0:array_length(conkey, 1) - 1] = conkey
        )
    """
    assert offenders(untouched_database, unindexed) == []


def test_every_policy_names_its_roles_and_is_the_only_one_of_them_for_its_action(untouched_database: str) -> None:
    query = "select schemaname || '.' || tablename || ' ' || policyname as name from pg_policies"
    assert len(offenders(untouched_database, query)) > 20
    assert offenders(untouched_database, f"{query} where 'public' = any (roles)") == []
    twice = """
        select tablename || ' ' || role || ' ' || cmd as name from pg_policies, unnest(roles) as role
        where permissive = 'PERMISSIVE' group by schemaname, tablename, role, cmd having count(*) > 1
    """
    assert offenders(untouched_database, twice) == []


def test_policies_ask_once_who_the_caller_is(untouched_database: str) -> None:
    """auth.uid() in a subquery is evaluated once for a statement; bare, once for every row."""
    query = """
        select tablename || ' ' || policyname as name from pg_policies
        where regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT \\(?auth\\.uid\\(\\)', '', 'g')
          like '%auth.uid()%'
    """
    assert offenders(untouched_database, query) == []


def test_every_table_and_function_says_what_it_is_for(untouched_database: str) -> None:
    query = f"""
        select oid::regclass::text as name from pg_class
        where relkind in ('r', 'v') and relnamespace::regnamespace::text in {OURS}
          and obj_description(oid, 'pg_class') is null
        union all
        select oid::regprocedure::text from pg_proc
        where pronamespace::regnamespace::text in {OURS} and obj_description(oid, 'pg_proc') is null
    """
    assert offenders(untouched_database, query) == []


def test_every_time_has_its_zone_and_every_owner_is_known(untouched_database: str) -> None:
    query = f"""
        select table_name || '.' || column_name as name
        from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema in {OURS} and table_type = 'BASE TABLE' and table_name <> 'users' and (
          data_type = 'timestamp without time zone'
          or (column_name in ('user_id', 'project_id', 'status', 'created_at', 'updated_at') and is_nullable = 'YES')
        )
        order by 1
    """
    # The catalogue has no owner; a layout, a design and a QR code need not belong to a project; a receipt is nobody's;
    # the hold on a username outlives its account.
    assert offenders(untouched_database, query) == [
        "account_deletions.user_id",
        "ai_sessions.project_id",
        "former_usernames.user_id",
        "layouts.project_id",
        "layouts.user_id",
        "media_uploads.project_id",
        "qr_codes.project_id",
    ]


def test_every_table_of_the_api_is_named_for_graphql(untouched_database: str) -> None:
    """Users' words come first, where PostgREST looks for them; pg_graphql reads the JSON of the directive."""
    query = """
        select relname, split_part(obj_description(oid), e'\\n', 1) as words,
          ((regexp_match(obj_description(oid), '@graphql\\((.+)\\)'))[1])::jsonb ->> 'name' as name
        from pg_class where relkind in ('r', 'p', 'v') and relnamespace = 'public'::regnamespace
    """
    with superuser(untouched_database) as connection:
        tables = connection.execute(query.encode()).fetchall()
    assert len(tables) > 10
    for table in tables:
        assert table["name"], table
        assert table["words"], table
        assert "@graphql" not in table["words"], table
    # GraphQL's own: a type of this name would be taken for the root of subscriptions.
    assert not {"Query", "Mutation", "Subscription"} & {table["name"] for table in tables}
