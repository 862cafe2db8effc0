"""The one refusal of requests that are wrong as HTTP, before a face reads their meaning."""


class BadRequest(Exception):
    """`status` is the HTTP status to answer with, the message is for the client.

    With `close` the answer closes the connection: what follows on it cannot be trusted, or is not wanted.
    """

    def __init__(self, status: int, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.close = close
