"""How many pages a finished export has, for whoever counts paper or fax time."""

import io


def pages_of(name: str, content: bytes) -> int | None:
    """Return the number of pages, or None where the format `name` has none."""
    if name == "pdf":
        import pypdfium2

        document = pypdfium2.PdfDocument(content)
        pages = len(document)
        document.close()
        return pages
    if name == "tiff":
        from PIL import Image

        with Image.open(io.BytesIO(content)) as image:
            return getattr(image, "n_frames", 1)
    return content.count(b"\f") + 1 if name == "fax" else None
