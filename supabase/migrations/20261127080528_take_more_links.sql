-- Clone addresses of package managers, URNs that were encoded twice, posts without a name.
create or replace function private.canonical_github_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://github.com/' || owner || '/' || name
  from private.link_parts(regexp_replace(
    link, '^(?:git\+)?(?:(?:ssh://)?git@github\.com[:/]|(?:git|https?)://github\.com/)', 'https://github.com/', 'i'
  )) as part
  cross join lateral (
    select split_part(part[2], '/', 1) as owner, regexp_replace(split_part(part[2], '/', 2), '(.)(?:\.git)+$', '\1', 'i') as name
  ) as repository
  where part[1] in ('github.com', 'www.github.com')
    and owner ~ '^[A-Za-z0-9][A-Za-z0-9-]{0,38}$'
    and name ~ '^[A-Za-z0-9._-]{1,100}$' and name not in ('.', '..')
    -- GitHub's own pages, which nobody's account is named like.
    and lower(owner) <> all ('{
      about,account,apps,codespaces,collections,customer-stories,dashboard,enterprise,events,explore,features,issues,login,
      marketplace,new,notifications,organizations,orgs,pricing,pulls,resources,search,security,sessions,settings,signup,
      site,solutions,sponsors,stars,team,topics,trending,users
    }'::text[])
$$;

create or replace function private.canonical_linkedin_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://www.linkedin.com/feed/update/urn:li:'
    || case lower(post[1]) when 'ugcpost' then 'ugcPost' else lower(post[1]) end || ':' || post[2]
  from private.link_parts(
    regexp_replace(regexp_replace(link, '%(?:25)?3A', ':', 'gi'), '^urn:li:', 'linkedin.com/feed/update/urn:li:', 'i')
  ) as part
  cross join lateral coalesce(
    regexp_match(
      part[2],
      '^(?:embed/|mwlite/)?(?:feed/update|video/event|video/live)/(?:urn:li:)?(activity|share|ugcPost):([0-9]{1,25})(?:/.*)?$',
      'i'
    ),
    -- The words of a title stand before the number and may look like one ("share-5-tips"): the last counts.
    regexp_match(
      part[2], '^(?:mwlite/)?posts/(?:[^/]*[_-])?(activity|share|ugcPost)-([0-9]{1,25})(?:-[^/]*)?(?:/.*)?$', 'i'
    ),
    -- Of a notification: the feed, with the post on top.
    case when part[2] = 'feed' then regexp_match(
      part[3], '(?:^|&)(?:highlightedUpdateUrn|updateEntityUrn)=urn:li:(activity|share|ugcPost):([0-9]{1,25})(?:&|$)', 'i'
    ) end
  ) as post
  where part[1] ~ '^(?:[a-z-]{1,10}\.)?linkedin\.com$' and post is not null
$$;

create or replace function private.canonical_twitter_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://x.com/' || regexp_replace(post[1], '^i/web$', 'i', 'i') || '/status/' || post[2]
  from private.link_parts(replace(link, '/#!/', '/')) as part
  cross join lateral regexp_match(
    part[2], '^([a-z0-9_]{1,20}|i/web)/status(?:es)?/([0-9]{1,25})(?:/.*)?$', 'i'
  ) as post
  where regexp_replace(part[1], '^(?:www|mobile|m)\.', '') in ('x.com', 'twitter.com')
$$;
