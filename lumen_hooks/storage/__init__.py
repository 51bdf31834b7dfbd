"""Every SQL statement, and every import of apsw."""
