"""Attachments: a person's terminal or browser, brought to an interactive run through frames in two files."""
