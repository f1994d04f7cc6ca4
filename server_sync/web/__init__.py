"""The clinic's web: addresses, who may use them, and the process that serves them."""
