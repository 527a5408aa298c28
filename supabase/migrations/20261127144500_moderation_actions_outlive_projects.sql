-- What operators did about a project stays when the project is deleted, without the reasons, which may name its owner.
alter table public.moderation_actions drop constraint moderation_actions_project_id_fkey;
comment on table public.moderation_actions is
  e'What operators did about projects, who and when; why, as long as the project exists.\n'
  '@graphql({"name": "ModerationAction"})';

create function private.redact_moderation_reasons() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.moderation_actions as done set reason = 'Removed with the project.' where done.project_id = old.id;
  return null;
end
$$;
comment on function private.redact_moderation_reasons() is
  'Trigger: what operators did about a deleted project stays, without the reasons they wrote.';
create trigger redact_moderation_reasons after delete on public.projects
  for each row execute function private.redact_moderation_reasons();
revoke all on function private.redact_moderation_reasons() from public, anon, authenticated, service_role;
