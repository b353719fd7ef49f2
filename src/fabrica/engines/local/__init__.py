"""The local engine: runs on this machine, each kept by a small process that outlives the agent."""
