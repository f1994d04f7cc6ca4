"""From a finished session folder to the therapist's page: outbox, delivery, clinic server, pages and report."""
