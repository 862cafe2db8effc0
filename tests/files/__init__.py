"""Uploads and icons, over sockets on both databases; and how bytes are judged."""
