-- Whoever may open a project reads its numbers; only its owner, and a service, its views.
revoke all on function public.get_project_metrics(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.get_project_metrics(uuid, int) to anon, authenticated, service_role;
