"""`make reset` forgets everything that a stack keeps, and nothing else."""

from pathlib import Path

from local.settings import Settings
from local.stack.lifecycle import reset
from local.stack.services import services


def test_a_reset_forgets_what_the_stripe_stand_in_remembers_and_leaves_what_is_somebodys_own(tmp_path: Path) -> None:
    settings = Settings(stack="embedded", state_folder=tmp_path)
    (stripe,) = (service for service in services(settings, "") if service.name == "simulators")
    remembered = Path(stripe.environment["STRIPE_SIMULATOR_STATE_FILE"])
    remembered.write_text("{}")
    remembered.with_name(f"{remembered.name}.new").write_text("{")
    (tmp_path / "storage").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    reset(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
