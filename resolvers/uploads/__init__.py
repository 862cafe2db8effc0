"""Uploads: receive bytes within limits, judge them, claim them once; icons."""
