"""Components of account-identifier graphs: ours beside what people would otherwise use, in one run."""
