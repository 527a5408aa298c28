-- Usernames that nobody can take. Add what the front end has at its root.

create table private.reserved_usernames (
  username text primary key check (username ~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$')
);
comment on table private.reserved_usernames is
  'Names that nobody can take: profiles are at the site''s root, beside its own pages, and some names speak for us.';

insert into private.reserved_usernames (username)
select word from regexp_split_to_table('
    about abuse account accounts admin administrator anonymous api app apps assets auth authorize billing blog
    callback card careers cdn checkout community contact cookies dashboard design designs developer developers docs
    download downloads edit email explore export faq favicon feed feedback files ftp functions graphql health help
    home images img index info invite jobs layouts legal login logout mail media metrics mobile moderator newsletter
    notifications null oauth official onboarding password payment payments plans portal press pricing privacy
    private profile profiles project projects public register rest robots root rss sales search security session
    sessions settings shop showcase sign-in sign-out sign-up signin signout signup site sitemap smtp sso staff
    static status storage store stripe subscribe subscription subscriptions support system tags team technologies
    templates terms tos undefined unsubscribe upload uploads users verify video videos webhook webhooks webmaster
    www
  ', '\s+') as word
where word <> '';

-- Definer, because no role of the API may read the list. Who has such a name already keeps it.
create function private.refuse_reserved_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', hint = 'Choose another username.';
  end if;
  return new;
end
$$;
comment on function private.refuse_reserved_username() is 'Trigger: nobody takes a reserved name.';

create trigger refuse_reserved_username before insert on private.users
  for each row execute function private.refuse_reserved_username();
create trigger refuse_reserved_rename before update on private.users
  for each row when (old.username is distinct from new.username) execute function private.refuse_reserved_username();
