"""Data only: models, themes, sounds, words and presets."""
