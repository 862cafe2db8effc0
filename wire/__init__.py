"""What every HTTP face shares before it knows what is asked: reading bodies, refusing leaked credentials."""
