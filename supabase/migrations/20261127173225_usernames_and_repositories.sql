-- A username is taken in any case, as it is looked up; more names that only a site can have.

-- Definer, because no role of the API may read these lists. Who has a reserved name already keeps it.
create or replace function private.check_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.username := lower(new.username);
  if tg_op = 'UPDATE' then
    perform private.lock_usernames(old.username, new.username);
  else
    perform private.lock_usernames(new.username);
  end if;
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', constraint = 'users_username_reserved', detail = 'users.username', hint = 'Choose another username.';
  elsif private.is_username_held(new.username, new.id) then
    raise exception 'The username % belonged to somebody else until lately.', new.username
      using errcode = 'check_violation', constraint = 'users_username_held', detail = 'users.username', hint = 'Choose another username.';
  elsif tg_op = 'UPDATE' and current_setting('role') = 'authenticated' and (
    select count(*) >= 10 from private.former_usernames as former
    where former.user_id = new.id and former.freed_at > now() - interval '90 days'
      and former.username_hash <> private.username_hash(new.username)
  ) then
    -- Each change keeps a name from everybody else.
    raise exception 'You may change your username 10 times in 90 days.'
      using errcode = 'PT429', detail = 'users.username', hint = 'Take back one that you had, or wait.';
  end if;
  return new;
end
$$;
comment on function private.check_username() is 'Trigger: a username is lower case; nobody takes a reserved or held one, or gives up many.';

insert into private.reserved_usernames (username)
select word from regexp_split_to_table('
    404 500 administrators admins config css error errors fonts gallery help-desk helpdesk hostmaster
    impressum imprint js latest mailer-daemon marketing me moderation new news no-reply noc noreply owner pages
    policies policy popular postmaster preview previews report reports self trending welcome you
  ', '\s+') as word
where word <> ''
on conflict do nothing;

-- No repository ends with a full stop: one that is left when .git is gone is the sentence's.
create or replace function private.canonical_github_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://github.com/' || owner || '/' || name
  from private.link_parts(regexp_replace(
    link,
    '^(?:git\+)?(?:(?:ssh://)?git@(?:ssh\.)?github\.com(?::443/|[:/])|(?:git|https?)://github\.com/|https?://api\.github\.com/repos/)',
    'https://github.com/', 'i'
  )) as part
  cross join lateral (
    select split_part(part[2], '/', 1) as owner, regexp_replace(split_part(part[2], '/', 2), '(.)(?:\.git|\.)+$', '\1', 'i') as name
  ) as repository
  where part[1] = any ('{github.com,www.github.com,m.github.com,redirect.github.com,raw.githubusercontent.com,github.dev}'::text[])
    and owner ~ '^[A-Za-z0-9][A-Za-z0-9-]{0,38}$'
    and name ~ '^[A-Za-z0-9._-]{1,100}$' and name not in ('.', '..')
    -- GitHub's own pages, which nobody's account is named like.
    and lower(owner) <> all ('{
      about,account,apps,codespaces,collections,customer-stories,dashboard,enterprise,events,explore,features,issues,login,
      marketplace,new,notifications,organizations,orgs,pricing,pulls,resources,search,security,sessions,settings,signup,
      site,solutions,sponsors,stars,team,topics,trending,users
    }'::text[])
$$;
comment on function private.canonical_github_link(text) is
  'https://github.com/<owner>/<name> of a link to any page of a repository, or of its clone address.';
