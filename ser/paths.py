"""Names of files as text that can be stored, whatever bytes they are made of."""

import os


def escape_path(path: os.PathLike[str] | str) -> str:
    r"""Return a path as text; bytes that are no UTF-8 become escapes such as ``\xff``.

    Python hands such bytes over as lone surrogates, which no table and no terminal takes.

    Args:
        path: A path as the operating system gave it.

    Returns:
        The path itself when its name is UTF-8.

    Example:
        >>> print(escape_path("caf\udce9.wav"), escape_path("café.wav"))
        caf\xe9.wav café.wav
    """
    written = os.fspath(path)
    try:
        return written.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        # Half of a character, which no file name can hold but JSON can.
        return written.encode("utf-8", "backslashreplace").decode("utf-8")
