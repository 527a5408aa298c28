-- Technologies of a project.

create table public.project_technologies (
  project_id uuid not null references public.projects (id) on delete cascade,
  technology text not null check (
    char_length(technology) between 1 and 50 and technology !~ '^[[:space:]]|[[:space:]]$'
  ),
  primary key (project_id, technology)
);
comment on table public.project_technologies is
  e'Technologies of a project, each once.\n'
  '@graphql({"name": "ProjectTechnology"})';
comment on constraint project_technologies_project_id_fkey on public.project_technologies is
  '@graphql({"local_name": "technologies", "foreign_name": "project"})';

create trigger keep_added_spelling before insert on public.project_technologies
  for each row execute function private.keep_spelling('technology');
create trigger keep_changed_spelling before update on public.project_technologies
  for each row when (old.project_id <> new.project_id or lower(old.technology) <> lower(new.technology))
  execute function private.keep_spelling('technology');
-- Unique where two write at once; in this order it finds the projects of a technology in any spelling too.
create unique index project_technologies_lower_technology_idx on public.project_technologies (lower(technology), project_id);
