#!/usr/bin/env python3
"""Makes the pictures of doc/rendering.md: crops of page classes in each setting, beside gs and pdftoppm -mono.

Use: test/tools/make-rendering-sheet.py RENDERER DIR     (needs gs, pdftoppm, mutool and cjpeg)
All crops show the same part of the paper; 98 and 196 rows an inch are stretched to 391.
"""
import importlib.util
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


documents = module('make_documents', os.path.join(HERE, 'make-documents.py'))
SETTINGS = [('normal', 98, ['--quality', 'normal']), ('high', 196, ['--quality', 'high']),
            ('very_high', 391, ['--quality', 'very_high']), ('ultra_light', 391, ['--quality', 'ultra_light']),
            ('ultra_dark', 391, ['--quality', 'ultra_dark']), ('monochrome', 196, ['--quality', 'high', '--monochrome'])]
WIDTH, HEIGHT = 220, 560  # of a crop: pixels of 204 dpi, rows of 391


def lines_and_text():
    out = ''
    for i, grey in enumerate((0, 0.4, 0.7)):
        for j, width in enumerate((0, 0.1, 0.25, 0.5)):
            out += f'{grey} G {width} w 75 {756.3 - 14 * i - 3.3 * j:.2f} m 150 {756.3 - 14 * i - 3.3 * j:.2f} l S\n'
    for i, (size, grey) in enumerate(((4, 0), (4, 0.4), (5, 0.6), (7, 0), (7, 0.7))):
        out += f'{grey} g ' + documents.line_of('Sphinx of black quartz', 75, 706 - 8 * i, size)
    out += '0.85 g 75 655 40 14 re f 0.6 g 115 655 35 14 re f 0 g ' + documents.line_of('tinted', 78, 659, 8)
    return out


