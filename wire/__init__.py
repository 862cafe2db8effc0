"""HTTP shared by all faces: bodies within limits, callers, refusal of leaked credentials, log lines."""
