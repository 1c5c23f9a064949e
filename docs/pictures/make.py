#!/usr/bin/env python3
"""Draws the lessons' pictures: `docs/pictures/make.py` writes its .svg files next to itself.

Each picture is a card with colours for a light and a dark page. Sizes are in pixels.
"""

from html import escape
from pathlib import Path

LIGHT = dict(card="#ffffff", edge="#d1d9e0", ink="#1f2328", dim="#59636e", none="#eef1f4",
             a="#9cc5f5", b="#ffc078", c="#9bdba8", d="#d3b5f3", bad="#ff9d96")
DARK = dict(card="#0d1117", edge="#3d444d", ink="#e6edf3", dim="#9aa3ad", none="#21272f",
            a="#1f5297", b="#8a5310", c="#1d6b38", d="#5f3b98", bad="#9a332d")


def rules(colours):
    kinds = ("none", "a", "b", "c", "d", "bad")
    fills = "".join(f".{name}{{fill:{colours[name]}}}" for name in kinds)
    return (f".card{{fill:{colours['card']};stroke:{colours['edge']}}}"
            f".cell{{stroke:{colours['card']}}}.ghost{{fill:none;stroke:{colours['dim']}}}"
            f".frame{{fill:none;stroke:{colours['ink']};stroke-width:2}}"
            f".line{{stroke:{colours['dim']};fill:none;stroke-width:1.5}}"
            f".tip{{fill:{colours['dim']}}}"
            f"text{{fill:{colours['ink']}}}.dim{{fill:{colours['dim']}}}{fills}")


class Picture:
    def __init__(self, width, height, title):
        self.width, self.height, self.title, self.parts = width, height, title, []

    def cell(self, x, y, width, height, kind="none", label=""):
        self.parts.append(f'<rect class="cell {kind}" x="{x}" y="{y}" '
                          f'width="{width}" height="{height}"/>')
        if label != "":
            self.number(x + width / 2, y + height / 2 + 4.5, label, kind="")

    def outline(self, x, y, width, height, kind="frame", dashed=False):
        dash = ' stroke-dasharray="3 3"' if dashed else ""
        self.parts.append(f'<rect class="{kind}" x="{x}" y="{y}" '
                          f'width="{width}" height="{height}"{dash}/>')

    def text(self, x, y, words, size=14, anchor="start", kind="", bold=False):
        weight = ' font-weight="600"' if bold else ""
        style = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text{style} x="{x:g}" y="{y:g}" font-size="{size}" '
                          f'text-anchor="{anchor}"{weight}>{escape(str(words))}</text>')

    def heading(self, x, y, words):
        self.text(x, y, words, bold=True)

    def note(self, x, y, words, end=False):
        self.text(x, y, words, size=13, anchor="end" if end else "start", kind="dim")

    def number(self, x, y, words, kind="dim"):
        self.text(x, y, words, size=12, anchor="middle", kind=kind)

    def arrow(self, points):
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(f'<polyline class="line" points="{path}" marker-end="url(#tip)"/>')

    def write(self):
        name = Path(__file__).with_name(f"{self.title[0]}.svg")
        name.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" role="img" '
            'font-family="system-ui, sans-serif">\n'
            f"<title>{escape(self.title[1])}</title>\n"
            f"<style>{rules(LIGHT)}@media (prefers-color-scheme: dark){{{rules(DARK)}}}</style>\n"
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>\n'
            f'<rect class="card" x="0.5" y="0.5" width="{self.width - 1}" '
            f'height="{self.height - 1}" rx="8"/>\n'
            + "\n".join(self.parts) + "\n</svg>\n")


