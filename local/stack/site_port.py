"""Whether examples/web can be served: SITE_URL may be where a site of the developer's own runs already."""

from urllib.parse import urlsplit

from local.settings import Settings
from local.stack.ports import is_free


def without_taken_site(settings: Settings) -> Settings:
    """The settings; with `site` off where its port is taken, since everything else goes on beside what runs there."""
    port = urlsplit(settings.site_url).port or 80
    if settings.site_folder is None or is_free(port):
        return settings
    print(f"  --   examples/web is not served: port {port} (SITE_URL) is in use")
    return settings.model_copy(update={"site": False})
