// What is read from PostgreSQL's catalog, one query a kind. $1: the exposed schemas.

export const TABLES = `
select n.nspname as schema, c.relname as name, obj_description(c.oid, 'pg_class') as description,
  c.relkind in ('v', 'm') as "isView",
  c.relkind not in ('v', 'm') or pg_relation_is_updatable(c.oid, false) <> 0 as "isAutoUpdatable",
  c.relkind in ('r', 'p') or pg_relation_is_updatable(c.oid, true) & 8 = 8 as "isInsertable",
  c.relkind in ('r', 'p') or pg_relation_is_updatable(c.oid, true) & 4 = 4 as "isUpdatable",
  c.relkind in ('r', 'p') or pg_relation_is_updatable(c.oid, true) & 16 = 16 as "isDeletable",
  array(
    select a.attname::text
    from pg_constraint k join pg_attribute a on a.attrelid = c.oid and a.attnum = any (k.conkey)
    where k.conrelid = c.oid and k.contype = 'p'
    order by a.attname
  ) as "primaryKey",
  (
    select coalesce(json_agg(json_build_object(
      'name', a.attname,
      'description', col_description(c.oid, a.attnum),
      'isNullable', not (a.attnotnull or t.typtype = 'd' and t.typnotnull),
      'type', case
        when t.typtype = 'd' and base.typnamespace = 'pg_catalog'::regnamespace then format_type(base.oid, null)
        when t.typtype <> 'd' and t.typnamespace = 'pg_catalog'::regnamespace then format_type(t.oid, null)
        else format_type(t.oid, a.atttypmod)
      end,
      'nominalType', format_type(t.oid, a.atttypmod),
      'maxLength', case
        when base.oid in ('bpchar'::regtype, 'varchar'::regtype)
          and greatest(a.atttypmod, t.typtypmod) > 4 then greatest(a.atttypmod, t.typtypmod) - 4
      end,
      'default', case
        when t.typbasetype <> 0 and d.adbin is null then t.typdefault
        when a.attidentity = 'd' then format('nextval(%L)', pg_get_serial_sequence(c.oid::regclass::text, a.attname)::regclass)
        when a.attgenerated <> '' then null
        else pg_get_expr(d.adbin, d.adrelid)
      end,
      'enumLabels', array(select enumlabel::text from pg_enum where enumtypid = base.oid order by enumsortorder)
    ) order by a.attnum), '[]')
    from pg_attribute a
      join pg_type t on t.oid = a.atttypid
      join lateral (
        with recursive unwrapped as (
          select t.oid, t.typbasetype, t.typnamespace
          union all
          select inner_type.oid, inner_type.typbasetype, inner_type.typnamespace
          from unwrapped join pg_type inner_type on inner_type.oid = unwrapped.typbasetype
        )
        select oid, typnamespace from unwrapped where typbasetype = 0
      ) base on true
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'r', 'm', 'f', 'p') and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and not pg_is_other_temp_schema(n.oid)`;

/** Primary, unique and foreign keys, with their columns in order. */
export const KEYS = `
select k.oid::int8 as oid, k.conname as name, k.contype as kind, k.conparentid <> 0 as "isInherited",
  k.conrelid::int8 as "tableOid", tn.nspname as schema, t.relname as "table", k.conkey::int[] as "columnNumbers",
  array(
    select a.attname::text from unnest(k.conkey) with ordinality as _ (number, place)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = number
    order by place
  ) as columns,
  k.confrelid::int8 as "foreignOid", fn.nspname as "foreignSchema", f.relname as "foreignTable",
  coalesce(k.confkey::int[], '{}') as "foreignNumbers",
  array(
    select a.attname::text from unnest(k.confkey) with ordinality as _ (number, place)
      join pg_attribute a on a.attrelid = k.confrelid and a.attnum = number
    order by place
  ) as "foreignColumns"
from pg_constraint k
  join pg_class t on t.oid = k.conrelid
  join pg_namespace tn on tn.oid = t.relnamespace
  left join pg_class f on f.oid = k.confrelid
  left join pg_namespace fn on fn.oid = f.relnamespace
where k.contype in ('p', 'u', 'f') and tn.nspname <> 'pg_catalog'
order by k.conrelid, k.conname`;

