"""A clinic to look at: months of visits of invented patients, played by the engine and delivered by the client."""

CLINIC = "clinic"
"""The folder of the clinic in that of the demo."""
