"""The site and the local pages in a real browser: the Chromium on PATH, or the one that CHROMIUM names."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.settings import ROOT, SITE, VENDORS
from local.tools import demo_content
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.node import run_program
from tests.support.stack import Stack, running_stack

SCRIPTS = Path(__file__).parent
SCREENSHOTS = ROOT / ".local" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Browse = Callable[..., dict[str, Any]]


CHROMIUM = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), "")
needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium here: install one (Debian: apt-get install chromium), or name it by CHROMIUM"
)


@pytest.fixture(scope="session")
def site(cluster: TestCluster) -> Iterator[Stack]:
    """The whole backend with every simulator and the built site, shared by the tests of this process."""
    assert (SITE / "index.html").exists(), "the site is not built: make setup"
    with (
        cluster.copy(MIGRATED) as url,
        running_stack(cluster, url, tuple(VENDORS), site=True) as running,
    ):
        demo_content.fill_in(
            demo_content.DemoSettings(
                supabase_url=running.url,
                supabase_publishable_key=running.publishable_key,
                supabase_secret_key=running.secret_key,
                site_url=running.site_url,
            )
        )
        yield running


@pytest.fixture
def browse(site: Stack) -> Browse:
    """Runs a script of this folder in a browser; its answer."""

    def run(name: str, /, **given: Any) -> dict[str, Any]:
        folder = SCREENSHOTS / name.removesuffix(".mjs")
        folder.mkdir(parents=True, exist_ok=True)
        shared = {"chromium": CHROMIUM, "site": site.site_url, "screenshots": str(folder)}
        return run_program(SCRIPTS / name, {**shared, **given}, seconds=240)

    return run
