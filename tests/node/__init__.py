"""What clients written for Node say about the hub."""
