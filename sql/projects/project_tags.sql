-- Tags of a project.

create table public.project_tags (
  project_id uuid not null references public.projects (id) on delete cascade,
  tag text not null
    constraint project_tags_tag_length check (char_length(tag) between 1 and 50)
    constraint project_tags_tag_format check (tag ~ '^([^[:space:]](.*[^[:space:]])?)?$'),
  primary key (project_id, tag)
);
comment on table public.project_tags is
  e'Tags of a project, each once.\n'
  '@graphql({"name": "ProjectTag"})';
comment on constraint project_tags_project_id_fkey on public.project_tags is
  '@graphql({"local_name": "tags", "foreign_name": "project"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_tags_tag_length on public.project_tags is 'Tag must have 1 to 50 characters.';
comment on constraint project_tags_tag_format on public.project_tags is 'A tag neither begins nor ends with a space.';
comment on constraint project_tags_pkey on public.project_tags is 'The project has this tag.';

-- "React" and "react" are one: the spelling that the project has already is kept, so that an upsert meets its row. A row may
-- change its own spelling.
create function private.keep_spelling() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  field constant text := tg_argv[0];
  spelled text;
begin
  execute format(
    'select kept.%1$I from public.%2$I as kept where kept.project_id = $1 and lower(kept.%1$I) = lower($2.%1$I)',
    field, tg_table_name
  ) into spelled using new.project_id, new;
  if spelled is not null then
    new := jsonb_populate_record(new, jsonb_build_object(field, spelled));
  end if;
  return new;
end
$$;
comment on function private.keep_spelling() is
  'Trigger: the column that it names is spelled as the project''s row that differs in case alone.';

create trigger keep_added_spelling before insert on public.project_tags
  for each row execute function private.keep_spelling('tag');
create trigger keep_changed_spelling before update on public.project_tags
  for each row when (old.project_id <> new.project_id or lower(old.tag) <> lower(new.tag))
  execute function private.keep_spelling('tag');
-- Unique where two write at once; in this order it finds the projects of a tag in any spelling too.
create unique index project_tags_lower_tag_idx on public.project_tags (lower(tag), project_id);
