"""The attachments slice."""
