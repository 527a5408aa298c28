"""SendGrid's v3 mail send, an inbox that shows what was sent, and its signed event webhook."""

from local.simulators.sendgrid.app import create_app

__all__ = ["create_app"]
