"""Settings of the account capability."""

from pydantic import Field

from showcase.settings import Settings

LONGEST_WAIT = 3600  # seconds


class AccountSettings(Settings):
    """How long links live and how patient a deletion is."""

    # How long an archive can be downloaded, in seconds; it is removed afterwards.
    account_export_seconds: int = Field(default=7 * 86400, gt=0)
    # How many bytes one of its files has, give or take a file of the user's; the bucket takes 256 MiB.
    account_export_part_bytes: int = Field(default=100 * 1024 * 1024, gt=0, le=200 * 1024 * 1024)
    # How long the request goes on by itself, in seconds, before it leaves the rest to cron.
    account_export_wait_seconds: float = Field(default=10.0, ge=0)
    # For how long after its end the same archive is the answer to the next request, in seconds.
    account_export_again_seconds: int = Field(default=300, ge=0)
    # How many rows are read at once.
    account_export_rows: int = Field(default=500, gt=0, le=1000)
    # How long ago the sign-in may be that a deletion asks for, in seconds.
    account_recent_sign_in_seconds: int = Field(default=900, gt=0)
    # How long a deletion can be taken back, in seconds; 0: it begins at once.
    account_grace_seconds: int = Field(default=0, ge=0)
    # How long the deletion waits for the outcome of its last e-mail, in seconds, before it continues without.
    account_notice_seconds: int = Field(default=3600, ge=0)
    # How long the lease on a deletion lasts, and the first wait after a failure; it doubles, to an hour.
    account_lease_seconds: int = Field(default=300, gt=0)
    account_retry_seconds: int = Field(default=60, ge=0)
    # How long one run goes on; below the platform's limit for a request.
    account_run_seconds: float = Field(default=50.0, gt=0)

    def wait_after(self, failures: int) -> int:
        """Seconds until something that failed so many times is tried again."""
        wait: int = self.account_retry_seconds * 2 ** min(failures - 1, 10)
        return min(wait, LONGEST_WAIT)
