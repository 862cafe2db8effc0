"""Uploads and icons, over sockets; and how bytes are judged."""
