-- What GraphQL (pg_graphql) makes of the tables: names as JavaScript has them, pages of 100 rows at most, and no listing of
-- the schema to whoever asks. Directives in the comments of tables and foreign keys name the rest; docs/graphql.md explains.
-- private.users is out of its sight: what refers to it is said to refer to the view public.users, which serves its rows.
comment on schema public is
  e'Showcase\nPeople, their projects, and what those earn on other platforms.\n'
  '@graphql({"inflect_names": true, "max_rows": 100, "introspection": false})';

comment on view public.users is
  e'Profiles. email and google_id are filled on one''s own row only.\n'
  '@graphql({"name": "User", "primary_key_columns": ["id"]})';
comment on table public.projects is
  e'A project of a person: everybody sees it once it is published.\n'
  '@graphql({"name": "Project", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "projects", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on table public.project_images is
  e'Images of a project.\n'
  '@graphql({"name": "ProjectImage"})';
comment on constraint project_images_project_id_fkey on public.project_images is
  '@graphql({"local_name": "images", "foreign_name": "project"})';
comment on table public.project_videos is
  e'Videos of a project.\n'
  '@graphql({"name": "ProjectVideo"})';
comment on constraint project_videos_project_id_fkey on public.project_videos is
  '@graphql({"local_name": "videos", "foreign_name": "project"})';
comment on table public.project_tags is
  e'Tags of a project, each once.\n'
  '@graphql({"name": "ProjectTag"})';
comment on constraint project_tags_project_id_fkey on public.project_tags is
  '@graphql({"local_name": "tags", "foreign_name": "project"})';
comment on table public.project_technologies is
  e'Technologies of a project, each once.\n'
  '@graphql({"name": "ProjectTechnology"})';
comment on constraint project_technologies_project_id_fkey on public.project_technologies is
  '@graphql({"local_name": "technologies", "foreign_name": "project"})';
comment on table public.social_metrics is
  e'Daily snapshots of likes, stars and the like; written by handlers.\n'
  '@graphql({"name": "SocialMetric"})';
comment on constraint social_metrics_project_id_fkey on public.social_metrics is
  '@graphql({"local_name": "metrics", "foreign_name": "project"})';
comment on table public.templates is
  e'Designs that people start from: lists of drag-and-drop blocks.\n'
  '@graphql({"name": "Template", "totalCount": {"enabled": true}})';
comment on table public.layouts is
  e'Arrangements of blocks on a page: of a person, or of the catalogue.\n'
  '@graphql({"name": "Layout", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "layouts", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint layouts_template_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "template"})';
comment on constraint layouts_project_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "project"})';
comment on table public.ai_sessions is
  e'Requests to the design assistant; written by handlers.\n'
  '@graphql({"name": "AiSession", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "aiSessions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint ai_sessions_project_id_fkey on public.ai_sessions is
  '@graphql({"local_name": "aiSessions", "foreign_name": "project"})';
comment on table public.subscriptions is
  e'Stripe''s subscriptions; written by handlers.\n'
  '@graphql({"name": "PlanSubscription", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "subscriptions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on table public.plans is
  e'Stripe''s prices: the plan that each is of, and the tier that it gives.\n'
  '@graphql({"name": "Plan", "totalCount": {"enabled": true}})';
comment on table public.notifications is
  e'E-mails to people (welcome, renewal, ...): outbox and log; written by handlers.\n'
  '@graphql({"name": "Notification", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "notifications", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on table public.notification_preferences is
  e'Which of the e-mails that may be declined a person wants; without a row, weekly_metrics is off and the rest is on.\n'
  '@graphql({"name": "NotificationPreferences", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "notificationPreferences", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
