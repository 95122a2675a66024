#!/usr/bin/env python3
"""Makes documents that mean harm: bombs, loops, lies, ways out, halves, two things at once; for every kind that is taken.

Use: test/tools/make-hostile.py DIR     (Python's standard library only; the same bytes each time)
What must become of each, and for which reason, stands in test/unit/render/hostile.tsv. A name says what kind it is: `refused-` (no document of
its kind), `heavy-` and `slow-` (of limits; the latter after seconds of work), `pages-` (too many), `drawn-` (harmless once drawn), `any-` (the rest).
"""
import functools
import importlib.util
import os
import random
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location('make_documents', os.path.join(HERE, 'make-documents.py'))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
sample = made.sample


def pdf(content, page='', more=(), catalog='', filters='/FlateDecode', raw=None):
    """One page; objects 1 catalog, 2 pages, 3 page, 4 content, 5 … `more`."""
    data = raw if raw is not None else zlib.compress(content if isinstance(content, bytes) else content.encode(), 9)
    return sample.assemble([
        f'<</Type/Catalog/Pages 2 0 R{catalog}>>'.encode(), b'<</Type/Pages/Count 1/Kids[3 0 R]>>',
        f'<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R{page}>>'.encode(),
        f'<</Filter[{filters}]/Length {len(data)}>>stream\n'.encode() + data + b'\nendstream',
        *[m if isinstance(m, bytes) else m.encode() for m in more]])


def image(width, height, bits, space, data, filters='/FlateDecode'):
    return pdf('q 500 0 0 700 50 50 cm /I Do Q', '/Resources<</XObject<</I 5 0 R>>>>', [
        f'<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent {bits}/ColorSpace/{space}'
        f'/Filter[{filters}]/Length {len(data)}>>stream\n'.encode() + data + b'\nendstream'])


@functools.lru_cache(maxsize=None)
def deflated(byte, size):
    packer = zlib.compressobj(9)
    parts = [packer.compress(byte * (1 << 20)) for _ in range(size >> 20)]
    return b''.join(parts) + packer.flush()


