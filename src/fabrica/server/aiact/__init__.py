"""AI Act service desk: the register of systems and models, what is said of them, and their documents."""
