"""Double-entry accounts of device time: what was granted, is held, was used, and by which site."""
