-- Links as users paste them, each in one form: what the browser's address bar and the share menus give. A link that is
-- none of its platform's is null here; the trigger refuses it with an example.

-- [host in lower case, path without slashes around it, query]; null where it is no http(s) address of a named host, or names a
-- user or another port.
create function private.link_parts(link text) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select array[lower(part[1]), btrim(regexp_replace(coalesce(part[2], ''), '/+', '/', 'g'), '/'), coalesce(part[3], '')]
  from regexp_match(
    link,
    '^(?:(?:https?:)?//)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)\.?(?::(?:80|443))?'
      '(?:/([^?#[:space:]]*))?(?:\?([^#[:space:]]*))?(?:#[^[:space:]]*)?$',
    'i'
  ) as part
$$;
comment on function private.link_parts(text) is 'Host, path and query of an http(s) address, with or without its scheme.';

-- A link within what was pasted with it: a sentence, a command, Markdown, the HTML of an embedded post. The first address counts.
create function private.pasted_link(pasted text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select regexp_replace(
    btrim(
      coalesce(
        substring(pasted from '(?i)https?://[^]<>"`)[:space:]]+'),
        regexp_replace(regexp_replace(pasted, '^git clone +', '', 'i'), '^gh repo clone +(?=[^./]+/)', 'github.com/', 'i')
      ),
      e' \t\r\n\u00a0\u200b\u200e\u200f\u202a\u202c\u2060\ufeff<>()[]"''`*\u201c\u201d\u201e\u00ab\u00bb'
    ),
    e'[])>.,;:!?\'"*\u2019\u201d\u00bb\u2026]+$', ''
  )
$$;
comment on function private.pasted_link(text) is 'The first http(s) address in a text, or the text, without the punctuation around it.';

create function private.canonical_github_link(link text) returns text
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

create function private.canonical_twitter_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://x.com/' || regexp_replace(post[1], '^i/web$', 'i', 'i') || '/status/' || post[2]
  from private.link_parts(replace(link, '/#!/', '/')) as part
  cross join lateral regexp_match(
    part[2], '^@?([a-z0-9_]{1,20}|i/web)/status(?:es)?/([0-9]{1,25})(?:[/%].*)?$', 'i'
  ) as post
  where regexp_replace(part[1], '^(?:www|mobile|m|pro)\.', '') in ('x.com', 'twitter.com')
$$;
comment on function private.canonical_twitter_link(text) is 'https://x.com/<handle>/status/<number> of a link to a post.';

create function private.canonical_linkedin_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://www.linkedin.com/feed/update/urn:li:'
    || case lower(post[1]) when 'ugcpost' then 'ugcPost' else lower(post[1]) end || ':' || post[2]
  from private.link_parts(
    regexp_replace(regexp_replace(link, '%(?:25)?3A', ':', 'gi'), '^urn:li:', 'linkedin.com/feed/update/urn:li:', 'i')
  ) as part
  cross join lateral coalesce(
    regexp_match(
      part[2],
      '^(?:embed/|mwlite/|comm/)?(?:feed/update|video/event|video/live|analytics/post-summary)/'
        '(?:urn:li:)?(activity|share|ugcPost):([0-9]{1,25})(?:[/%].*)?$',
      'i'
    ),
    -- The words of a title stand before the number and may look like one ("share-5-tips"): the last counts.
    regexp_match(
      part[2], '^(?:mwlite/|comm/)?posts/(?:[^/]*[_-])?(activity|share|ugcPost)-([0-9]{1,25})(?:-[^/]*)?(?:/.*)?$', 'i'
    ),
    -- Of a notification: the feed, with the post on top.
    case when part[2] in ('feed', 'comm/feed') then regexp_match(
      part[3], '(?:^|&)(?:highlightedUpdateUrn|updateEntityUrn)=urn:li:(activity|share|ugcPost):([0-9]{1,25})(?:&|$)', 'i'
    ) end
  ) as post
  where part[1] ~ '^(?:[a-z-]{1,10}\.)?linkedin\.com$' and post is not null
$$;
comment on function private.canonical_linkedin_link(text) is
  'https://www.linkedin.com/feed/update/urn:li:<kind>:<number> of a link to a post.';

-- Any site. Without a scheme it has to look like a host: "engine" alone is a word.
create function private.canonical_web_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select scheme || '://' || host || case when port in (':443', ':80') and (port = ':443') = (scheme = 'https') then '' else port end
    || coalesce(part[4], '')
  from regexp_match(
    link, '^(?:(https?):)?(?://)?([^/?#@:[:space:]]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?#][^[:space:]]*)?$', 'i'
  ) as part
  cross join lateral (
    select lower(coalesce(part[1], 'https')) as scheme, lower(part[2]) as host, coalesce(part[3], '') as port
  ) as canonical
  where link !~ '[[:cntrl:]]' and (part[1] is not null or host ~ '^[^.]+(\.[^.]+)*\.[^.0-9]{2,}$')
$$;
comment on function private.canonical_web_link(text) is 'An http(s) address with its scheme, and its host in lower case.';

-- Of what users paste by mistake, say what to do instead.
create function private.link_advice(link text, example text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when (private.link_parts(link))[1] = any ('{
        bit.ly,buff.ly,cutt.ly,dlvr.it,fb.me,git.io,goo.gl,hubs.la,hubs.ly,ift.tt,is.gd,lnkd.in,ow.ly,pic.twitter.com,pic.x.com,
        rb.gy,rebrand.ly,shorturl.at,t.co,t.ly,tiny.cc,tinyurl.com,trib.al,v.gd
      }'::text[])
      then 'Open this short link, and paste the address that it leads to.'
    -- Of a mail program, a chat or a login page: the address that it leads to stands in it.
    when link ~* '[?&][a-z_]+=(https?(:|%3A)|%2F)' then 'Open this link, and paste the address that it leads to.'
    when link ~* 'linkedin\.com/(comm/)?(company|events|groups|in|newsletters|pub|pulse|school|showcase)/'
      then 'Open one post, and choose "Copy link to post" in its menu.'
    else 'For example ' || example || '.'
  end
$$;
comment on function private.link_advice(text, text) is 'The hint beside a link that was refused.';

-- One field of projects. Longer ones are left to the CHECK of their length: no pattern reads them.
create function private.canonical_link(field text, link text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  pasted constant text := case field
    when 'live_link' then btrim(link, e' \t\r\n\u00a0\u200b\ufeff<>') else private.pasted_link(link)
  end;
  canonical text;
begin
  if link is null or char_length(link) > 2048 then
    return link;
  end if;
  canonical := case field
    when 'github_link' then private.canonical_github_link(pasted)
    when 'twitter_link' then private.canonical_twitter_link(pasted)
    when 'linkedin_link' then private.canonical_linkedin_link(pasted)
    when 'live_link' then private.canonical_web_link(pasted)
  end;
  if canonical is null then
    raise exception '% is no link to %.', field, case field
        when 'github_link' then 'a repository on GitHub'
        when 'twitter_link' then 'a post on X'
        when 'linkedin_link' then 'a post on LinkedIn'
        else 'a web page'
      end
      using errcode = 'check_violation', schema = 'public', table = 'projects', column = field,
        constraint = 'projects_' || field || '_address', detail = 'projects.' || field,
        hint = private.link_advice(pasted, case field
          when 'github_link' then 'https://github.com/ada/engine'
          when 'twitter_link' then 'https://x.com/ada/status/1700000000000000001'
          when 'linkedin_link' then 'https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000001'
          else 'https://engine.example.com'
        end);
  end if;
  return canonical;
end
$$;
comment on function private.canonical_link(text, text) is
  'A link of projects in its one form. Raises check_violation with the field in detail and an example in hint.';

-- Definer, so that no role needs the functions above.
create function private.canonicalize_links() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.live_link := private.canonical_link('live_link', new.live_link);
  new.github_link := private.canonical_link('github_link', new.github_link);
  new.linkedin_link := private.canonical_link('linkedin_link', new.linkedin_link);
  new.twitter_link := private.canonical_link('twitter_link', new.twitter_link);
  return new;
end
$$;
comment on function private.canonicalize_links() is 'Trigger: the links of a project are stored in one form, whatever was pasted.';
