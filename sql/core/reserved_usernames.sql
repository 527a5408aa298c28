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
