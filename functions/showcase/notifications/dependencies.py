"""What the notifications' functions share, made from the settings."""

from showcase.core import Core
from showcase.notifications.mailer import Mailer
from showcase.notifications.rendering import make_renderer
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.unsubscribe_tokens import make_links
from showcase.settings import load


def mailer_and_settings(core: Core) -> tuple[Mailer, NotificationSettings]:
    settings = load(NotificationSettings)
    links = make_links(core.settings, settings)
    return Mailer(core.http, settings, make_renderer(settings.pages), links), settings
