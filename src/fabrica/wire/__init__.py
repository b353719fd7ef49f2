"""What crosses the network: request and response bodies, agent messages, named problems."""
