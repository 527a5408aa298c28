"""How large and how patient each entry point is: the one table. A test holds it equal to the functions' routes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Hosted Supabase gives up on a function that has not answered after so many seconds.
LONGEST = 150
# What is left for the answer, when the work has taken as long as its setting says.
SLACK = 10


@dataclass(frozen=True)
class Size:
    """Memory in MiB, and the time limit of a request; `works` names the setting that says how long one takes."""

    memory: int = 512
    concurrency: int = 40
    least: int = 0  # of instances that are always awake, in production
    most: int = 10
    seconds: int = 60
    works: str = ""


_JOB = Size(concurrency=4, most=2, seconds=120)

SIZES: Mapping[str, Size] = {
    "getSocialMetrics": Size(concurrency=80, least=1, works="METRICS_FETCH_SECONDS"),
    "refreshSocialMetrics": Size(concurrency=4, most=4, seconds=120, works="METRICS_RUN_SECONDS"),
    "metricsCard": Size(concurrency=80),
    # Stripe waits for some seconds only: one is always awake.
    "webhooks/stripe": Size(least=1, seconds=90, works="BILLING_LEASE_SECONDS"),
    "createCheckoutSession": Size(works="STRIPE_TIMEOUT"),
    "createPortalSession": Size(works="STRIPE_TIMEOUT"),
    "reconcileSubscriptions": Size(concurrency=1, most=1, seconds=120, works="BILLING_RUN_SECONDS"),
    "closeBillingAccount": Size(works="STRIPE_TIMEOUT"),
    "sendNotification": Size(works="NOTIFICATIONS_SEND_SECONDS"),
    "dispatchNotifications": Size(concurrency=4, most=4, seconds=120, works="NOTIFICATIONS_RUN_SECONDS"),
    "queueWeeklyMetrics": _JOB,
    "unsubscribe": Size(),
    "webhooks/sendgrid": Size(concurrency=80),
    # A design is one user waiting for a model, which costs little but time.
    "aiDesignAssistant": Size(memory=1024, seconds=150, works="DESIGN_SECONDS"),
    "createUploadUrl": Size(),
    # Files lie in /tmp, which is memory there, and MEDIA_CHECKS of them use up to MEDIA_CHECK_MEMORY each.
    "confirmUpload": Size(memory=2048, concurrency=8, most=20, seconds=120, works="MEDIA_CHECK_SECONDS"),
    "getUpload": Size(),
    "sweepMedia": _JOB,
    "watchSystem": _JOB,
    "generateQrCode": Size(),
    "exportAccount": Size(memory=1024, concurrency=4, seconds=150, works="ACCOUNT_EXPORT_WAIT_SECONDS"),
    "getAccountExport": Size(),
    "continueAccountExports": Size(memory=1024, concurrency=1, most=4, seconds=150, works="ACCOUNT_RUN_SECONDS"),
    "deleteAccount": Size(seconds=120),
    "getAccountDeletion": Size(),
    "cancelAccountDeletion": Size(),
    "continueAccountDeletions": Size(concurrency=4, most=2, seconds=120, works="ACCOUNT_RUN_SECONDS"),
    "health": Size(most=2, seconds=30),
}


def together(sizes: Iterable[Size]) -> Size:
    """For all of them in one service: as large as the largest, and as patient as the most patient."""
    every = list(sizes)
    return Size(
        memory=max(size.memory for size in every),
        concurrency=40,
        least=max(size.least for size in every),
        most=max(size.most for size in every),
        seconds=max(size.seconds for size in every),
    )


def impatient(values: Mapping[str, str], sizes: Mapping[str, Size] = SIZES) -> list[str]:
    """A line for each setting that lets work go on for longer than its function is given."""
    lines = []
    for path, size in sizes.items():
        value = values.get(size.works, "")
        if value.replace(".", "", 1).isdecimal() and float(value) + SLACK > size.seconds:
            lines.append(f"{size.works}: {path} is given {size.seconds} s, of which {SLACK} are for its answer")
    return lines
