"""The settings of backups: who may open them, and where the project's database is."""

from pathlib import Path
from typing import Annotated

from pydantic import SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from local.settings import ROOT
from ops.backup.errors import BackupError


class BackupSettings(BaseSettings):
    """Read from the environment, then from `.env`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file_encoding="utf-8", env_ignore_empty=True)

    backup_recipients: Annotated[str, NoDecode] = ""  # age public keys: who may open the archive
    backup_identity: SecretStr = SecretStr("")  # an age secret key that opens it
    backup_identity_file: Path | None = None
    backup_folder: Path | None = None
    backup_database_url: SecretStr = SecretStr("")  # of a hosted project

    def public_keys(self) -> list[str]:
        return [key for key in self.backup_recipients.replace(",", " ").split() if key]

    def secret_keys(self) -> list[str]:
        """As `age-keygen` writes them: one to a line, among comments."""
        text = self.backup_identity.get_secret_value()
        if not text and self.backup_identity_file is not None:
            try:
                text = self.backup_identity_file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise BackupError(f"BACKUP_IDENTITY_FILE cannot be read: {error}") from error
        return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def read_backup_settings(env_file: Path = ROOT / ".env") -> BackupSettings:
    return BackupSettings(_env_file=env_file)
