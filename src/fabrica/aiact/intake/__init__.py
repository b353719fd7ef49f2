"""The intake: asks for the facts that still matter, in plain words, and compares what two sets of facts lead to."""
