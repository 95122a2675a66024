#!/usr/bin/env python3
"""Makes doc/sample.pdf: a page of text, a page with a hairline table, a page with a photograph-like picture.

Use: test/tools/make-sample.py [FILE]     (the same bytes each time; Python's standard library only)
"""
import math
import os
import sys
import zlib

WIDTH, HEIGHT = 595.28, 841.89  # A4 in points
MARGIN = 62


def escape(text):
    return text.replace('\\', r'\\').replace('(', r'\(').replace(')', r'\)')


def text(font, size, x, y, words):
    return f'BT /{font} {size} Tf {x:.2f} {y:.2f} Td ({escape(words)}) Tj ET\n'


# Widths of Times-Roman, in thousandths of the font size, for breaking lines.
NARROW = {**dict.fromkeys("ijlt.,;:'!|()[]f", 300), ' ': 250, 'r': 340, 's': 390, 'c': 444, 'a': 444, 'e': 444,
          'z': 444, 'm': 780, 'w': 722}


def wrap(words, size, width):
    line, length = [], 0.0
    for word in words.split():
        need = sum(NARROW.get(c, 700 if c.isupper() else 500) for c in word + ' ') * size / 1000
        if line and length + need > width:
            yield ' '.join(line)
            line, length = [], 0.0
        line.append(word)
        length += need
    yield ' '.join(line)


PARAGRAPHS = [
    ('How a page becomes a fax', None),
    (None, 'A fax page has no grey. Each dot is black or white, seventeen hundred and twenty-eight of them side by side '
           'across the paper, and between one hundred and four hundred rows on the height of an inch. What looks smooth '
           'on a screen must be made of such dots, and whoever makes them decides whether the reader sees a letter, a '
           'line, or a stain.'),
    (None, 'Text wants sharp edges. A stroke that covers more than half of a dot makes it black, one that covers less '
           'leaves it white. At normal resolution the rows are twice as far apart as the columns, so that small type '
           'suffers first in its horizontal strokes: the bar of an e, the crossing of a t.'),
    ('Why the machines still talk', None),
    (None, 'Two machines that have never met agree within seconds on speed, page size, resolution and coding, prove that '
           'the line between them carries what they promised, and then acknowledge each page. The sender knows, '
           'page by page, what has arrived. Few other ways of sending a document give as plain a receipt, and so '
           'hospitals, courts, banks and pharmacies keep using it.'),
    (None, 'Errors are part of the design. In error correction mode a page travels in small numbered frames; frames that '
           'were damaged are asked for again, and only a page that is complete is confirmed. A line that is too noisy is '
           'answered by a lower speed, not by a worse page.'),
    ('What this document is for', None),
    (None, 'Three pages, each hard in its own way. This one has type in several sizes. The second has hairlines a quarter '
           'of a point thick and figures that must stay legible. The third has a picture with soft tones, which a plain '
           'threshold would turn into two flat shapes. If all three arrive as they were sent, the way is sound.'),
]


def text_page():
    out = text('B', 22, MARGIN, HEIGHT - 90, 'Notes on sending paper by wire')
    out += text('I', 11, MARGIN, HEIGHT - 110, 'A sample document of three pages')
    y = HEIGHT - 146
    for heading, body in PARAGRAPHS:
        if heading:
            y -= 10
            out += text('H', 13, MARGIN, y, heading)
            y -= 20
            continue
        for line in wrap(body, 11, WIDTH - 2 * MARGIN):
            out += text('R', 11, MARGIN, y, line)
            y -= 14.5
        y -= 6
    for size in (10, 9, 8, 7, 6, 5):
        out += text('R', size, MARGIN, y, f'{size} point: the quick brown fox jumps over the lazy dog, 0123456789, 1/2, "quoted"')
        y -= size + 5
    return out + text('R', 9, WIDTH / 2 - 10, 40, '1 / 3')


def table_page():
    rows, columns, top, height = 34, 7, HEIGHT - 130, 17.5
    xs = [MARGIN + i * (WIDTH - 2 * MARGIN) / columns for i in range(columns + 1)]
    out = text('B', 18, MARGIN, HEIGHT - 90, 'Line quality, by hour')
    out += text('I', 10, MARGIN, HEIGHT - 108, 'All rules are hairlines of 0.25 point')
    out += f'0.88 g {xs[0]:.2f} {top - height:.2f} {xs[-1] - xs[0]:.2f} {height} re f 0 g\n0.25 w\n'
    for i in range(rows + 1):
        out += f'{xs[0]:.2f} {top - i * height:.2f} m {xs[-1]:.2f} {top - i * height:.2f} l S\n'
    for x in xs:
        out += f'{x:.2f} {top:.2f} m {x:.2f} {top - rows * height:.2f} l S\n'
    for i, name in enumerate(('hour', 'calls', 'answered', 'pages', 'retrained', 'errors', 'bit/s')):
        out += text('H', 8, xs[i] + 4, top - 12, name)
    state = 7
    for row in range(1, rows):
        cells = [f'{(row - 1) % 24:02d}:{30 * ((row - 1) // 24):02d}']
        for column in range(1, columns):
            state = (state * 1103515245 + 12345) % 2147483648
            value = state // 65536 % 9973
            cells.append(f'{value / 7:.2f}' if column == 6 else str(value))
        for i, cell in enumerate(cells):
            out += text('R', 8, xs[i] + 4, top - row * height - 12, cell)
    return out + text('R', 9, WIDTH / 2 - 10, 40, '2 / 3')


