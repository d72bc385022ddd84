"""What all five services share: the kernel, the contracts, and the adapters to the outside."""
