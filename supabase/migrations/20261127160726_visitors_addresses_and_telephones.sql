-- One address is one visitor however a proxy writes it, and a telephone by CUBOT is no bot.
create or replace function private.caller_address() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  headers constant jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  given constant text := coalesce(
    headers ->> 'cf-connecting-ip', trim(substring(headers ->> 'x-forwarded-for' from '[^,]*$')), ''
  );
  address constant text := regexp_replace(given, '^(?:::ffff:)?([0-9]+(?:\.[0-9]+){3})(?::[0-9]+)?$', '\1', 'i');
begin
  return case family(address::inet) when 6 then network(set_masklen(address::inet, 64))::text else host(address::inet) end;
exception
  when invalid_text_representation then
    return '';
end
$$;
comment on function private.caller_address() is 'The address that a request came from, an IPv6 one as its /64; empty where it is not known.';

create or replace function private.is_view() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(headers ->> 'user-agent', '') ~ '^Mozilla/|^Opera/'
    and headers ->> 'user-agent' !~* '((?<!cu)bot|crawl|spider|slurp|scrape|preview|headless|lighthouse|inspect|monitor|fetch'
      '|archiver|externalhit|pingdom|phantom|selenium|puppeteer|playwright|mediapartners|validator|whatsapp|scan)'
    and concat_ws(' ', headers ->> 'sec-purpose', headers ->> 'purpose', headers ->> 'x-moz', headers ->> 'x-purpose')
      !~* '(prefetch|prerender|preview)'
  from (select nullif(current_setting('request.headers', true), '')::jsonb as headers) as request
$$;
comment on function private.is_view() is 'Whether the request says to come from a browser that somebody looks at.';