def noise_field(width, height, step, seed):
    """Smooth noise: random values on a grid, blended in between."""
    def value(x, y):
        n = (x * 374761393 + y * 668265263 + seed * 974634777) & 0xffffffff
        n = (n ^ n >> 13) * 1274126177 & 0xffffffff
        return ((n ^ n >> 16) & 0xffff) / 65535
    field = []
    for y in range(height):
        gy, fy = divmod(y / step, 1)
        sy = fy * fy * (3 - 2 * fy)
        row = []
        for x in range(width):
            gx, fx = divmod(x / step, 1)
            sx = fx * fx * (3 - 2 * fx)
            a, b = value(int(gx), int(gy)), value(int(gx) + 1, int(gy))
            c, d = value(int(gx), int(gy) + 1), value(int(gx) + 1, int(gy) + 1)
            row.append((a + (b - a) * sx) * (1 - sy) + (c + (d - c) * sx) * sy)
        field.append(row)
    return field


def landscape(width, height):
    """A sky with clouds and a low sun, ranges of hills that grow darker towards the viewer, a lake."""
    clouds, detail = noise_field(width, height, 60, 1), noise_field(width, height, 9, 2)
    sun_x, sun_y = width * 0.68, height * 0.3
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            sky = 118 + 70 * y / height
            cloud = max(0.0, clouds[y][x] * 0.8 + detail[y][x] * 0.2 - 0.5) * 170
            distance = math.hypot(x - sun_x, y - sun_y)
            light = sky + cloud + 95 * math.exp(-distance * distance / (2 * 26.0 ** 2))
            red, green, blue = light * 1.05, light * 0.97, light * 0.9 + 12
            for i, (base, rough, tone) in enumerate(((0.52, 26, 150), (0.6, 34, 105), (0.7, 40, 62))):
                ridge = height * base + rough * math.sin(x / (38 + 23 * i) + i * 2.1) + 14 * (clouds[i * 7][x] - 0.5)
                if y > ridge:
                    shade = tone + 34 * (detail[y][x] - 0.5) + 0.25 * (y - ridge)
                    red, green, blue = shade * 0.9, shade, shade * 0.82
            if y > height * 0.82:
                ripple = 20 * math.sin(y * 1.9 + 9 * detail[y][x])
                glow = 90 * math.exp(-abs(x - sun_x) / 45)
                red, green, blue = 95 + ripple + glow, 105 + ripple + glow, 122 + ripple + glow * 0.8
            for channel in (red, green, blue):
                # A camera's last two bits are noise; without them the file is half as large.
                pixels.append(max(0, min(255, int(channel))) & 0xfc)
    return bytes(pixels)


def picture_page():
    out = text('B', 18, MARGIN, HEIGHT - 90, 'A view with soft tones')
    out += f'q {WIDTH - 2 * MARGIN:.2f} 0 0 {(WIDTH - 2 * MARGIN) * 0.68:.2f} {MARGIN} 400 cm /P Do Q\n'
    y = 376
    for line in wrap('Above: a picture of continuous tone. The clouds are light, the hills grow darker towards the '
                     'viewer, and the lake has fine ripples. Below: a scale in steps of a tenth.', 11, WIDTH - 2 * MARGIN):
        out += text('R', 11, MARGIN, y, line)
        y -= 14.5
    for i in range(11):
        x = MARGIN + i * 42
        out += f'{i / 10:.1f} g {x} {y - 50:.2f} 42 40 re f 0 g\n' + text('R', 8, x + 14, y - 62, f'{i * 10} %')
    return out + text('R', 9, WIDTH / 2 - 10, 40, '3 / 3')


def stream(head, data):
    packed = zlib.compress(data, 9)
    return f'<<{head}/Filter/FlateDecode/Length {len(packed)}>>stream\n'.encode() + packed + b'\nendstream'


def sample():
    fonts = {'R': 'Times-Roman', 'I': 'Times-Italic', 'B': 'Times-Bold', 'H': 'Helvetica-Bold'}
    width, height = 420, 286
    objects = [b'<</Type/Catalog/Pages 2 0 R>>', b'<</Type/Pages/Count 3/Kids[4 0 R 6 0 R 8 0 R]>>']
    resources = '<</Font<<' + ''.join(f'/{key}<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>'
                                      for key, name in fonts.items()) + '>>/XObject<</P 3 0 R>>>>'
    objects.append(stream(f'/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceRGB/BitsPerComponent 8',
                          landscape(width, height)))
    for content in (text_page(), table_page(), picture_page()):
        objects.append(f'<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Resources {resources}'
                       f'/Contents {len(objects) + 2} 0 R>>'.encode())
        objects.append(stream('', content.encode('latin-1')))
    return assemble(objects)


def assemble(objects, trailer=''):
    out, places = bytearray(b'%PDF-1.4\n%\xe2\xe3\xcf\xd3\n'), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f'{number} 0 obj\n'.encode() + body + b'\nendobj\n'
    table = len(out)
    out += f'xref\n0 {len(objects) + 1}\n0000000000 65535 f \n'.encode()
    out += b''.join(f'{place:010d} 00000 n \n'.encode() for place in places)
    out += f'trailer\n<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{table}\n%%EOF\n'.encode()
    return bytes(out)


if __name__ == '__main__':
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, '../../doc/sample.pdf')
    with open(path, 'wb') as file:
        file.write(sample())
