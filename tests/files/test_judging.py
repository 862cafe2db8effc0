"""What bytes are, by themselves: case 70 to 73 where no server is needed."""

import struct

import pytest

from models.vocabulary import UploadPurpose
from resolvers.uploads.content import judge
from resolvers.uploads.raster import MOST_PIXELS_A_SIDE
from resolvers.uploads.svg import MOST_DEPTH, MOST_ELEMENTS, MOST_SVG_BYTES
from resolvers.uploads.unfit import Unfit
from tests.files.pictures import GOOD, SVG, chunk, gif, jpeg, png, webp

XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"'
SIDES = {
    "png": png,
    "jpeg": jpeg,
    "gif": gif,
    "gif screen": lambda width, height: gif(width, height, frame=(1, 1)),
    "gif frame": lambda width, height: gif(frame=(width, height)),
    "webp lossless": webp,
    "webp lossy": lambda width, height: webp(width, height, kind=b"VP8 "),
    "webp extended": lambda width, height: webp(width, height, kind=b"VP8X"),
}
RUNS = {
    "a script": f"<svg {XMLNS}><script>alert(1)</script></svg>",
    "a script of another case": f"<svg {XMLNS}><sCript/></svg>",
    "a script by a prefix": '<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:script/></s:svg>',
    "a script of XHTML": f'<svg {XMLNS}><b xmlns="http://www.w3.org/1999/xhtml"/></svg>',
    "a foreign object": f"<svg {XMLNS}><foreignObject/></svg>",
    "an event handler": f'<svg {XMLNS} onload="alert(1)"/>',
    "an address that runs": f'<svg {XMLNS}><a x:href="javascript:alert(1)"/></svg>',
    "an address with a tab in it": f'<svg {XMLNS}><a href="&#10;jAva&#9;script:alert(1)"/></svg>',
    "an animated address": f'<svg {XMLNS}><animate attributeName="href" to="javascript:alert(1)"/></svg>',
    "an address among values": f'<svg {XMLNS}><animate attributeName="href" values="#a; javascript:alert(1)"/></svg>',
    "a DOCTYPE with declarations": f'<!DOCTYPE svg [<!ENTITY a "b">]><svg {XMLNS}/>',
    "entities that double": '<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + f"<svg {XMLNS}>&b;</svg>",
    "an entity from a file": '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + f"<svg {XMLNS}>&a;</svg>",
    "a style sheet": f'<?xml-stylesheet href="http://127.0.0.1/"?><svg {XMLNS}/>',
}
NO_SVG = {
    "another encoding": f'<?xml version="1.0" encoding="iso-8859-1"?><svg {XMLNS}/>'.encode(),
    "UTF-16": f"<svg {XMLNS}/>".encode("utf-16"),
    "bad UTF-8": b"<svg \xff/>",
    "no namespace": b"<svg/>",
    "HTML": b"<html><script>alert(1)</script></html>",
    "cut off": SVG[:-1],
    "something after it": SVG + b"alert(1)",
    "too deep": f"<svg {XMLNS}>{'<g>' * MOST_DEPTH}{'</g>' * MOST_DEPTH}</svg>".encode(),
    "too many elements": f"<svg {XMLNS}>{'<g/>' * MOST_ELEMENTS}</svg>".encode(),
    "too large": SVG + b" " * MOST_SVG_BYTES,
}


#: Pictures with the number of bytes up to their size.
CUT = {
    "png": (png(), 24),
    "jpeg": (jpeg(), 2 + 12 + 2 + 2 + 5),
    "gif": (gif(comment=b"abc"), 13 + 6 + 7 + 9),
    "webp lossless": (webp(), 25),
    "webp lossy": (webp(kind=b"VP8 "), 30),
    "webp extended": (webp(kind=b"VP8X"), 30),
}
#: Pictures as cameras, editors and servers leave them.
AS_THEY_ARE = {
    "JPEG, padded": (jpeg() + b"\0" * 4096, "image/jpeg"),
    "JPEG, filled between segments": (jpeg().replace(b"\xff\xc0", b"\0\0\xff\xff\xff\xc0"), "image/jpeg"),
    "JPEG, several pictures (MPO)": (jpeg() + b"\0" * 7 + jpeg(9000, 9000), "image/jpeg"),
    "JPEG, progressive": (jpeg().replace(b"\xff\xc0", b"\xff\xc2"), "image/jpeg"),
    "JPEG, without an end": (jpeg()[:-2], "image/jpeg"),
    "GIF, without a trailer": (gif()[:-1], "image/gif"),
    "GIF, padded": (gif() + b"\0\0", "image/gif"),
    "PNG, without an end": (png()[:-12], "image/png"),
    "PNG, with a wrong checksum": (png()[:-1] + b"\0", "image/png"),
    "WebP, of another length": (webp()[:4] + b"\xff\xff\0\0" + webp()[8:], "image/webp"),
}
HARMLESS = {
    "a label": f'<svg {XMLNS} aria-label="JavaScript: The Good Parts"/>',
    "a title": f"<svg {XMLNS}><title>javascript: a language</title></svg>",
    "a description": f'<svg {XMLNS}><g data-note="use vbscript: never" id="javascript:"/></svg>',
    "an address with the word inside": f'<svg {XMLNS}><a href="https://a.example/javascript:x"/></svg>',
    "a foreign attribute": f'<svg {XMLNS} xmlns:i="urn:i" i:online="true"/>',
    "a DOCTYPE that names a DTD": f'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://a/b.dtd"><svg {XMLNS}/>',
    "a plain DOCTYPE": f"<!DOCTYPE svg><svg {XMLNS}/>",
    "a packet of metadata": f'<?xpacket begin="" id="W5M0"?><svg {XMLNS}/><?xpacket end="w"?>',
}


