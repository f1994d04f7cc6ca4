"""The clinic's service without a web: database, recordings, devices, people, jobs, backups."""
