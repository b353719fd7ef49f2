"""The agent: the process a site runs. It takes work orders, drives an engine, and tells what happened."""
