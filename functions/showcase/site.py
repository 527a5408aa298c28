"""The site that links lead to, for the capabilities that write links."""

from pydantic import HttpUrl

from showcase.settings import Settings


class SiteSettings(Settings):
    """Needed, never guessed: codes are printed and e-mails kept, wherever they lead."""

    site_url: HttpUrl

    @property
    def site(self) -> str:
        """Without a trailing slash."""
        return str(self.site_url).rstrip("/")
