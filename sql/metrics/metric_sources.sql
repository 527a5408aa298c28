-- What is to be asked of which platform, and when: one row for each project and platform that the project links to.

create table private.metric_sources (
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  reference text not null,
  platform_id text check (char_length(platform_id) <= 200),
  state text not null default 'active' check (state in ('active', 'gone', 'forbidden', 'paused')),
  due_at timestamptz not null default now(),
  lease_id uuid,
  leased_until timestamptz,
  blocked_until timestamptz,
  attempts int not null default 0,
  last_error text check (char_length(last_error) <= 200),
  since timestamptz,
  primary key (project_id, platform)
);
comment on table private.metric_sources is 'What is asked of which platform, and when; kept in step with the links.';
comment on column private.metric_sources.reference is
  'What the link names: owner/name at GitHub, the post''s number at X, its URN at LinkedIn.';
comment on column private.metric_sources.platform_id is 'The platform''s own lasting id, which survives a renaming.';
comment on column private.metric_sources.state is
  'gone and forbidden were confirmed twice and are asked ever more rarely; paused (neither published nor unlisted) is asked on demand only.';
comment on column private.metric_sources.due_at is 'When the daily refresh takes it next; a lease moves it to its own end.';
comment on column private.metric_sources.lease_id is 'The lease that is valid until leased_until; a worker that lost it cannot record.';
comment on column private.metric_sources.blocked_until is 'After a failure: until then nobody asks, on demand neither.';
comment on column private.metric_sources.since is
  'When the link was changed: older snapshots are of something else, and not the project''s numbers. Null: never.';
comment on column private.metric_sources.attempts is 'Failures in a row with last_error.';

-- What the daily refresh takes next.
create index metric_sources_due_idx on private.metric_sources (platform, due_at) where state <> 'paused';

-- The links are checked on the way in: this only picks the part that counts.
create function private.metric_reference(platform text, link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case platform
    when 'github' then regexp_replace(substring(link from '^https://github\.com/([^/]+/[^/?]+)'), '([^/])\.git$', '\1')
    when 'twitter' then substring(link from '/status/([0-9]+)')
    -- The words of a title stand before the number and may look like one ("share-5-tips"): the last counts.
    when 'linkedin' then regexp_replace(
      split_part(link, '?', 1),
      '^.*(?:urn:li:(activity|share|ugcPost):([0-9]+)|-(activity|share|ugcPost)-([0-9]+)-[A-Za-z0-9_-]+)/?$',
      'urn:li:\1\3:\2\4'
    )
  end
$$;
comment on function private.metric_reference(text, text) is 'What a link names on its platform.';

-- A stable hour and second for each source spread the load evenly over the day. The last hour stays free: a source that
-- waits a little there is still recorded on its own day, so that no day is skipped.
create function private.next_metric_due(project_id uuid, platform text) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin -- plpgsql: half the time of SQL, and it is asked for each source
  return (date_trunc('day', now() at time zone 'utc') + interval '1 day') at time zone 'utc'
    + make_interval(secs => (uuid_hash_extended(project_id, hashtext(platform)) & 9223372036854775807) % 82800);
end
$$;
comment on function private.next_metric_due(uuid, text) is 'Tomorrow (UTC), at the second that is this source''s own.';

-- A new link is due at once; a changed one starts again, and what was asked about the old one cannot be recorded any more,
-- nor shown as this one's: the clock is read after the locks are taken, when nothing of the old one can come any more. A
-- removed one is asked no more. Publishing and archiving leave a source's times alone, else an owner could have the
-- platforms asked at will. The history stays in social_metrics. Definer, because users write projects.
create function private.sync_metric_sources() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  schedule constant text := case when new.status in ('published', 'unlisted') then 'active' else 'paused' end;
begin
  -- In the order in which a claim locks them, so that the two cannot block each other for good.
  perform from private.metric_sources as source where source.project_id = new.id order by source.platform for update;

  delete from private.metric_sources as source
  where source.project_id = new.id and case source.platform
    when 'github' then new.github_link
    when 'linkedin' then new.linkedin_link
    when 'twitter' then new.twitter_link
  end is null;

  insert into private.metric_sources as source (project_id, platform, reference, state, since)
  select new.id, linked.platform, private.metric_reference(linked.platform, linked.link), schedule,
    case tg_op when 'UPDATE' then clock_timestamp() end
  from (
    values ('github', new.github_link), ('linkedin', new.linkedin_link), ('twitter', new.twitter_link)
  ) as linked (platform, link)
  where linked.link is not null
  on conflict (project_id, platform) do update set
    reference = excluded.reference,
    platform_id = null,
    state = excluded.state,
    due_at = now(),
    lease_id = null,
    leased_until = null,
    blocked_until = null,
    attempts = 0,
    last_error = null,
    since = excluded.since
  where source.reference <> excluded.reference;

  update private.metric_sources as source set state = schedule
  where source.project_id = new.id and (source.state = 'paused') <> (schedule = 'paused');
  return null;
end
$$;
comment on function private.sync_metric_sources() is 'Trigger: keeps the sources in step with a project''s links.';

create trigger sync_metric_sources_of_new after insert on public.projects
  for each row when (coalesce(new.github_link, new.linkedin_link, new.twitter_link) is not null)
  execute function private.sync_metric_sources();
create trigger sync_metric_sources after update on public.projects
  for each row when (
    (old.github_link, old.linkedin_link, old.twitter_link, old.status)
    is distinct from (new.github_link, new.linkedin_link, new.twitter_link, new.status)
  )
  execute function private.sync_metric_sources();
