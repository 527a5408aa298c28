-- Videos of a project, in the order in which they are shown.

create table public.project_videos (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null
    constraint project_videos_url_format check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$')
    constraint project_videos_url_length check (char_length(url) <= 2048),
  position int not null default 0 constraint project_videos_position_range check (position >= 0),
  alt_text text constraint project_videos_alt_text_length check (char_length(alt_text) <= 1000),
  caption text constraint project_videos_caption_length check (char_length(caption) <= 2000),
  poster_url text
    constraint project_videos_poster_url_format check (
      poster_url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'
    )
    constraint project_videos_poster_url_length check (char_length(poster_url) <= 2048)
);
comment on table public.project_videos is
  e'Videos of a project.\n'
  '@graphql({"name": "ProjectVideo"})';
comment on constraint project_videos_project_id_fkey on public.project_videos is
  '@graphql({"local_name": "videos", "foreign_name": "project"})';
comment on column public.project_videos.url is 'The public address of the file, as a rule in the bucket project-media.';
comment on column public.project_videos.alt_text is 'What the video shows, for those who do not see it.';
comment on column public.project_videos.caption is 'What is written below the video.';
comment on column public.project_videos.poster_url is 'A still to show until the video plays, as HTML''s poster.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_videos_url_format on public.project_videos is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/film.mp4.';
comment on constraint project_videos_url_length on public.project_videos is 'URL must have 2,048 characters at most.';
comment on constraint project_videos_position_range on public.project_videos is 'Position must be 0 or more.';
comment on constraint project_videos_alt_text_length on public.project_videos is 'Alt text must have 1,000 characters at most.';
comment on constraint project_videos_caption_length on public.project_videos is 'Caption must have 2,000 characters at most.';
comment on constraint project_videos_poster_url_format on public.project_videos is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/picture.png.';
comment on constraint project_videos_poster_url_length on public.project_videos is
  'Poster URL must have 2,048 characters at most.';

-- The videos of a project in their order; it serves the foreign key too.
create index project_videos_project_id_position_idx on public.project_videos (project_id, position);