def pdfs():
    out = {}
    line = '/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>'
    words = made.line_of('words')
    # nested, sized, counted
    out['slow-flate-twice.pdf'] = pdf('', raw=zlib.compress(deflated(b' ', 64 << 20), 9), filters='/FlateDecode/FlateDecode')
    out['heavy-q.pdf'] = made.bomb(b'q ', 2000)
    out['slow-lines.pdf'] = made.bomb(b'0 0 m 500 800 l S ', 1000)
    for depth in (100, 10000, 200000):
        out[f'any-arrays-{depth}.pdf'] = pdf('[' * depth + ']' * depth)
        out[f'any-dicts-{depth}.pdf'] = pdf(words, '/X ' + '<</A ' * depth + '1' + '>>' * depth)
    forms = [f'<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</A {6 + i} 0 R>>>>/Length 12>>stream\n/A Do /A Do \nendstream'
             for i in range(40)]
    out['slow-forms-doubled.pdf'] = pdf('/A Do', '/Resources<</XObject<</A 5 0 R>>>>', forms + [
        '<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Length 9>>stream\n0 0 1 1 re f\nendstream'])
    out['any-form-in-itself.pdf'] = pdf('/A Do', '/Resources<</XObject<</A 5 0 R>>>>', [
        '<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</A 5 0 R>>>>/Length 5>>stream\n/A Do\nendstream'])
    out['any-pattern-in-itself.pdf'] = pdf('/Pattern cs /P scn 0 0 500 500 re f', '/Resources<</Pattern<</P 5 0 R>>>>', [
        '<</Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<</Pattern<</P 5 0 R>>>>'
        '/Length 36>>stream\n/Pattern cs /P scn 0 0 500 500 re f \nendstream'])
    for step in ('0', '0.0001', '-1', '1e-30'):
        out[f'{"slow" if step == "0.0001" else "any"}-tiling-{step}.pdf'] = pdf('/Pattern cs /P scn 0 0 595 842 re f', '/Resources<</Pattern<</P 5 0 R>>>>', [
            f'<</Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep {step}/YStep {step}/Resources<<>>'
            '/Length 12>>stream\n0 0 1 1 re f\nendstream'])
    groups = ''.join(f'<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Group<</S/Transparency>>>>' for _ in range(2))
    out['slow-groups.pdf'] = pdf('/A Do ' * 2000, '/Resources<</XObject<</A 5 0 R>>>>', [
        '<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Group<</S/Transparency/I true/K true>>/Length 9>>stream\n0 0 9 9 re f\nendstream', groups])
    # loops
    out['any-kids-loop.pdf'] = made.document([(595, 842, words, '')]).replace(b'/Kids[3 0 R]', b'/Kids[2 0 R]')
    out['any-contents-loop.pdf'] = pdf(words).replace(b'/Contents 4 0 R', b'/Contents 3 0 R')
    out['any-parent-loop.pdf'] = pdf(words).replace(b'/Parent 2 0 R', b'/Parent 3 0 R')
    out['any-length-loop.pdf'] = pdf(words).replace(b'/Length ', b'/Length 4 0 R %')
    out['any-prev-loop.pdf'] = pdf(words).replace(b'/Root', b'/Prev 9/Root')
    out['any-xref-lies.pdf'] = pdf(words).replace(b' 00000 n', b' 65535 n')
    # lies
    for name, box in {'zero': '0 0 0 0', 'negative': '100 100 -100 -100', 'wide': '0 0 10000000 10', 'tall': '0 0 10 10000000',
                      'huge': '0 0 1e400 1e400', 'nan': '0 0 nan nan', 'short': '0 0', 'names': '/a /b /c /d', 'far': '1e9 1e9 1000000100 1000000100'}.items():
        out[f'any-box-{name}.pdf'] = pdf(words).replace(b'[0 0 595 842]', f'[{box}]'.encode())
    out['pages-count-lies.pdf'] = made.document([(595, 842, words, '')] * 400)
    out['any-count-two-thousand-million.pdf'] = pdf(words).replace(b'/Count 1/', b'/Count 2000000000/')
    out['any-count-negative.pdf'] = pdf(words).replace(b'/Count 1/', b'/Count -1/')
    for rotate in ('45', '-90', '99999999999', '/x', '[90]'):
        out[f'any-rotate-{rotate.strip("/[]")}.pdf'] = pdf(words, f'/Rotate {rotate}')
    for unit in ('0', '-1', '1e30'):
        out[f'any-userunit-{unit}.pdf'] = pdf(words, f'/UserUnit {unit}')
    for name, (w, h, bits, space) in {
            'gigapixel': (60000, 60000, 1, 'DeviceGray'), 'gigapixel-rgb': (60000, 60000, 8, 'DeviceRGB'), 'endless': (2000000000, 2000000000, 8, 'DeviceGray'),
            'zero': (0, 0, 8, 'DeviceGray'), 'negative': (-5, -5, 8, 'DeviceGray'), 'bits': (10, 10, 77, 'DeviceGray'), 'space': (10, 10, 8, 'Nothing')}.items():
        out[f'any-image-{name}.pdf'] = image(w, h, bits, space, deflated(b'\0', 16 << 20))
    for name in ('DCTDecode', 'JPXDecode', 'JBIG2Decode', 'CCITTFaxDecode', 'LZWDecode', 'RunLengthDecode', 'ASCII85Decode', 'Nothing'):
        noise = random.Random(name).randbytes(4000)
        out[f'any-noise-{name.lower()}.pdf'] = image(100, 100, 8, 'DeviceGray', noise, f'/{name}')
        out[f'any-filters-{name.lower()}.pdf'] = image(100, 100, 8, 'DeviceGray', noise, f'/{name}' * 200)
    # ways out: scripts, launches, other files
    for name, action in {
            'javascript': '<</S/JavaScript/JS(for\\(;;\\);)>>', 'launch': '<</S/Launch/F(/bin/sh)>>', 'uri': '<</S/URI/URI(http://127.0.0.1:9/)>>',
            'gotor': '<</S/GoToR/F(/etc/passwd)/D[0/Fit]>>', 'submit': '<</S/SubmitForm/F(http://127.0.0.1:9/)>>', 'import': '<</S/ImportData/F(/etc/passwd)>>'}.items():
        out[f'drawn-action-{name}.pdf'] = pdf(words, line, catalog=f'/OpenAction{action}')
    out['any-external-stream.pdf'] = pdf(words).replace(b'/Length ', b'/F(/etc/passwd)/Length ')
    out['any-external-image.pdf'] = image(10, 10, 8, 'DeviceGray', b'').replace(b'/Subtype/Image', b'/Subtype/Image/F(/etc/passwd)')
    out['any-external-font.pdf'] = pdf(words, '/Resources<</Font<</F<</Type/Font/Subtype/TrueType/BaseFont/A/FontDescriptor<</FontFile2'
                                       '<</F(/etc/passwd)/Length 0>>>>>>>>>>')
    out['any-form-calculates.pdf'] = pdf(words, '/Annots[<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[0 0 99 99]/AA<</C<</S/JavaScript/JS(while\\(1\\);)>>>>>>]',
                                         catalog='/AcroForm<</Fields[]/NeedAppearances true/XFA(x)>>')
    # cut and locked; of a file, because what zlib makes differs from version to version
    with open(os.path.join(HERE, '../../doc/sample.pdf'), 'rb') as file:
        good = file.read()
    for percent in (1, 5, 20, 50, 80, 95):
        out[f'refused-cut-{percent}.pdf'] = good[:len(good) * percent // 100]
    out['refused-password.pdf'] = made.encrypted(b'letmein')
    out['any-encrypt-lies.pdf'] = made.encrypted(b'').replace(b'/V 1/R 2', b'/V 99/R 9')
    for seed in range(30):
        chance, data = random.Random(seed), bytearray(good)
        for _ in range(1 + seed * 3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        out[f'any-flipped-{seed}.pdf'] = bytes(data)
    return out


def tiff(entries, data=b'', more=b'', big=False, next_at=0):
    """One directory right after the header; `entries`: (tag, type, count, value)."""
    body = struct.pack('<H', len(entries)) + b''.join(struct.pack('<HHII', *entry) for entry in entries) + struct.pack('<I', next_at)
    return b'II*\0\10\0\0\0' + body + more + data


def images():
    out = {}
    base = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, 100), (279, 4, 1, 10000)]
    with_tag = lambda *changes: [next((c for c in changes if c[0] == e[0]), e) for e in base]
    pixels = bytes(10000)
    out['drawn-plain.tif'] = tiff(base, pixels, bytes(78))
    out['any-loop.tif'] = tiff(base, pixels, bytes(64), next_at=8)
    for name, change in {
            'wide': (256, 4, 1, 0xFFFFFFFF), 'tall': (257, 4, 1, 0xFFFFFFFF), 'zero': (256, 4, 1, 0), 'bits': (258, 3, 1, 64), 'bits-zero': (258, 3, 1, 0),
            'strip-far': (273, 4, 1, 0xFFFFFFF0), 'strip-long': (279, 4, 1, 0xFFFFFFF0), 'rows': (278, 4, 1, 0), 'samples': (277, 3, 1, 65535),
            'photometric': (262, 3, 1, 999), 'compression': (259, 3, 1, 9999)}.items():
        out[f'any-{name}.tif'] = tiff(with_tag(change), pixels, bytes(64))
    for code in (2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34661, 34712, 34887, 34925, 50000, 50001):
        noise = random.Random(code).randbytes(10000)
        out[f'any-noise-{code}.tif'] = tiff(with_tag((259, 3, 1, code), (258, 3, 1, 1 if code < 5 else 8)), noise, bytes(64))
    out['any-both-huge.tif'] = tiff(with_tag((256, 4, 1, 60000), (257, 4, 1, 60000)), pixels, bytes(64))
    out['any-g4-huge.tif'] = tiff(with_tag((256, 4, 1, 65000), (257, 4, 1, 65000), (258, 3, 1, 1), (259, 3, 1, 4), (278, 4, 1, 65000)), pixels, bytes(64))
    out['refused-no-directory.tif'] = b'II*\0\xff\xff\xff\x7f'
    out['refused-many-entries.tif'] = b'II*\0\10\0\0\0\xff\xff' + bytes(100)
    grey = lambda w, h, data: made.png_of(w, h, 8, 0, data)
    chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    head = lambda w, h, bits, color: b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, bits, color, 0, 0, 0))
    end = chunk(b'IEND', b'')
    out['slow-bomb.png'] = head(30000, 30000, 8, 6) + chunk(b'IDAT', deflated(b'\0', 64 << 20)) + end
    out['slow-bomb-1bit.png'] = head(60000, 60000, 1, 0) + chunk(b'IDAT', deflated(b'\0', 64 << 20)) + end
    out['refused-huge.png'] = head(0x7fffffff, 0x7fffffff, 16, 6) + chunk(b'IDAT', zlib.compress(b'\0')) + end
    out['refused-zero.png'] = head(0, 0, 8, 0) + chunk(b'IDAT', zlib.compress(b'\0')) + end
    out['any-palette-missing.png'] = head(10, 10, 8, 3) + chunk(b'IDAT', zlib.compress((b'\0' + b'\xff' * 10) * 10)) + end
    out['any-text-bomb.png'] = head(10, 10, 8, 0) + chunk(b'zTXt', b'a\0\0' + deflated(b'a', 64 << 20)) + chunk(b'IDAT', zlib.compress((b'\0' + bytes(10)) * 10)) + end
    out['refused-cut.png'] = grey(100, 100, (b'\0' + bytes(100)) * 100)[:-30]
    out['drawn-scroll.png'] = made.corner_png(10, 65535, 8, 0, b'\0', b'\xff')
    out['slow-thin.png'] = grey(1, 200000, b'\0\0' * 200000)
    for name, (w, h, bits, size) in {'wide': (0x7fffffff, 1, 24, 40), 'negative': (-100, -100, 24, 40), 'huge': (60000, 60000, 24, 40), 'bits': (10, 10, 77, 40),
                                     'rle': (60000, 60000, 8, 40), 'core': (10, 10, 24, 12)}.items():
        out[f'any-{name}.bmp'] = b'BM' + struct.pack('<IHHI', 100, 0, 0, 54) + struct.pack('<IiiHHIIiiII', size, w, h, 1, bits, 1 if name == 'rle' else 0, 0, 0, 0, 0, 0) + bytes(100)
    gif = made.corner_gif(64, 64)
    out['any-cut.gif'] = gif[:200]
    out['slow-frames.gif'] = gif[:-1] + gif[19:-1] * 60000 + b';'
    out['any-huge.gif'] = b'GIF89a' + struct.pack('<HHBBB', 65535, 65535, 0x80, 0, 0) + gif[13:]
    out['any-lzw.gif'] = gif[:30] + random.Random(1).randbytes(500)
    jpeg = b'\xff\xd8\xff\xc0\0\x0b\x08' + struct.pack('>HH', 65535, 65535) + b'\x01\x01\x11\0'
    out['any-huge.jpg'] = jpeg + b'\xff\xda\0\x08\x01\x01\0\0\x3f\0' + bytes(1000) + b'\xff\xd9'
    out['any-no-tables.jpg'] = b'\xff\xd8\xff\xda\0\x08\x01\x01\0\0\x3f\0\xff\xd9'
    out['refused-cut.jpg'] = jpeg
    out['slow-segments.jpg'] = b'\xff\xd8' + b'\xff\xe1\0\x02' * 200000 + b'\xff\xd9'
    out['any-progressive.jpg'] = b'\xff\xd8\xff\xc2\0\x0b\x08' + struct.pack('>HH', 20000, 20000) + b'\x01\x01\x11\0' + b'\xff\xda\0\x08\x01\x01\0\0\x3f\0\0' * 5000 + b'\xff\xd9'
    riff = lambda body: b'RIFF' + struct.pack('<I', len(body) + 4) + b'WEBP' + body
    out['refused-empty.webp'] = riff(b'')
    out['refused-lossless-noise.webp'] = riff(b'VP8L' + struct.pack('<I', 100) + b'\x2f\xff\xff\xff\x0f' + random.Random(2).randbytes(95))
    out['refused-canvas.webp'] = riff(b'VP8X' + struct.pack('<I', 10) + bytes(4) + b'\xff' * 6)
    out['refused-size-lies.webp'] = b'RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff' + bytes(50)
    return out


