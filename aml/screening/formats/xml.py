"""Reading XML that comes from outside: no entities resolved, no network, and errors that name the file and the line."""

from lxml import etree

from aml.screening.watchlist import ListUnreadable


def read_xml(content: bytes, name: str) -> etree._Element:
    """The root element. Raises `ListUnreadable` where the file is damaged, cut off, or carries a document type."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ListUnreadable(f"{name} line {error.lineno}: {error.msg}; damaged or cut off, fetch it again") from error
    if b"<!DOCTYPE" in content[:4096]:
        raise ListUnreadable(f"{name}: carries a document type declaration, which no authority's list does")
    return root


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(etree.QName(element).localname)


def texts(element: etree._Element, path: str) -> list[str]:
    """The non-blank texts at a path of child names such as `NATIONALITY/VALUE`, whatever their namespace."""
    found = [element]
    for step in path.split("/"):
        found = [child for parent in found for child in parent if isinstance(child.tag, str) and local(child) == step]
    return [text for text in (" ".join((item.text or "").split()) for item in found) if text]


def first(element: etree._Element, path: str) -> str:
    """The first text at a path, or an empty string."""
    return next(iter(texts(element, path)), "")
