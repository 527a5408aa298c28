"""What is printed once everything runs: where it is, the keys, and what to try first."""

from local.settings import Settings

# Pages that are read more often than the list of a simulator's requests.
SIMULATOR_PAGES = {"sendgrid": ("Mail inbox", "inbox"), "stripe": ("Stripe dashboard", "dashboard")}
SEEDED_PROJECT = "00000000-0000-4000-8000-000000000101"


def welcome(settings: Settings, database_url: str, seconds: float) -> str:
    api = settings.supabase_url
    functions = f"{settings.gateway_url}/functions/v1" if database_url else f"{settings.functions_url}/functions/v1"
    lines = [
        ("Site", settings.site_url if settings.site_folder else ""),
        ("API", f"{api}  (/auth/v1, /rest/v1, /graphql/v1, /storage/v1)"),
        ("Functions", f"{functions}/<name>"),
        ("Database", database_url),
        ("google simulator", f"{settings.identity_url}/people" if settings.stack == "embedded" else ""),
        *((f"{vendor} simulator", f"{settings.simulator_url(vendor)}/_simulator") for vendor in settings.simulated()),
        *(
            (name, f"{settings.simulator_url(vendor)}/_simulator/{page}")
            for vendor, (name, page) in SIMULATOR_PAGES.items()
            if vendor in settings.simulated()
        ),
        ("Publishable key", settings.supabase_publishable_key),
        # A hosted project's secrets are not ours to show.
        ("Secret key", settings.supabase_secret_key if database_url else ""),
        ("JWT secret", settings.supabase_jwt_secret if database_url else ""),
    ]
    shown = "\n".join(f"  {name:<20} {value}" for name, value in lines if value)
    key = f"-H 'apikey: {settings.supabase_publishable_key}'"
    sign_in = f"{api}/auth/v1/authorize?provider=google&redirect_to={settings.site_url}"
    json = "-H 'content-type: application/json'"
    return f"""
Showcase is ready after {seconds:.1f} s. Ctrl-C stops all of it.

{shown}

Try:
  curl {key} '{api}/rest/v1/projects?select=title,users(username)'

  curl {key} {json} -d '{{"project_id": "{SEEDED_PROJECT}"}}' {functions}/getSocialMetrics

  In a browser: {settings.site_url if settings.site_folder else sign_in}
"""
