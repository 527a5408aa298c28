"""Functions with a Stripe and a mail service of their own, and users with something in every table."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.populated_users import Member, fill
from tests.support.stack import Stack
from tests.support.vendors.sendgrid import Mail, running_mail
from tests.support.vendors.stripe import Stripe, new_stripe, running_stripe

BILLING = {
    "STRIPE_SECRET_KEY": "sk_test_account",
    "STRIPE_WEBHOOK_SECRETS": "whsec_account",
    "SITE_URL": "https://showcase.example.com",
}


@pytest.fixture(scope="session")
def simulator(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_stripe(cluster, tmp_path_factory.mktemp("stripe")) as client:
        yield client


@pytest.fixture(scope="session")
def mail(stack: Stack, cluster: TestCluster, simulator: httpx.Client) -> Iterator[Mail]:
    """The functions, as everything here calls them; an archive is complete when it is answered."""
    url = str(simulator.base_url).rstrip("/")
    patient = {"ACCOUNT_RETRY_SECONDS": "0", "ACCOUNT_EXPORT_WAIT_SECONDS": "50"}
    with running_mail(stack, cluster, 1, STRIPE_API_URL=url, **patient, **BILLING) as running:
        yield running


@pytest.fixture
def member(stack: Stack, simulator: httpx.Client) -> Iterator[Callable[[], Member]]:
    """Makes users who pay at Stripe."""
    with new_stripe(simulator) as at_stripe:

        def make() -> Member:
            user = stack.make_user(tier="paid")
            customer = at_stripe.paying_customer(email=user.email, metadata={"user_id": str(user.id)})
            return fill(stack, user, customer.id, at_stripe.subscribe(customer.id).id)

        yield make


@pytest.fixture
def at_stripe(simulator: httpx.Client) -> Iterator[Stripe]:
    with new_stripe(simulator) as made:
        yield made
