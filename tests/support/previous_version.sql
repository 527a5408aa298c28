-- What twenty users (upgrade0@example.com ...) have after a while, in columns of the baseline.

insert into public.projects (user_id, title, short_summary, status, live_link, github_link, linkedin_link, twitter_link)
select
  users.id, 'Project ' || number, repeat('é', number), (array['draft', 'published', 'archived'])[1 + number % 3],
  'https://example.com/' || number, 'https://github.com/owner/project-' || number,
  'https://www.linkedin.com/feed/update/urn:li:activity:' || 7100000000000000000 + number,
  'https://x.com/someone/status/' || 1700000000000000000 + number
from private.users cross join generate_series(1, 6) as number
where users.email like 'upgrade%';

insert into public.project_images (project_id, url, position)
select projects.id, 'https://images.example.com/' || projects.id || '/' || place, place
from public.projects cross join generate_series(0, 2) as place
where title like 'Project %';

insert into public.project_videos (project_id, url, position)
select id, 'https://videos.example.com/' || id, 0 from public.projects where title like 'Project %';

insert into public.project_tags (project_id, tag)
select id, tag from public.projects cross join unnest(array['art', 'Ünïcode', 'c++']) as tag
where title like 'Project %';

insert into public.project_technologies (project_id, technology)
select id, 'SQL' from public.projects where title like 'Project %';

insert into public.social_metrics (project_id, platform, likes, stars, recorded_at, as_of)
select id, platform, day, day * 10, current_date - day, now() - make_interval(days => day)
from public.projects cross join unnest(array['github', 'linkedin', 'twitter']) as platform
cross join generate_series(1, 10) as day
where title like 'Project %';

insert into public.templates (name, blocks_json)
values ('Of before', '[{"type": "hero", "props": {"align": "left"}}]');

insert into public.layouts (user_id, project_id, name, blocks_json, published)
select user_id, id, title, '[{"type": "hero", "props": {}}, {"type": "text", "props": {}}]', status = 'published'
from public.projects where title like 'Project %';

insert into public.ai_sessions (user_id, input_json, output_json)
select user_id, '{"style": {"tone": "bold"}}', '{"blocks": []}' from public.projects where title like 'Project %';

insert into public.subscriptions (user_id, stripe_id, status, plan)
select id, 'sub_' || replace(id::text, '-', ''), (array['active', 'past_due', 'canceled'])[1 + ascii(username) % 3], 'pro'
from private.users where email like 'upgrade%' and tier = 'paid';

insert into public.notifications (user_id, type, status)
select id, 'renewal_succeeded', (array['sent', 'failed'])[1 + number % 2]
from private.users cross join generate_series(1, 6) as number
where email like 'upgrade%';

insert into storage.objects (bucket_id, name, owner_id)
select 'project-media', id || '/picture.png', id::text from private.users where email like 'upgrade%';
