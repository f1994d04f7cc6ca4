"""What the therapist reads: pages and the report, from records."""
