-- Whoever sees a project may write to its owner.
revoke all on function private.forget_contact_message() from public, anon, authenticated, service_role;
revoke all on function public.send_contact_message(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.send_contact_message(uuid, text, text, text) to anon, authenticated;
