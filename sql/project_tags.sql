-- Tags of a project.

create table public.project_tags (
  project_id uuid not null references public.projects (id) on delete cascade,
  tag text not null check (char_length(tag) between 1 and 50 and tag !~ '^[[:space:]]|[[:space:]]$'),
  primary key (project_id, tag)
);
comment on table public.project_tags is
  e'Tags of a project, each once.\n'
  '@graphql({"name": "ProjectTag"})';
comment on constraint project_tags_project_id_fkey on public.project_tags is
  '@graphql({"local_name": "tags", "foreign_name": "project"})';
