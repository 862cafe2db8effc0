"""Publishing an integration as an app for others: its public side, its pictures, script and secrets."""
