"""Media: uploads that are checked before anybody sees them, QR codes, and the removal of what nothing shows."""
