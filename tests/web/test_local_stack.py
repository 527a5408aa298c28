"""What a browser meets of the local stack beside the site."""

from tests.support.sign_in import register
from tests.support.stack import Stack
from tests.web.conftest import Browse, needs_browser

pytestmark = needs_browser

WIDTHS = [390, 1200, 1920]


def test_every_page_of_the_local_stack_fits_its_window(site: Stack, browse: Browse) -> None:
    register(site, email="long@example.com", name="Long Name " * 30)
    chooser = f"{site.identity_url}/authorize?redirect_uri={site.url}/auth/v1/callback&client_id=x&response_type=code"
    pages = {"chooser": chooser, **{name: f"{url}/_simulator" for name, url in site.simulators.items()}}
    pages["dashboard"] = f"{site.simulators['stripe']}/_simulator/dashboard"
    pages["inbox"] = f"{site.simulators['sendgrid']}/_simulator/inbox"
    answer = browse("local_pages.mjs", pages=pages, widths=WIDTHS)
    assert answer["complaints"] == []
    assert len(answer["seen"]) == len(pages) * len(WIDTHS)
    for page in answer["seen"]:
        assert (page["status"], page["overflow"]) == (200, 0), page
        assert page["shown"] >= 3, page
