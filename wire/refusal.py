"""The refusal of requests that are invalid as HTTP, before a face reads them."""


class BadRequest(Exception):
    """`status`: the HTTP status of the answer. The message is for the client.

    `close`: the answer closes the connection, because the bytes that follow are unsafe or unwanted.
    """

    def __init__(self, status: int, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.close = close
