import pytest
from showcase.billing.settings import BillingSettings
from showcase.media.settings import MediaSettings
from showcase.notifications.settings import NotificationSettings
from showcase.settings import CoreSettings, Settings, SettingsError, load


def test_every_bad_variable_is_named_at_once_and_no_value_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "not a url with hunter2")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    for name in ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as caught:
        load(CoreSettings)
    message = str(caught.value)
    for name in ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "LOG_LEVEL"):
        assert name in message
    assert "hunter2" not in message
    assert "LOUD" not in message


def test_settings_are_frozen_and_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "https://abc.supabase.co")
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x")
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_x")
    settings = load(CoreSettings)
    assert settings.origin == "https://abc.supabase.co"
    assert "sb_secret_x" not in repr(settings)
    with pytest.raises(ValueError, match="frozen"):
        settings.release = "other"  # type: ignore[misc]


@pytest.mark.parametrize("model", [BillingSettings, MediaSettings, NotificationSettings])
def test_where_users_are_led_is_never_guessed(monkeypatch: pytest.MonkeyPatch, model: type[Settings]) -> None:
    monkeypatch.delenv("SITE_URL", raising=False)
    with pytest.raises(SettingsError, match="SITE_URL: Field required"):
        load(model)


@pytest.mark.parametrize(
    ("given", "url"),
    [("", "https://abc.supabase.co/functions/v1"), ("https://api.example.com/f/", "https://api.example.com/f")],
)
def test_the_functions_are_reached_at_an_address_of_their_own_or_the_projects(
    monkeypatch: pytest.MonkeyPatch, given: str, url: str
) -> None:
    for name in ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        monkeypatch.setenv(name, "sb_x")
    monkeypatch.setenv("SUPABASE_URL", "https://abc.supabase.co/")
    monkeypatch.setenv("PUBLIC_FUNCTIONS_URL", given)
    assert load(CoreSettings).functions_url == url


def test_what_is_no_json_is_named_like_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDGRID_TEMPLATE_IDS", "{welcome: hunter2}")
    monkeypatch.setenv("NOTIFICATIONS_LINK_DAYS", "soon")
    with pytest.raises(SettingsError) as caught:
        load(NotificationSettings)
    message = str(caught.value)
    assert "SENDGRID_TEMPLATE_IDS: Value error, not JSON" in message
    assert "NOTIFICATIONS_LINK_DAYS" in message
    assert "hunter2" not in message
