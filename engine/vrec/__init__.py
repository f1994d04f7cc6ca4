"""The inside of a recording (.vrec): numbered blocks, what they hold, and how small that can be written."""
