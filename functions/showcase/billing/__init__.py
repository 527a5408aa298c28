"""Plans and subscriptions, equal to Stripe's also where events are late, repeated or out of order."""