def texts():
    out = {}
    out['pages-feeds.txt'] = b'x\f' * 1000
    out['pages-lines.txt'] = b'x\n' * 100000
    out['slow-one-line.txt'] = b'x' * 1000000
    out['pages-one-line-long.txt'] = b'x' * 8000000
    out['any-tabs.txt'] = b'\t' * 1000000 + b'x'
    out['refused-blank.txt'] = b' \n' * 500000
    out['slow-combining.txt'] = ('a' + '\u0301' * 100000).encode()
    out['any-directions.txt'] = ('\u202e' * 1000 + 'a\u05d0' * 5000).encode()
    out['any-directions-nested.txt'] = ('\u2067' * 20000 + 'x').encode()
    out['any-surrogates.txt'] = b'\xff\xfe' + b'\x00\xd8' * 10000
    out['any-overlong.txt'] = b'\xc0\xaf' * 10000
    out['slow-entities.txt'] = b'&#60;script&#62;' * 10000
    out['drawn-markup.txt'] = b'</pre></body><script>for(;;);</script><h1>x'
    page = lambda body: b'<!doctype html><body>' + body
    out['slow-divs.html'] = page(b'<div>' * 100000)
    out['slow-tables.html'] = page(b'<table><tr><td>' * 5000 + b'x')
    out['slow-bold.html'] = page(b'<b>' * 200000 + b'x')
    out['slow-lists.html'] = page(b'<ul><li>' * 20000 + b'x')
    out['slow-formatting.html'] = page(b'<p><b><i><u>' * 20000)
    out['slow-attributes.html'] = page(b'<p ' + b' '.join(b'a%d=1' % i for i in range(100000)) + b'>x')
    out['slow-style.html'] = page(b'<style>' + b'a b c d e f g{color:red}' * 20000 + b'</style>' + b'<a>x</a>' * 3000)
    out['any-style-nested.html'] = page(b'<style>' + b'@media a{' * 100000 + b'</style>x')
    out['any-selector.html'] = page(b'<style>' + b'*>' * 100000 + b'a{}</style>x')
    out['drawn-script.html'] = page(b'<script>for(;;);</script>words')
    out['drawn-external.html'] = page(b'<img src=/etc/passwd><img src=http://127.0.0.1:9/><iframe src=file:///etc/passwd></iframe><link rel=stylesheet href=//x>words')
    out['any-font-huge.html'] = page(b'<p style="font-size:1e30px">x<p style="font-size:-5px">y<p style="margin:1e38em">z')
    out['any-width.html'] = page(b'<img width=999999999 height=999999999 src="data:image/png;base64,iVBORw0KGgo=">')
    out['any-entity-bomb.html'] = b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><html>&b;</html>'
    out['pages-many.html'] = page(b'<p style="page-break-before:always">x' * 600)
    return out


def mixed():
    out, good = {}, sample.sample()
    out['any-png-in-front.pdf'] = made.png(10, 10) + good
    out['any-gif-pdf.pdf'] = b'GIF89a' + good
    out['any-html-pdf.pdf'] = b'<html>' + good
    out['any-jpeg-pdf.jpg'] = b'\xff\xd8\xff\xe0' + good
    out['any-zip-behind.pdf'] = good + made.zipped({'word/document.xml': 'x'})
    out['refused-zip.docx'] = b'PK\3\4' + bytes(100)
    out['refused-program.pdf'] = b'\x7fELF\2\1\1' + bytes(200)
    out['refused-script.pdf'] = b'%!PS-Adobe-3.0\n{} loop\n'
    out['refused-svg.pdf'] = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    out['refused-ole.doc'] = b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + b'\xff' * 2000
    out['refused-zeros.pdf'] = bytes(100000)
    for seed in range(8):
        out[f'refused-noise-{seed}.pdf'] = b'\0' + random.Random(seed).randbytes(5000)
    return out


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for maker in (pdfs, images, texts, mixed):
        for name, data in maker().items():
            with open(os.path.join(sys.argv[1], name), 'wb') as file:
                file.write(data)