def vector_add():
    """Which thread adds which of 18 elements; blocks of 4 threads, coloured by block."""
    p = Picture(800, 330, ("vector_add", "Which thread adds which element, on three rungs"))
    left, size, blocks = 24, 37, "abcd"

    def row(y, title, note):
        p.heading(left, y - 26, title)
        p.note(776, y - 26, note, end=True)
        for i in range(18):
            p.number(left + size * (i + 0.5), y - 7, i)

    row(64, "v1  one thread per element",
        "colour: block of 4 threads · number: thread · the last two find no element")
    for i in range(20):
        kind = blocks[i // 4 % 4]
        if i < 18:
            p.cell(left + size * i, 64, size, 34, kind, i)
        else:
            p.outline(left + size * i + 3, 67, size - 6, 28, "ghost", dashed=True)
            p.number(left + size * (i + 0.5), 86, i)

    row(158, "v2  grid-stride", "8 threads for any n: each goes on by the size of the grid")
    for i in range(18):
        p.cell(left + size * i, 158, size, 34, blocks[i % 8 // 4], i % 8)
    column = [left + size * (i + 0.5) for i in range(18)]
    p.arrow([(column[2], 193), (column[2], 206), (column[10], 206), (column[10], 195)])
    p.arrow([(column[10], 206), (left + size * 18, 206)])
    p.number(left + size * 6.5, 221, "+ 8")

    row(276, "v3  vectors",
        "one 16-byte access for four elements; a thread each for the two that are left")
    for i in range(18):
        thread = i // 4 if i < 16 else i - 12
        p.cell(left + size * i, 276, size, 34, blocks[thread // 4], "" if i < 16 else thread)
    for v in range(4):
        p.outline(left + size * 4 * v + 1.5, 277, size * 4 - 3, 32)
        p.number(left + size * (4 * v + 2), 298, v, "")
    p.write()


def sectors():
    """The sectors that one request of a warp touches: 32 lines of 128 bytes, 4 sectors each."""
    p = Picture(800, 400, ("sectors", "Sectors that one request of a warp touches, on three rungs"))
    left, wide, high = 24, 23.5, 13
    p.note(left, 28, "Memory: each column is a line of 128 bytes, each box is one sector of 32 bytes.")
    for x, kind, words in ((left, "a", "bytes that a lane asked for"),
                           (left + 230, "b", "moved for nothing"),
                           (left + 400, "none", "not touched")):
        p.cell(x, 40, 14, 14, kind)
        p.note(x + 20, 52, words)

    def band(y, title, note, used):
        p.heading(left, y - 10, title)
        p.note(776, y - 10, note, end=True)
        for line in range(32):
            for sector in range(4):
                share = used(line, sector)  # of the sector's bytes
                x, top = left + wide * line, y + high * sector
                p.cell(x, top, wide, high, "none" if share == 0 else "b")
                if share:
                    p.cell(x, top, wide * share, high, "a")

    band(100, "v1_copy_strided", "32 lanes, 4 bytes each, 128 bytes apart: 32 sectors, 1/8 used",
         lambda line, sector: 0.125 if sector == 0 else 0)
    band(208, "v2_copy_coalesced", "32 lanes, 4 bytes each, side by side: 4 sectors, all used",
         lambda line, sector: 1 if line == 0 else 0)
    band(316, "v3_copy_vectorised", "32 lanes, 16 bytes each, side by side: 16 sectors, all used",
         lambda line, sector: 1 if line < 4 else 0)
    p.write()


def aos_to_soa():
    """Eight bodies as structures, and as four arrays; who reads what."""
    p = Picture(800, 372, ("aos_to_soa", "Eight bodies as structures, and as four arrays"))
    left, wide, names, kinds = 24, 23.5, ("x", "y", "z", "m"), "abcd"

    def bodies(y):
        for i in range(32):
            p.cell(left + wide * i, y, wide, 28, kinds[i % 4], names[i % 4])
        for s in range(4):
            p.outline(left + wide * 8 * s + 1, y - 3, wide * 8 - 2, 34, "ghost", dashed=True)

    p.heading(left, 30, "v1_soa_by_field")
    p.note(776, 30, "load x: every sector (dashed) is touched, and a quarter of it used", end=True)
    for lane in range(8):
        x = left + wide * (4 * lane + 0.5)
        p.number(x, 58, lane)
        p.arrow([(x, 62), (x, 80)])
    bodies(84)

    p.heading(left, 150, "v2_soa_by_vector")
    p.note(776, 150, "load a body: each lane 16 bytes, every byte used", end=True)
    for lane in range(8):
        x = left + wide * (4 * lane + 2)
        p.number(x, 178, lane)
    bodies(188)
    for lane in range(8):
        p.outline(left + wide * 4 * lane + 1.5, 189, wide * 4 - 3, 26)

    p.heading(left, 256, "to")
    p.note(776, 256, "each store: lanes side by side in one array", end=True)
    for field in range(4):
        x = left + wide * 8 * field
        for i in range(8):
            p.cell(x + wide * i, 270, wide, 28, kinds[field], names[field])
            p.number(x + wide * (i + 0.5), 314, i)
        p.outline(x + 1, 267, wide * 8 - 2, 34, "ghost", dashed=True)
    p.note(left, 346, "Numbers: lanes. Drawn with 8 lanes; a warp has 32.")
    p.write()


def gather_rows():
    """Rows of a table fetched by id, and the first step of a warp on two rungs."""
    p = Picture(800, 300, ("gather_rows", "Rows of a table fetched by their ids"))
    ids, kinds, size = (5, 2, 5, 0), "abad", 22
    colour = {5: "a", 2: "b", 0: "d"}
    p.heading(24, 30, "table [rows, width]")
    for r in range(7):
        p.number(36, 62 + 26 * r, r)
        for c in range(8):
            p.cell(48 + size * c, 46 + 26 * r, size, 22, colour.get(r, "none"))
    p.heading(300, 30, "ids")
    for i, row in enumerate(ids):
        p.cell(296, 46 + 26 * i, 30, 22, "none", row)
        p.arrow([(292, 57 + 26 * i), (230, 57 + 26 * row)])
    for column, title in enumerate(("v1  one thread per row", "v2  one warp per row")):
        x = 368 + 214 * column
        p.heading(x, 30, title)
        for i in range(4):
            for c in range(8):
                first_step = c == 0 if column == 0 else i == 0
                p.cell(x + size * c, 46 + 26 * i, size, 22, kinds[i])
                if first_step:
                    p.outline(x + size * c + 1.5, 47.5 + 26 * i, size - 3, 19)
                    p.number(x + size * (c + 0.5), 61 + 26 * i, i if column == 0 else c, "")
    p.note(368, 176, "Framed: what a warp touches in its first step. Numbers: lanes.")
    p.note(368, 200, "v1: lanes are a row apart, one sector each.")
    p.note(368, 220, "v2: lanes side by side, 8 floats to a sector.")
    p.note(24, 262,
           "Row 5 is fetched twice, rows 1, 3, 4 and 6 never: a gather reads what the ids say.")
    p.write()


def transpose_tile():
    """A tile read along rows, turned over in shared memory, written along rows."""
    p = Picture(800, 290, ("transpose_tile", "A tile turns over in shared memory"))
    small, big, top = 26, 28, 86

    def matrix(x, rows, columns, tile):
        for r in range(rows):
            for c in range(columns):
                kind = "a" if (r, c) == tile else "none"
                p.cell(x + small * c, 60 + small * r, small, small, kind)

    def tile(x, title, note, number):
        p.heading(x, 54, title)
        p.note(x, 74, note)
        for r in range(4):
            for c in range(4):
                n = number(r, c)
                p.cell(x + big * c, top + big * r, big, big, "abcd"[n // 4], n)
            y = top + big * (r + 0.5)
            start = x - 20 if x < 400 else x + big * 4 + 3
            p.arrow([(start, y), (start + 17, y)])

    p.heading(24, 44, "in [rows, columns]")
    matrix(24, 4, 6, (1, 4))
    tile(258, "the tile, as it comes", "each warp brings a row", lambda r, c: 4 * r + c)
    tile(482, "as it leaves", "each warp takes a column", lambda r, c: 4 * c + r)
    p.text(776, 44, "out [columns, rows]", bold=True, anchor="end")
    matrix(672, 6, 4, (4, 1))
    middle = top + big * 2
    row = 60 + small * 1.5
    p.arrow([(24 + small * 5 + 3, row), (208, row), (208, middle), (232, middle)])
    p.number(426, middle - 10, "__syncthreads()")
    p.arrow([(376, middle), (476, middle)])
    row = 60 + small * 4.5
    p.arrow([(620, middle), (646, middle), (646, row), (672 + small - 3, row)])
    p.note(24, 246, "Global memory is read along rows and written along rows: 4 sectors per request.")
    p.note(24, 268,
           "Only the tile is read down a column, and shared memory has no sectors. It has banks.")
    p.write()


def banks():
    """The banks of a tile's column: plain, padded, swizzled."""
    p = Picture(800, 330, ("banks", "Banks of a tile's column: plain, padded, swizzled"))
    size = 25
    layouts = (("v2  plain", 8, lambda r, c: c, "one bank: 8 passes"),
               ("v3  padded by one", 9, lambda r, c: (9 * r + c) % 8, "eight banks: 1 pass"),
               ("v4  swizzled", 8, lambda r, c: c ^ r, "eight banks: 1 pass"))
    for k, (title, columns, bank, verdict) in enumerate(layouts):
        x = 40 + 256 * k
        p.heading(x, 34, title)
        for r in range(8):
            p.number(x - 10, 66 + size * r, r)
            for c in range(columns):
                inside = c == 3
                kind = ("bad" if k == 0 else "c") if inside else "none"
                if c == 8:
                    p.outline(x + size * c + 2, 51 + size * r, size - 4, size - 4, "ghost", True)
                    continue
                p.cell(x + size * c, 49 + size * r, size, size, kind, bank(r, c))
        p.outline(x + size * 3, 49, size, size * 8)
        p.text(x, 276, f"column 3: {verdict}", size=13)
    p.note(40, 310,
           "Number in a box: its bank. Drawn with 8 banks of 32; v4 moves them four at a time.")
    p.write()


if __name__ == "__main__":
    for draw in (vector_add, sectors, aos_to_soa, gather_rows, transpose_tile, banks):
        draw()
