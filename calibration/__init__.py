"""What a person can do: assessments that measure it, imports that find it in recordings, and what follows it."""
