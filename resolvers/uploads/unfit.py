"""The one way to say that bytes are not taken, before it is known where in an input they stood."""


class Unfit(ValueError):
    """The message is a sentence for whoever sent the bytes."""
