"""The refusal of bytes, raised before their place in an input is known."""


class Unfit(ValueError):
    """Bytes that do not fit their purpose. The message is a sentence for the sender."""
