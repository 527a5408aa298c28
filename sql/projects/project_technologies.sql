-- Technologies of a project.

create table public.project_technologies (
  project_id uuid not null references public.projects (id) on delete cascade,
  technology text not null
    constraint project_technologies_technology_length check (char_length(technology) between 1 and 50)
    constraint project_technologies_technology_format check (technology ~ '^([^[:space:]](.*[^[:space:]])?)?$'),
  primary key (project_id, technology)
);
comment on table public.project_technologies is
  e'Technologies of a project, each once.\n'
  '@graphql({"name": "ProjectTechnology"})';
comment on constraint project_technologies_project_id_fkey on public.project_technologies is
  '@graphql({"local_name": "technologies", "foreign_name": "project"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_technologies_technology_length on public.project_technologies is
  'Technology must have 1 to 50 characters.';
comment on constraint project_technologies_technology_format on public.project_technologies is
  'A technology neither begins nor ends with a space.';
comment on constraint project_technologies_pkey on public.project_technologies is 'The project has this technology.';

create trigger keep_added_spelling before insert on public.project_technologies
  for each row execute function private.keep_spelling('technology');
create trigger keep_changed_spelling before update on public.project_technologies
  for each row when (old.project_id <> new.project_id or lower(old.technology) <> lower(new.technology))
  execute function private.keep_spelling('technology');
-- Unique where two write at once; in this order it finds the projects of a technology in any spelling too.
create unique index project_technologies_lower_technology_idx on public.project_technologies (lower(technology), project_id);
