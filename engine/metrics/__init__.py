"""Clinical measures: pure functions of arrays, time first, one module for each clinical question."""
