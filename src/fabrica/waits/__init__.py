"""How long work waits in a site's queue: quantiles from the site's own history, with how far to trust them."""
