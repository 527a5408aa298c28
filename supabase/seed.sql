-- Demo rows: for a laptop, or for a preview branch of a hosted project. It may be run again: what is there stays.

-- Two users, as Auth writes them at their first sign-in with Google. The triggers make their profiles.
insert into auth.users (
  id, instance_id, aud, role, email, email_confirmed_at, last_sign_in_at, raw_app_meta_data, raw_user_meta_data,
  confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current, -- Auth cannot
  phone_change, phone_change_token, reauthentication_token, created_at, updated_at -- read nulls in these eight
)
select
  demo_users.id, '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', demo_users.email, now(),
  now(),
  '{"provider": "google", "providers": ["google"]}',
  jsonb_build_object(
    'iss', 'https://accounts.google.com', 'sub', demo_users.sub, 'provider_id', demo_users.sub,
    'email', demo_users.email, 'email_verified', true, 'phone_verified', false,
    'name', demo_users.name, 'full_name', demo_users.name
  ),
  '', '', '', '', '', '', '', '', now(), now()
from (
  values
    ('00000000-0000-4000-8000-000000000001'::uuid, '100000000000000000001', 'ada@example.com', 'Ada Lovelace'),
    ('00000000-0000-4000-8000-000000000002'::uuid, '100000000000000000002', 'grace@example.com', 'Grace Hopper')
) as demo_users (id, sub, email, name)
on conflict do nothing;

insert into auth.identities (
  id, provider, provider_id, user_id, identity_data, last_sign_in_at, created_at, updated_at
)
select
  gen_random_uuid(), 'google', account.raw_user_meta_data ->> 'sub', account.id, account.raw_user_meta_data,
  now(), now(), now()
from auth.users as account
where account.id in ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002')
on conflict do nothing;

update private.users set tier = 'paid' where id = '00000000-0000-4000-8000-000000000001';

-- What is sold, by the prices that the local Stripe has.
insert into public.plans (id, plan, price_id, lookup_key, tier)
values
  ('00000000-0000-4000-8000-000000000801', 'pro_monthly', 'price_pro_monthly', 'pro_monthly', 'paid'),
  ('00000000-0000-4000-8000-000000000802', 'pro_yearly', 'price_pro_yearly', 'pro_yearly', 'paid')
on conflict do nothing;

insert into public.subscriptions (id, user_id, stripe_id, status, plan, tier, price_id, current_period_end)
values (
  '00000000-0000-4000-8000-000000000301', '00000000-0000-4000-8000-000000000001', 'sub_demo_ada', 'active',
  'pro_monthly', 'paid', 'price_pro_monthly', now() + interval '30 days'
)
on conflict do nothing;

insert into public.projects (
  id, user_id, title, short_summary, description, status, live_link, github_link, linkedin_link, twitter_link,
  created_at
)
values
  (
    '00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000001', 'Analytical Engine',
    'A general-purpose computer, in brass.',
    'A mill, a store and punched cards: it weaves algebraic patterns as the loom weaves flowers and leaves.',
    'published', 'https://engine.example.com', 'https://github.com/ada/analytical-engine',
    'https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000001',
    'https://x.com/ada/status/1700000000000000001', now() - interval '20 days'
  ),
  (
    '00000000-0000-4000-8000-000000000102', '00000000-0000-4000-8000-000000000001', 'Note G',
    'How the engine works out the Bernoulli numbers.', null, 'draft', null, null, null, null, now() - interval '10 days'
  ),
  (
    '00000000-0000-4000-8000-000000000201', '00000000-0000-4000-8000-000000000002', 'Compiler',
    'Programs in words.', 'It reads instructions in English and writes them for the machine.', 'published', null,
    'https://github.com/grace/compiler', null, null, now() - interval '15 days'
  )
on conflict do nothing;

insert into public.project_images (id, project_id, url, position, alt_text, is_cover)
values
  (
    '00000000-0000-4000-8000-000000000401', '00000000-0000-4000-8000-000000000101',
    'https://images.example.com/engine-front.webp', 0, 'The engine from the front, its columns of wheels at rest', true
  ),
  (
    '00000000-0000-4000-8000-000000000402', '00000000-0000-4000-8000-000000000101',
    'https://images.example.com/engine-mill.webp', 1, 'The mill, where the engine calculates', false
  )
on conflict do nothing;

insert into public.project_videos (id, project_id, url, position, caption)
values (
  '00000000-0000-4000-8000-000000000501', '00000000-0000-4000-8000-000000000101',
  'https://videos.example.com/engine-turning.mp4', 0, 'The engine adds two numbers.'
)
on conflict do nothing;

