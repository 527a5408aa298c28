"""Start the chosen stack, keep it running, stop it: the order of things."""

import signal
import time

import httpx

from local.console import step
from local.postgres import cluster as postgres
from local.postgres import migrations
from local.settings import Settings, leaves_here, with_hosted_url, with_local_keys
from local.stack import managed_stack, process_tree
from local.stack.ports import check_ports
from local.stack.postgrest import find_postgrest
from local.stack.reaper import Reaper
from local.stack.services import Service, demo_content, front, services
from local.stack.site_port import without_taken_site
from local.stack.state_lock import StackError, cluster_of, forget_stored, lock_state, remove, running_supervisor
from local.stack.supervisor import Supervisor
from local.stack.welcome import welcome

STOP_SECONDS = 20.0
# Beside what is stored, all that a stack keeps in its folder. Anything else there is somebody's own.
KEPT = ("logs", "keys.json", "supervisor.pid")


def up(settings: Settings) -> int:
    """Run the stack until Ctrl-C; the exit status."""
    if settings.stack == "docker":
        raise StackError(
            "STACK=docker is for the tests: see docs/operations/docker.md. "
            "Beside `supabase start`, use STACK=hosted and its keys."
        )
    begun = time.monotonic()
    with lock_state(settings.state_folder) as reaper:
        if settings.stack == "supabase":
            return _run_managed(settings, reaper, begun)
        if settings.stack == "hosted":
            settings, cluster = with_hosted_url(settings), None
            with step(f"{settings.supabase_url} answers"):
                check_project(settings)
        else:
            if settings.postgrest:
                find_postgrest(settings)  # before anything is started
            settings = with_local_keys(settings)
            cluster = cluster_of(settings)
        with step("ports are free"):
            check_ports(settings)
        settings = without_taken_site(settings)
        if cluster is not None:
            _prepare(cluster)
        return _run(settings, cluster, reaper, begun)


def stop(settings: Settings) -> bool:
    """Ask a running stack to stop, and wait for it; whether there was one."""
    state = settings.state_folder
    if (supervisor := running_supervisor(state)) is None:
        return False
    supervisor.send_signal(signal.SIGTERM)
    if process_tree.wait_gone([supervisor], STOP_SECONDS):
        supervisor.kill()
    return True


def reset(settings: Settings) -> None:
    """Forget everything that the stack keeps."""
    stop(settings)
    process_tree.end_all(settings.state_folder)
    managed_stack.destroy(settings)
    forget_stored(settings)
    for name in KEPT:
        remove(settings.state_folder / name)


def check_project(settings: Settings) -> None:
    url = f"{settings.supabase_url}/auth/v1/settings"
    try:
        answer = httpx.get(
            url, headers={"apikey": settings.supabase_publishable_key}, timeout=10, trust_env=leaves_here(url)
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StackError(
            f"SUPABASE_URL does not answer ({str(error) or type(error).__name__}): is it right?"
        ) from error
    if not answer.is_success:
        raise StackError(
            f"The project at SUPABASE_URL refused SUPABASE_PUBLISHABLE_KEY ({answer.status_code}): are both right?"
        )


def _run_managed(settings: Settings, reaper: Reaper, begun: float) -> int:
    """STACK=supabase: ours in front of and beside Supabase's own servers, which stop when we do."""
    with step("ports are free"):
        check_ports(settings)
    try:
        with step("Supabase's servers (supabase stack start)"):
            managed = managed_stack.start(settings)
            url = managed.database_url.partition("?")[0]
        with step("migrations and demo rows (supabase db push)"):
            migrations.push(url, seed=migrations.is_new(url))
        settings = managed.settings_beside(settings)
        return _run(settings, None, reaper, begun, url, front(settings, managed.servers))
    finally:
        managed_stack.stop(settings)


def _run(
    settings: Settings,
    cluster: postgres.Cluster | None,
    reaper: Reaper,
    begun: float,
    url: str = "",
    *before: Service,
) -> int:
    """`url` is the database's, where it is no cluster of ours; `before` are services beside those of every stack."""
    url = cluster.url() if cluster else url

    def greet() -> None:
        print(welcome(settings, url, time.monotonic() - begun), flush=True)

    once = [demo_content(settings)] if settings.site_folder else []
    supervisor = Supervisor((*before, *services(settings, url)), cluster, settings.state_folder, reaper, greet, once)
    supervisor.run()
    if supervisor.problem:
        raise StackError(supervisor.problem)
    print("Stopped. What was stored is kept for the next start.")
    return 0


def _prepare(cluster: postgres.Cluster) -> None:
    new = not (cluster.data / "PG_VERSION").exists()
    with step("PostgreSQL: made and started" if new else "PostgreSQL: started"):
        postgres.make(cluster)
        postgres.start(cluster)
    with step("roles, Auth and Storage as Supabase has them"):
        migrations.make_platform(cluster.url())
        seed = migrations.is_new(cluster.url())
    with step("migrations and demo rows (supabase db push)"):
        migrations.push(cluster.url(), seed=seed)
