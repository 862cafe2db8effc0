"""The job engine: durable work, claimed in batches under a lease, on PostgreSQL or SQLite."""
