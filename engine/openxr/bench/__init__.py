"""Benches that need more than this repository to be held against: a runtime, a compiler, a peer."""