/** Views with their rewritten queries (pg_node_tree), which say where each column comes from. */
export const VIEWS = `
select c.oid::int8 as oid, n.nspname as schema, c.relname as name, r.ev_action::text as "nodeTree",
  n.nspname = any ($1) as "isExposed",
  array(
    select coalesce(a.attname::text, '') from generate_series(1, c.relnatts) as number
      left join pg_attribute a on a.attrelid = c.oid and a.attnum = number
    order by number
  ) as columns
from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN'
where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')`;

export const COMPUTED_RELATIONSHIPS = `
select pn.nspname as schema, p.proname as name, an.nspname as "tableSchema", at.typname as "tableName",
  rn.nspname as "foreignSchema", rt.typname as "foreignName", not p.proretset or p.prorows = 1 as "isToOne"
from pg_proc p
  join pg_namespace pn on pn.oid = p.pronamespace
  join pg_type at on at.oid = p.proargtypes[0]
  join pg_namespace an on an.oid = at.typnamespace
  join pg_class ac on ac.oid = at.typrelid and ac.relkind in ('v', 'r', 'm', 'f', 'p')
  join pg_type rt on rt.oid = p.prorettype
  join pg_namespace rn on rn.oid = rt.typnamespace
  join pg_class rc on rc.oid = rt.typrelid and rc.relkind in ('v', 'r', 'm', 'f', 'p')
where p.pronargs = 1`;

/** $2: names of the settings that hold for the whole transaction. */
export const ROUTINES = `
select n.nspname as schema, p.proname as name, obj_description(p.oid, 'pg_proc') as description,
  (
    select coalesce(json_agg(json_build_object(
      'name', coalesce(argument.name, ''),
      'type', format_type(argument.type, null),
      'castType', case argument.type
        when 'bit'::regtype then 'bit varying'
        when 'bit[]'::regtype then 'bit varying[]'
        when 'bpchar'::regtype then 'character varying'
        when 'bpchar[]'::regtype then 'character varying[]'
        else format_type(argument.type, null)
      end,
      'isRequired', argument.place <= p.pronargs - p.pronargdefaults,
      'isVariadic', coalesce(argument.mode = 'v', false)
    ) order by argument.place), '[]')
    from unnest(p.proargnames, p.proargtypes::oid[], p.proargmodes) with ordinality as argument (name, type, mode, place)
    where argument.type is not null
  ) as parameters,
  json_build_object('schema', bn.nspname, 'name', coalesce(bc.relname, base.typname)) as returns,
  p.proretset as "isSet",
  base.typtype = 'c' or coalesce(p.proargmodes::text[] && '{t,b,o}', false) as "isComposite",
  case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
  p.provariadic <> 0 as "hasVariadic",
  (
    select split_part(setting, '=', 2) from unnest(p.proconfig) as setting
    where setting like 'default_transaction_isolation=%'
  ) as isolation,
  (
    select coalesce(json_agg(json_build_array(
      split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1))), '[]')
    from unnest(p.proconfig) as setting where split_part(setting, '=', 1) = any ($2)
  ) as settings
from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join lateral (
    with recursive unwrapped as (
      select t.* from pg_type t where t.oid = p.prorettype
      union all
      select t.* from unwrapped join pg_type t on t.oid = unwrapped.typbasetype
    )
    select * from unwrapped where typbasetype = 0
  ) base on true
  join pg_namespace bn on bn.oid = base.typnamespace
  left join pg_class bc on bc.oid = base.typrelid
where p.prokind = 'f' and p.prorettype <> 'trigger'::regtype and n.nspname = any ($1)
  and (p.proargnames is not null or p.pronargs = 0 or p.pronargs = 1 and p.proargtypes[0] = any (
    array['bytea', 'json', 'jsonb', 'text', 'xml']::regtype[]::oid[]))`;

export const HOISTED_SETTINGS = [
  "statement_timeout",
  "plan_filter.statement_cost_limit",
  "default_transaction_isolation",
];
