"""A patient's computer: its outbox, its delivery, its enrolment, and what it has from the clinic."""
