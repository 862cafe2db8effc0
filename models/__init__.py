"""SQLModel tables and vocabulary; imports nothing of ours from above."""
