"""What people decide about identity: taken down, checked against each other, explained and tried out beforehand."""