insert into public.project_tags (project_id, tag)
values
  ('00000000-0000-4000-8000-000000000101', 'computing'),
  ('00000000-0000-4000-8000-000000000101', 'mathematics'),
  ('00000000-0000-4000-8000-000000000102', 'mathematics'),
  ('00000000-0000-4000-8000-000000000201', 'languages')
on conflict do nothing;

insert into public.project_technologies (project_id, technology)
values
  ('00000000-0000-4000-8000-000000000101', 'brass'),
  ('00000000-0000-4000-8000-000000000101', 'punched cards'),
  ('00000000-0000-4000-8000-000000000201', 'FLOW-MATIC')
on conflict do nothing;

-- Two weeks that end yesterday: enough for a chart, and old enough that the next request asks the platforms.
insert into public.social_metrics
  (project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, recorded_at, as_of)
select
  '00000000-0000-4000-8000-000000000101', count.platform,
  count.likes * week.day, count.comments * week.day, count.stars * week.day, count.forks * week.day,
  count.watchers * week.day, count.retweets * week.day, count.replies * week.day,
  (now() at time zone 'utc')::date - (15 - week.day), now() - make_interval(days => 15 - week.day, hours => 1)
from generate_series(1, 14) as week (day)
cross join (
  values ('github', 0, 0, 9, 2, 1, 0, 0), ('linkedin', 7, 2, 0, 0, 0, 0, 0), ('twitter', 12, 0, 0, 0, 0, 3, 2)
) as count (platform, likes, comments, stars, forks, watchers, retweets, replies)
where not exists (
  select from public.social_metrics where project_id = '00000000-0000-4000-8000-000000000101'
)
on conflict do nothing;

-- The catalogue.
insert into public.templates (id, name, blocks_json)
values
  (
    '00000000-0000-4000-8000-000000000601', 'Minimal',
    '[
      {"type": "hero", "props": {"align": "left", "show_avatar": true}},
      {"type": "text", "props": {}},
      {"type": "links", "props": {"style": "list"}}
    ]'
  ),
  (
    '00000000-0000-4000-8000-000000000602', 'Gallery',
    '[
      {"type": "hero", "props": {"align": "center"}},
      {"type": "gallery", "props": {"columns": 3}},
      {"type": "video", "props": {"autoplay": false}},
      {"type": "metrics", "props": {"platforms": ["github", "linkedin", "twitter"]}}
    ]'
  )
on conflict do nothing;

insert into public.layouts (id, user_id, template_id, project_id, name, blocks_json, published)
values
  (
    '00000000-0000-4000-8000-000000000701', null, '00000000-0000-4000-8000-000000000601', null, 'Two columns',
    '[
      {"type": "columns", "props": {"widths": [2, 1], "columns": [
        [{"type": "text", "props": {}}],
        [{"type": "tags", "props": {}}]
      ]}}
    ]',
    true
  ),
  (
    '00000000-0000-4000-8000-000000000702', '00000000-0000-4000-8000-000000000001',
    '00000000-0000-4000-8000-000000000602', '00000000-0000-4000-8000-000000000101', 'Analytical Engine',
    '[
      {"type": "hero", "props": {
        "image": {"url": "https://images.example.com/engine-front.webp", "alt": "The engine from the front"}
      }},
      {"type": "text", "props": {"heading": "What it is"}},
      {"type": "gallery", "props": {"columns": 2}},
      {"type": "steps", "props": {"heading": "How a number is made", "items": [
        {"title": "Cards", "text": "They say which numbers to fetch, and what to do with them."},
        {"title": "The mill", "text": "It adds, subtracts, multiplies and divides, one step after the other."},
        {"title": "The store", "text": "A thousand numbers of fifty digits wait here for the next card."}
      ]}},
      {"type": "video", "props": {}},
      {"type": "quote", "props": {
        "text": "The Analytical Engine has no pretensions whatever to originate anything. It can do whatever we know how to order it to perform.",
        "source": "Ada Lovelace, Note G",
        "colors": {"background": "#12263a", "text": "#f4f1ea", "accent": "#f2b84b"}
      }},
      {"type": "metrics", "props": {
        "heading": "What the world says", "platforms": ["github", "linkedin", "twitter"], "show_history": true
      }},
      {"type": "tech_list", "props": {}},
      {"type": "links", "props": {"heading": "Links"}},
      {"type": "tags", "props": {}}
    ]',
    true
  )
on conflict do nothing;
