"""Colours that several things of a place share."""

CORAL, CREAM, TEAL, GLASS, PANE = "#e2694a", "#fbeedb", "#2f7f92", "#ffedb8", "#9cc9d2"
TIMBER = ("#a5784f", "#c69a6a", "#dbb98a")
