"""What turns the code into a running city: the operator's CLI, the reference data, the local stack."""