@pytest.mark.parametrize("name", GOOD)
def test_tells_a_picture_by_its_bytes(name):
    content, content_type = GOOD[name]

    assert judge(UploadPurpose.ICON, content).content_type == content_type


@pytest.mark.parametrize("name", CUT)
def test_refuses_a_picture_that_is_cut_off_before_its_size(name):
    content, enough = CUT[name]

    for length in range(enough):
        with pytest.raises(Unfit):
            judge(UploadPurpose.ICON, content[:length])
    assert judge(UploadPurpose.ICON, content[:enough]).content_type.startswith("image/")


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_takes_a_picture_that_programs_show(name):
    content, content_type = AS_THEY_ARE[name]

    assert judge(UploadPurpose.ICON, content).content_type == content_type


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"svg"}))
@pytest.mark.parametrize("more", [b"\0" * 512, b"*/=1;alert(1)", b"PK\x03\x04"])
def test_takes_what_goes_on_after_the_end_of_a_picture(name, more):
    content, content_type = GOOD[name]

    assert judge(UploadPurpose.ICON, content + more).content_type == content_type


@pytest.mark.parametrize("name", HARMLESS)
def test_takes_an_svg_whose_texts_only_look_like_scripts(name):
    assert judge(UploadPurpose.ICON, HARMLESS[name].encode()).content_type == "image/svg+xml"


@pytest.mark.parametrize("name", SIDES)
def test_refuses_a_picture_by_its_pixels_whatever_its_bytes(name):
    make, most = SIDES[name], MOST_PIXELS_A_SIDE

    assert judge(UploadPurpose.ICON, make(most, most)).content_type.startswith("image/")
    for width, height in ((most + 1, 1), (1, most + 1)):
        with pytest.raises(Unfit, match=f"{width} x {height} pixels"):
            judge(UploadPurpose.ICON, make(width, height))


def test_refuses_fifty_thousand_pixels_a_side_in_a_kilobyte():
    bomb = png(50_000, 50_000, body=b"\x78\x9c" + bytes(900))

    with pytest.raises(Unfit, match="50000 x 50000 pixels"):
        judge(UploadPurpose.ICON, bomb)

    assert len(bomb) < 1024


@pytest.mark.parametrize("name", ["png", "jpeg", "gif"])
def test_refuses_a_picture_without_pixels(name):
    with pytest.raises(Unfit, match="0 x 2 pixels"):
        judge(UploadPurpose.ICON, SIDES[name](0, 2))


@pytest.mark.parametrize(
    "broken",
    [
        png()[:8] + chunk(b"IDAT", b"") + png()[8:],
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**32 - 1) + b"IHDR",
        b"\xff\xd8\xff\xd9",
        jpeg().replace(b"\xff\xc0", b"\xff\xfe"),
        gif().replace(b",", b"?"),
        webp().replace(b"\x2f", b"\x2e"),
        webp(kind=b"VP8 ").replace(b"\x9d", b"\x9e"),
        b"RIFF\x04\0\0\0WEBP",
        b"\xff\xd8\xff\xe1\xff\xff" + jpeg()[2:],
        b"\xff\xd8" + b"\xff" * 100_000,
    ],
    ids=range(10),
)
def test_refuses_a_picture_that_is_broken_inside(broken):
    with pytest.raises(Unfit, match=r"broken|cut off"):
        judge(UploadPurpose.ICON, broken)


def test_refuses_a_gif_that_is_a_script_too():
    polyglot = gif(0x2A2F, 1, comment=b"*/=1;alert(1)//")

    with pytest.raises(Unfit, match="pixels"):
        judge(UploadPurpose.ICON, polyglot)

    assert polyglot.startswith(b"GIF89a/*")


@pytest.mark.parametrize("name", RUNS)
def test_refuses_an_svg_that_could_run_or_fetch(name):
    with pytest.raises(Unfit, match="may not have"):
        judge(UploadPurpose.ICON, RUNS[name].encode())


@pytest.mark.parametrize("name", NO_SVG)
def test_refuses_what_is_no_small_svg_in_utf_8(name):
    with pytest.raises(Unfit):
        judge(UploadPurpose.ICON, NO_SVG[name])


def test_takes_an_svg_with_a_declaration_and_a_byte_order_mark():
    content = b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn by hand -->' + SVG

    assert judge(UploadPurpose.ICON, content).content_type == "image/svg+xml"


@pytest.mark.parametrize(
    ("purpose", "content", "content_type"),
    [
        (UploadPurpose.PREVIEW, jpeg(), "image/jpeg"),
        (UploadPurpose.SCRIPT, "export default 'ä'".encode(), "text/javascript"),
        (UploadPurpose.DOCUMENT, b' {"openapi": "3.1.0"}', "application/json"),
        (UploadPurpose.DOCUMENT, b"openapi: 3.1.0", "application/yaml"),
        (UploadPurpose.TEMPLATE, b"PK\x03\x04rest", "application/zip"),
    ],
)
def test_tells_what_else_is_uploaded(purpose, content, content_type):
    assert judge(purpose, content).content_type == content_type


@pytest.mark.parametrize(
    ("purpose", "content"),
    [
        (UploadPurpose.ICON, b""),
        (UploadPurpose.ICON, b"%PDF-1.7"),
        (UploadPurpose.PREVIEW, SVG),
        (UploadPurpose.SCRIPT, b"\xff\xfe"),
        (UploadPurpose.SCRIPT, b"a\0b"),
        (UploadPurpose.DOCUMENT, b"\x7fELF\xff"),
        (UploadPurpose.TEMPLATE, b"PK\x05\x06"),
    ],
)
def test_refuses_what_a_purpose_does_not_take(purpose, content):
    with pytest.raises(Unfit):
        judge(purpose, content)
