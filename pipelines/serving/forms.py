"""Take the files out of a request: one that is its body, or several of a form."""

from dataclasses import dataclass
from email.message import Message

from pipelines.serving.limits import Refusal

FORM = "multipart/form-data"
MOST_HEADER_BYTES = 4096
MOST_BOUNDARY_BYTES = 70  # RFC 2046


@dataclass(frozen=True)
class Upload:
    """A file of a request.

    Args:
        name: As the caller calls it.
        content: Its bytes.
    """

    name: str
    content: bytes


def read_uploads(kind: str, body: bytes, *, most: int) -> list[Upload]:
    """Return the files of a request.

    Args:
        kind: Its `Content-Type`. A form has one file per part that names one; anything else is
            one file, whatever it claims to be.
        body: Its body.
        most: Files it may have.

    Raises:
        Refusal: 400 if it is no form, 413 if it has too many files, 422 if it has none.

    Example:
        >>> read_uploads("audio/wav", b"RIFF", most=1)
        [Upload(name='recording', content=b'RIFF')]
    """
    header = Message()
    header["Content-Type"] = kind or "application/octet-stream"
    if header.get_content_type() != FORM:
        uploads = [Upload("recording", body)] if body else []
    else:
        uploads = _read_form(_boundary(header), body, most)
    if not uploads:
        raise Refusal(422, "audio", "the request has no file; send one as the body or in a form")
    return uploads


def _boundary(header: Message) -> bytes:
    given = header.get_param("boundary")
    try:
        boundary = given.encode("ascii") if isinstance(given, str) else b""
    except UnicodeEncodeError:
        boundary = b""
    if not 0 < len(boundary) <= MOST_BOUNDARY_BYTES:
        raise Refusal(400, "form", "the Content-Type of a form must name its boundary")
    return boundary


def _read_form(boundary: bytes, body: bytes, most: int) -> list[Upload]:
    """Split a form by RFC 7578; parts that are no files are skipped."""
    mark = b"\r\n--" + boundary
    # The first mark may stand at the very beginning, without a line before it.
    text = b"\r\n" + body
    uploads: list[Upload] = []
    at = text.find(mark)
    while at >= 0:
        begin = at + len(mark)
        if text[begin : begin + 2] == b"--":
            return uploads
        end = text.find(mark, begin)
        if end < 0:
            break
        upload = _read_part(text[begin:end])
        if upload is not None:
            uploads.append(upload)
        if len(uploads) > most:
            raise Refusal(413, "files", f"the form has more than {most} files")
        at = end
    raise Refusal(400, "form", "the form ends before its closing boundary")


def _read_part(part: bytes) -> Upload | None:
    head, gap, content = part.partition(b"\r\n\r\n")
    if not gap or len(head) > MOST_HEADER_BYTES:
        raise Refusal(400, "form", "a part of the form has no header that ends")
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            header = Message()
            header["Content-Disposition"] = value.strip()
            file = header.get_filename()
            return None if file is None else Upload(file[:200], content)
    return None
