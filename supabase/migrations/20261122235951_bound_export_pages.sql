-- 500 rows of 256 kB were one page, which took more than a gigabyte to read.

-- One page of a person's rows, in the order of their keys: so many, and no more bytes than memory takes easily, but at
-- least one. Rows are read one by one, by their place (ctid): the keys alone say how far a page may go.
create or replace function public.export_account_rows(user_id uuid, source text, after text, batch int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  most constant bigint := 4 * 1024 * 1024;
  wanted private.personal_data;
  place tid;
  key text;
  last text;
  content jsonb;
  page jsonb[] := '{}';
  bytes bigint := 0;
begin
  select * into wanted from private.personal_data as known where known.source = export_account_rows.source;
  if to_regclass(wanted.relation) is null then
    return '{"rows": [], "next": null}';
  end if;
  for place, key in execute format(
    'select t.ctid, (%2$s) collate "C" as key from %1$s as t
     where (%3$s) and ((%2$s) collate "C" > $2 or $2 is null) order by key limit $3',
    wanted.relation, wanted.row_key, wanted.owned
  ) using user_id, after, batch
  loop
    execute format('select to_jsonb(t) - $2 from %s as t where t.ctid = $1', wanted.relation)
      into content using place, wanted.secrets;
    bytes := bytes + octet_length(content::text);
    if bytes > most and last is not null then
      return jsonb_build_object('rows', to_jsonb(page), 'next', last);
    end if;
    page := array_append(page, content);
    last := key;
  end loop;
  return jsonb_build_object('rows', to_jsonb(page), 'next', case when cardinality(page) = batch then last end);
end
$$;
