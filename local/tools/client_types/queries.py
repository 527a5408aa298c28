"""What is asked of the database's catalogue, with search_path pg_catalog."""

COLUMNS = """
    select class.oid, class.relname as table_name, class.relkind = 'v' as is_view,
      obj_description(class.oid, 'pg_class') as table_comment, attribute.attname as name, attribute.attnum as number,
      format_type(attribute.atttypid, null) as type, not attribute.attnotnull as nullable,
      attribute.atthasdef or attribute.attidentity <> '' as has_default,
      col_description(class.oid, attribute.attnum) as comment,
      bool_or(has_column_privilege(role, class.oid, attribute.attnum, 'insert') and attribute.attgenerated = '')
        as insertable,
      bool_or(has_column_privilege(role, class.oid, attribute.attnum, 'update') and attribute.attgenerated = '')
        as updatable,
      bool_or(has_column_privilege(role, class.oid, attribute.attnum, 'select')) as readable,
      (
        select pg_get_constraintdef(choice.oid) from pg_constraint as choice
        where choice.conrelid = class.oid and choice.contype = 'c' and choice.conkey = array[attribute.attnum]
          and pg_get_constraintdef(choice.oid) like '%= ANY (ARRAY[%'
      ) as choices
    from pg_class as class
    join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0 and not attisdropped
    cross join unnest(array['anon', 'authenticated']) as role
    where class.relkind in ('r', 'p', 'v', 'm') and class.relnamespace::regnamespace::text in ('public', 'private')
    group by class.oid, attribute.attrelid, attribute.attnum
    order by class.relnamespace::regnamespace::text desc, class.relname, attribute.attname
"""

SERVED = "select oid, relname from pg_class where relnamespace = 'public'::regnamespace"

VIEWS = """
    select oid, pg_get_viewdef(oid) as query from pg_class
    where relkind = 'v' and relnamespace = 'public'::regnamespace
"""

KEYS = """
    select key.conname as name, relation.relname as table_name, key.confrelid as referenced,
      (select array_agg(attname::text order by place) from unnest(key.conkey) with ordinality as part (number, place)
       join pg_attribute on attrelid = key.conrelid and attnum = part.number) as columns,
      (select array_agg(attname::text order by place) from unnest(key.confkey) with ordinality as part (number, place)
       join pg_attribute on attrelid = key.confrelid and attnum = part.number) as referenced_columns,
      exists (
        select from pg_constraint as other where other.conrelid = key.conrelid and other.contype in ('p', 'u')
          and other.conkey <@ key.conkey
      ) as is_one_to_one
    from pg_constraint as key join pg_class as relation on relation.oid = key.conrelid
    where key.contype = 'f' and relation.relnamespace = 'public'::regnamespace
    order by key.conname
"""

RULES = "select * from public.field_rules order by table_name, field nulls first, rule"

FUNCTIONS = """
    select routine.proname as name, obj_description(routine.oid, 'pg_proc') as comment, routine.proretset as is_set,
      routine.proargnames as names, coalesce(routine.proargmodes::text[], array[]::text[]) as modes,
      array(
        select format_type(type, null) from unnest(coalesce(routine.proallargtypes, routine.proargtypes::oid[]))
          with ordinality as argument (type, place) order by place
      ) as types,
      routine.pronargs - routine.pronargdefaults as required, format_type(routine.prorettype, null) as returned,
      (select relname from pg_class where pg_class.oid = type.typrelid) as rows_of,
      (
        select relname from pg_type as argument join pg_class on pg_class.oid = argument.typrelid
        where routine.pronargs = 1 and argument.oid = routine.proargtypes[0] and relkind in ('r', 'p', 'v')
      ) as row_of
    from pg_proc as routine join pg_type as type on type.oid = routine.prorettype
    where routine.pronamespace = 'public'::regnamespace and routine.prokind = 'f' and type.typname <> 'trigger'
      and (has_function_privilege('anon', routine.oid, 'execute')
        or has_function_privilege('authenticated', routine.oid, 'execute'))
    order by routine.proname
"""
