"""Account: take your data along, leave nothing behind."""
