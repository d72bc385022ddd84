"""Who may sign in, as what, and where: accounts of our own, and those that an identity provider vouches for.

The stream `account-<name>` says that an account exists and what it may do; the tables of the migration `0001_accounts`
hold what lets somebody in, and that no event knows.
"""
