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
