"""What goes wrong with backups and is reported in one line."""


class BackupError(Exception):
    """A backup or a restore cannot do what was asked."""


class DamagedError(BackupError):
    """The archive is not what was written: cut short, changed, or opened with another key."""
