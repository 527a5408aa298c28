"""The local server of the built site: no browser is needed to see what it answers."""

from tests.support import plain_http
from tests.support.stack import Stack


def test_every_path_is_the_page_with_this_stacks_settings(site: Stack) -> None:
    for path in ("/", "/ada", "/ada/analytical-engine", "/index.html"):
        answer = plain_http.get(site.site_url + path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-cache"
        assert f'content="{site.publishable_key}"' in answer.text
        assert f"connect-src 'self' {site.url};" in answer.text
        assert "%VITE_" not in answer.text


def test_files_are_kept_by_browsers_and_missing_ones_are_not_the_page(site: Stack) -> None:
    page = plain_http.get(site.site_url).text
    script = page.split('<script type="module" crossorigin src="')[1].split('"')[0]
    answer = plain_http.get(site.site_url + script)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert plain_http.get(f"{site.site_url}/icon.svg").headers["content-type"].startswith("image/svg+xml")
    assert plain_http.get(f"{site.site_url}/assets/none.js").status_code == 404
    assert plain_http.get(f"{site.site_url}/assets/..%2f..%2fpackage.json").status_code == 404


def test_another_name_that_leads_here_is_refused(site: Stack) -> None:
    answer = plain_http.get(site.site_url, headers={"host": "attacker.example"})
    assert answer.status_code == 421
    assert site.publishable_key not in answer.text
