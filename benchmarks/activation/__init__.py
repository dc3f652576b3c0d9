"""What the send ledger costs: messages with it, beside the same calls without it, and planning a night of a million."""
