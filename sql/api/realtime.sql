-- Which tables Realtime sends changes of (postgres_changes): those that somebody looks at while others write them. Who gets a
-- row is for row-level security and column grants to say, which Realtime asks for each subscriber.

-- A hosted project has the publication, with tables that somebody may have added in the dashboard: they stay.
do $$
declare
  published text;
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
  foreach published in array array[
    'projects', -- a visitor's open page, and one's editor in another window
    'social_metrics', -- numbers that the refresh records
    'subscriptions', -- a plan that Stripe confirms after the checkout
    'notifications' -- what became of an e-mail
  ] loop
    if not exists (
      select from pg_catalog.pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = published
    ) then
      execute pg_catalog.format('alter publication supabase_realtime add table public.%I', published);
    end if;
  end loop;
end
$$;
