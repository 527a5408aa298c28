"""A site of the developer's own at SITE_URL keeps its port, and the stack goes on without ours."""

import socket
from pathlib import Path

import pytest

from local import settings as module
from local.settings import Settings
from local.stack.site_port import without_taken_site


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").touch()
    monkeypatch.setattr(module, "SITE", tmp_path)


@pytest.mark.usefixtures("built")
def test_a_taken_port_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings.model_construct(site_url=f"http://127.0.0.1:{port}")
        assert settings.site_folder
        assert without_taken_site(settings).site_folder is None
    assert f"port {port} (SITE_URL) is in use" in capsys.readouterr().out
    assert without_taken_site(settings).site_folder


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("url", ["https://showcase.example", "http://192.0.2.1:3000", "https://127.0.0.1:3000"])
def test_another_machines_address_is_not_served_here(url: str) -> None:
    assert Settings.model_construct(site_url=url).site_folder is None
