"""What people pay for, kept in step with Stripe whatever it sends, in whatever order."""
