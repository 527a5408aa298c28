-- Usernames that nobody can take. Add what the front end has at its root.

create table private.reserved_usernames (
  username text primary key check (username ~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$')
);
comment on table private.reserved_usernames is
  'Names that nobody can take: profiles are at the site''s root, beside its own pages, and some names speak for us.';

insert into private.reserved_usernames (username)
select word from regexp_split_to_table('
    404 500 about abuse account accounts admin administrator administrators admins anonymous api app apps assets
    auth authorize billing blog callback card careers cdn checkout community config contact cookies css
    dashboard design designs developer developers docs download downloads edit email error errors explore
    export faq favicon feed feedback files fonts ftp functions gallery graphql health help help-desk helpdesk
    home hostmaster images img impressum imprint index info invite jobs js latest layouts legal login logout
    mail mailer-daemon marketing me media metrics mobile moderation moderator new news newsletter no-reply noc
    noreply notifications null oauth official onboarding owner pages password payment payments plans policies
    policy popular portal postmaster press preview previews pricing privacy private profile profiles project
    projects public register report reports rest robots root rss sales search security self session sessions
    settings shop showcase sign-in sign-out sign-up signin signout signup site sitemap smtp sso staff static
    status storage store stripe subscribe subscription subscriptions support system tags team technologies
    templates terms tos trending undefined unsubscribe upload uploads users verify video videos
    webhook webhooks webmaster welcome www you
  ', '\s+') as word
where word <> '';
