"""What it costs and what it is worth, in rows with bounds: each bench beside what one would use instead."""