def clouds():
    """A picture of soft greys, light above, with text over it."""
    side = 300
    rows = bytearray()
    for y in range(side):
        for x in range(side):
            light = 250 - 40 * (((x - 150) ** 2 + (y - 60) ** 2) < 60 ** 2) * (1 - ((x - 150) ** 2 + (y - 60) ** 2) / 3600)
            dark = 200 * max(0, (y - 130)) / 170 * (0.6 + 0.4 * ((x // 30 + y // 30) % 2))
            rows.append(max(0, min(255, int(light - dark))))
    packed = zlib.compress(bytes(rows))
    image = (f'<</Type/XObject/Subtype/Image/Width {side}/Height {side}/ColorSpace/DeviceGray/BitsPerComponent 8'
             f'/Filter/FlateDecode/Length {len(packed)}>>stream\n').encode() + packed + b'\nendstream'
    content = 'q 78 0 0 100 72 662 cm /P Do Q ' + documents.line_of('text on a picture', 75, 672, 7)
    objects = [b'<</Type/Catalog/Pages 2 0 R>>', b'<</Type/Pages/Count 1/Kids[3 0 R]>>',
               b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1'
               b'/BaseFont/Helvetica>>>>/XObject<</P 5 0 R>>>>>>',
               f'<</Length {len(content)}>>stream\n{content}\nendstream'.encode(), image]
    return documents.sample.assemble(objects)


def classes(folder):
    bench = module('bench_documents', os.path.join(HERE, '..', 'bench', 'documents.py'))
    text = documents.document([(595, 842, lines_and_text(), '')])
    open(f'{folder}/lines.pdf', 'wb').write(text)
    open(f'{folder}/picture.pdf', 'wb').write(clouds())
    typed = ''.join(documents.line_of(words, 75, 750 - 13 * i, 9) for i, words in enumerate(
        ('Dear Sir,', 'we thank you for', 'your letter of the', '3rd and enclose', 'the contract in', 'two copies.', 'Yours faithfully')))
    open(f'{folder}/typed.pdf', 'wb').write(documents.document([(595, 842, typed, '')] * 3))
    bench.grey_scan(f'{folder}/typed.pdf', f'{folder}/scan.pdf', 'pgmraw', 200, folder)
    return {'lines': 'hairlines of 0 to 0.5 pt in three greys, text of 4 to 7 pt in black and grey, tints',
            'picture': 'a picture with light and dark parts and text over it', 'scan': 'a grey scan with noise on its paper'}


def grey_of(path, rows):
    data = subprocess.run(['mutool', 'draw', '-q', '-F', 'pgm', '-w', '1728', '-h', str(rows), '-f', '-o', '-', path, '1'],
                          check=True, capture_output=True).stdout
    head = re.match(rb'P5\s(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+255\s', data)
    width, height = int(head.group(1)), int(head.group(2))
    body = data[head.end():]
    return [body[y * width:(y + 1) * width] for y in range(height)]


def ours(renderer, pdf, options, temp):
    with open(pdf) as document, open(f'{temp}/ours.tif', 'w+b') as pages, open(f'{temp}/result', 'wb') as result:
        high = os.dup2(result.fileno(), 30)
        subprocess.run([renderer, *options], stdin=document, stdout=pages, close_fds=False, preexec_fn=lambda: os.dup2(high, 3),
                       check=True, stderr=subprocess.DEVNULL)
        os.close(high)
    return f'{temp}/ours.tif'


def crop(rows, dpi):
    """Rows of '0' and '1' pixels, 1 black, twice as wide as they were."""
    left, top = int(70 / 72 * 204), int(80 / 72 * dpi)
    repeat = 391 // (dpi - 3) if dpi < 391 else 1
    out = []
    for row in rows[top:top + HEIGHT // repeat + 1]:
        bits = ''.join('11' if v < 128 else '00' for v in row[left:left + WIDTH])
        out += [bits] * repeat
    return out[:HEIGHT]


def png(path, rows):
    width = len(rows[0])
    raw = b''.join(b'\0' + int(row.translate(str.maketrans('01', '10')).ljust((width + 7) // 8 * 8, '1'), 2).to_bytes((width + 7) // 8, 'big')
                   for row in rows)
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, len(rows), 1, 0, 0, 0, 0)) +
                   chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b''))


def sheet(renderer, pdf, temp):
    """Eight crops, four in a row: the settings in their order, gs, pdftoppm."""
    crops = []
    for _, dpi, options in SETTINGS:
        rows = {98: 1143, 196: 2286, 391: 4573}[dpi]
        crops.append(crop(grey_of(ours(renderer, pdf, options, temp), rows), dpi))
    subprocess.run(['gs', '-q', '-dNOPAUSE', '-dBATCH', '-dSAFER', '-sDEVICE=tiffg4', '-r204x196', '-sPAPERSIZE=a4', '-dFIXEDMEDIA',
                    '-dLastPage=1', '-o', f'{temp}/gs.tif', pdf], check=True)
    crops.append(crop(grey_of(f'{temp}/gs.tif', 2292), 196))
    subprocess.run(['pdftoppm', '-mono', '-rx', '204', '-ry', '196', '-l', '1', '-singlefile', pdf, f'{temp}/ppm'], check=True)
    data = open(f'{temp}/ppm.pbm', 'rb').read()
    head = re.match(rb'P4\s(?:#[^\n]*\n)*(\d+)\s+(\d+)\s', data)
    size = (int(head.group(1)) + 7) // 8
    body = data[head.end():]
    rows = [''.join(f'{b:08b}' for b in body[i:i + size]) for i in range(0, len(body), size)]
    crops.append(crop([bytes(0 if bit == '1' else 255 for bit in row) for row in rows], 196))
    gap, lines = '0' * 8, []
    for start in (0, 4):
        for y in range(HEIGHT):
            lines.append(gap.join(c[y].ljust(2 * WIDTH, '0') for c in crops[start:start + 4]))
        lines += ['0' * len(lines[0])] * 8
    return lines


def main():
    renderer, target = sys.argv[1:]
    os.makedirs(target, exist_ok=True)
    with tempfile.TemporaryDirectory() as temp:
        for name in classes(temp):
            png(f'{target}/{name}.png', sheet(renderer, f'{temp}/{name}.pdf', temp))


main()
