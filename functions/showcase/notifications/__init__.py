"""E-mails to users: queued in the database, rendered here, sent by SendGrid, settled by its events."""
