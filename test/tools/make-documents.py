#!/usr/bin/env python3
"""Makes documents that are hard on a renderer, good and bad, for tests.

Use: test/tools/make-documents.py [--office | --hostile-office] DIR     (Python's standard library only; the same bytes each time)
With --office, those that take LibreOffice instead; with --hostile-office, those of them that mean harm.
"""
import hashlib
import importlib.util
import io
import os
import random
import struct
import sys
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location('make_sample', os.path.join(HERE, 'make-sample.py'))
sample = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sample)


def document(pages, trailer='', encrypt=lambda number, data: data, more=(), catalog=''):
    """`pages`: [(width, height, content, further page entries)]; `more` objects follow theirs."""
    kids = ' '.join(f'{3 + 2 * i} 0 R' for i in range(len(pages)))
    objects = [f'<</Type/Catalog/Pages 2 0 R{catalog}>>'.encode(), f'<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>'.encode()]
    for width, height, content, extra in pages:
        number = len(objects) + 2
        objects.append(f'<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents {number} 0 R{extra}/Resources'
                       '<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>'.encode())
        data = encrypt(number, content.encode())
        objects.append(f'<</Length {len(data)}>>stream\n'.encode() + data + b'\nendstream')
    objects.extend(more)
    return sample.assemble(objects, trailer)


def line_of(words, x=72, y=720, size=12):
    return f'BT /F {size} Tf {x} {y} Td ({words}) Tj ET\n'


def rc4(key, data):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


PAD = bytes.fromhex('28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A')


def encrypted(user_password):
    """The standard security handler, revision 2: ISO 32000-1 clause 7.6.3."""
    pad = lambda password: (password + PAD)[:32]
    file_id, rights = b'0123456789abcdef', -4
    owner = rc4(hashlib.md5(pad(b'owner')).digest()[:5], pad(user_password))
    key = hashlib.md5(pad(user_password) + owner + struct.pack('<i', rights) + file_id).digest()[:5]
    user = rc4(key, PAD)

    def encrypt(number, data):
        return rc4(hashlib.md5(key + struct.pack('<I', number)[:3] + b'\0\0').digest()[:10], data)

    trailer = (f'/ID[<{file_id.hex()}><{file_id.hex()}>]/Encrypt<</Filter/Standard/V 1/R 2/P {rights}'
               f'/O<{owner.hex()}>/U<{user.hex()}>>>')
    return document([(595, 842, line_of('secret'), '')], trailer, encrypt)


def order(first, seed):
    """Things of all kinds over one another, wherever they come to lie, after `first`."""
    chance, out = random.Random(seed), first
    for _ in range(6 + 5 * seed):
        x, y, w, h = chance.uniform(40, 450), chance.uniform(40, 750), chance.uniform(5, 120), chance.uniform(3, 60)
        box = f'{x:.2f} {y:.2f} {w:.2f} {h:.2f} re'
        bow = f'{x:.2f} {y:.2f} m {x:.2f} {y + h:.2f} {x + w:.2f} {y + h:.2f} {x + w:.2f} {y:.2f} c h'
        out += chance.choice((
            f'0 g {box} f ', f'1 g {box} f ', f'1 g {box} f ', f'0.5 g {box} f ', f'0 g {bow} f ', f'1 g {bow} f ', f'0.7 g {bow} f ',
            f'0 G 1 w {x:.2f} {y:.2f} m {x + w:.2f} {y + h:.2f} l S ', f'0 G 1 w {x:.2f} {y:.2f} m {x + w:.2f} {y:.2f} l S ',
            f'1 G 3 w {x:.2f} {y:.2f} m {x + w:.2f} {y + h:.2f} l S ', f'q {box} W n 0 g {x - 9:.2f} {y + 1:.2f} 90 9 re f Q ',
            '0 g ' + line_of('Sphinx of black quartz', x, y, 9), '1 g ' + line_of('Sphinx of black quartz', x, y, 14),
            '0.75 g ' + line_of('Sphinx of black quartz', x, y, 11)))
    return out


# White and larger than the page, but no rectangle: all of the page turns grey before anything lies on it.
ALL_GREY = '1 g -900 -900 m -900 2000 l 2000 1990 l 2000 -900 l h f '


def coloured_lines():
    """Slowly falling lines of two thicknesses in five greys."""
    return ''.join(f'{grey} G {width} w 72 {700 - 50 * (2 * i + j)} m 520 {680 - 50 * (2 * i + j)} l S\n'
                   for i, grey in enumerate((0, 0.3, 0.5, 0.65, 0.85)) for j, width in enumerate((0.75, 1.5)))


# Lines every 40 points, of falling greys and widths; drawn as strokes, then as thin rectangles.
def hairlines():
    out = ''
    for i, width in enumerate((0, 0.05, 0.1, 0.25, 0.5)):
        out += f'{width} w 72 {760.3 - 40 * i:.2f} m 520 {760.3 - 40 * i:.2f} l S\n'
        out += f'{width} w {90.7 + 80 * i:.2f} 560 m {90.7 + 80 * i:.2f} 300 l S\n'
        out += f'72 {260.15 - 40 * i:.2f} 448 {width + 0.05} re f\n'
    return out


def png_of(width, height, bits, color, rows):
    chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, color, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def png(width, height):
    return png_of(width, height, 8, 0, b''.join(
        b'\0' + bytes((x * 255 // width) for x in range(width)) for _ in range(height)))


def corner_png(width, height, bits, color, black, white):
    """Black in the upper left quarter; `black` and `white` are one pixel."""
    upper = b'\0' + black * (width // 2) + white * (width - width // 2)
    return png_of(width, height, bits, color, upper * (height // 2) + (b'\0' + white * width) * (height - height // 2))


def corner_bmp(width, height):
    """24 bits a pixel, the lowest row first."""
    upper = b'\0\0\0' * (width // 2) + b'\xff\xff\xff' * (width - width // 2)
    upper += bytes(-len(upper) % 4)
    lower = b'\xff\xff\xff' * width + bytes(-3 * width % 4)
    pixels = lower * (height - height // 2) + upper * (height // 2)
    return (b'BM' + struct.pack('<IHHI', 54 + len(pixels), 0, 0, 54) +
            struct.pack('<IiiHHIIiiII', 40, width, height, 1, 24, 0, len(pixels), 3780, 3780, 0, 0) + pixels)


def corner_gif(width, height):
    """LZW without compression: a clear code (4) before the code size would grow."""
    codes, out, bits, held = [], bytearray(), 0, 0
    for y in range(height):
        for x in range(width):
            codes.append(0 if x < width // 2 and y < height // 2 else 1)
    for i, code in enumerate(codes):
        for value in ([4] if i % 2 == 0 else []) + [code]:
            held |= value << bits
            bits += 3
            while bits >= 8:
                out.append(held & 255)
                held >>= 8
                bits -= 8
    held |= 5 << bits
    out += struct.pack('<H', held)
    blocks = b''.join(bytes([len(out[i:i + 255])]) + bytes(out[i:i + 255]) for i in range(0, len(out), 255))
    return (b'GIF89a' + struct.pack('<HHBBB', width, height, 0x80, 0, 0) + b'\0\0\0\xff\xff\xff' +
            b'\x2c' + struct.pack('<HHHHB', 0, 0, width, height, 0) + b'\x02' + blocks + b'\0;')


def bomb(operators, blocks):
    """Drawing operators without end, packed small."""
    packer, parts = zlib.compressobj(9), []
    block = operators * 4096
    for _ in range(blocks):
        parts.append(packer.compress(block))
    content = b''.join(parts) + packer.flush()
    objects = [b'<</Type/Catalog/Pages 2 0 R>>', b'<</Type/Pages/Count 1/Kids[3 0 R]>>',
               b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>',
               f'<</Filter/FlateDecode/Length {len(content)}>>stream\n'.encode() + content + b'\nendstream']
    return sample.assemble(objects)


def widget(rect, entries):
    return f'<</Type/Annot/Subtype/Widget/F 4/Rect[{rect}]{entries}>>'


def looks(width, height, content):
    """An appearance stream."""
    return (f'<</Type/XObject/Subtype/Form/BBox[0 0 {width} {height}]/Resources<<>>/Length {len(content)}>>stream\n{content}\nendstream').encode()


def form(need_appearances):
    """Fields from top to bottom, 40 points each; 72 to 272 across. Text (no looks), text (looks), check box (no looks), check box
    (looks, on), check box (looks, off), list to choose from (no looks), text that is hidden, text without a value."""
    fields = [
        widget('72 720 272 740', '/FT/Tx/T(a)/V(MMMMMMMMMMMM)/DA(/Helv 12 Tf 0 g)'),
        widget('72 680 272 700', '/FT/Tx/T(b)/V(MMM)/DA(/Helv 12 Tf 0 g)/AP<</N 6 0 R>>'),
        widget('72 640 92 660', '/FT/Btn/T(c)/V/Yes/AS/Yes/DA(/ZaDb 12 Tf 0 g)/MK<</CA(4)>>'),
        widget('72 600 92 620', '/FT/Btn/T(d)/V/Yes/AS/Yes/AP<</N<</Yes 7 0 R/Off 8 0 R>>>>'),
        widget('72 560 92 580', '/FT/Btn/T(e)/V/Off/AS/Off/AP<</N<</Yes 7 0 R/Off 8 0 R>>>>'),
        widget('72 520 272 540', '/FT/Ch/Ff 131072/T(f)/Opt[(MMMMMM)(WWWWWW)]/V(MMMMMM)/DA(/Helv 12 Tf 0 g)'),
        widget('72 480 272 500', '/FT/Tx/T(g)/V(MMMMMMMMMMMM)/DA(/Helv 12 Tf 0 g)').replace('/F 4', '/F 6'),
        widget('72 440 272 460', '/FT/Tx/T(h)/DA(/Helv 12 Tf 0 g)'),
    ]
    numbers = ' '.join(f'{9 + i} 0 R' for i in range(len(fields)))
    resources = '<</Font<</Helv<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>/ZaDb<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>>>>>'
    acro = f'<</Fields[{numbers}]/DA(/Helv 12 Tf 0 g)/DR {resources}{"/NeedAppearances true" if need_appearances else ""}>>'
    return document([(595, 842, '', f'/Annots[{numbers}]')], catalog='/AcroForm 5 0 R', more=[
        acro.encode(), looks(200, 20, '0 g 0 0 200 20 re f'), looks(20, 20, '0 g 2 2 16 16 re f'), looks(20, 20, ''),
        *[field.encode() for field in fields]])


def marks():
    """Remarks without looks of their own: highlighted words, a box, a line, a note typed on the page, a drawn line, a struck-out word."""
    quads = lambda x0, y0, x1, y1: f'/QuadPoints[{x0} {y1} {x1} {y1} {x0} {y0} {x1} {y0}]'
    annots = [
        f'<</Type/Annot/Subtype/Highlight/F 4/C[1 1 0]/Rect[72 700 272 720]{quads(72, 700, 272, 720)}>>',
        '<</Type/Annot/Subtype/Square/F 4/C[0 0 0]/BS<</W 4>>/Rect[72 640 272 680]>>',
        '<</Type/Annot/Subtype/Line/F 4/C[0 0 0]/BS<</W 4>>/L[72 600 272 600]/Rect[70 590 274 610]>>',
        '<</Type/Annot/Subtype/FreeText/F 4/DA(/Helv 12 Tf 0 g)/Contents(MMMMMMMMMM)/Rect[72 550 272 570]>>',
        '<</Type/Annot/Subtype/Ink/F 4/C[0 0 0]/BS<</W 4>>/InkList[[72 520 172 520 272 520]]/Rect[70 510 274 530]>>',
        f'<</Type/Annot/Subtype/StrikeOut/F 4/C[0 0 0]/Rect[72 470 272 490]{quads(72, 470, 272, 490)}>>',
        '<</Type/Annot/Subtype/Square/F 2/C[0 0 0]/BS<</W 4>>/Rect[72 400 272 440]>>',
    ]
    return document([(595, 842, line_of('MMMMMMMMMMMMMMM', 76, 704), f'/Annots[{"".join(annots)}]')])


def ladder(width, height, every=72):
    """Bars all across, one an inch, from 10 points below the top to the bottom: what is lost or squeezed shows."""
    return ''.join(f'0 {y} {width} 6 re f\n' for y in range(height - 10, 0, -every))


def documents():
    good = sample.sample()
    page = (595, 842, line_of('one page'), '')
    return {
        'good.pdf': good,
        'truncated.pdf': good[:len(good) * 2 // 3],
        'truncated-late.pdf': good[:-40],
        'encrypted.pdf': encrypted(b'letmein'),
        'encrypted-empty-password.pdf': encrypted(b''),
        'zero-pages.pdf': document([]),
        'empty.pdf': b'',
        'text.txt': 'Dear reader,\n\n\tplain text \u2014 in two pages.\n\fThe second.\n'.encode(),
        'page.html': b'<!doctype html><title>Invoice</title><h1>Invoice</h1><p>12 bolts',
        'blank.txt': b' \n\f\n',
        'archive.pdf': b'PK\x03\x04 no document in here',
        'pages-350.pdf': document([page] * 350),
        'pages-351.pdf': document([page] * 351),
        'landscape.pdf': document([(842, 595, line_of('landscape', y=500), '')]),
        'rotated.pdf': document([(595, 842, line_of('rotated'), '/Rotate 90')]),
        'cropped.pdf': document([(595, 842, line_of('cropped'), '/CropBox[0 0 300 400]')]),
        'annotated.pdf': document([(595, 842, '', '/Annots[<</Type/Annot/Subtype/Stamp/F 4/Rect[100 500 300 700]/AP<</N 5 0 R>>>>]')],
                                  more=[b'<</Type/XObject/Subtype/Form/BBox[0 0 200 200]/Length 23>>stream\n0 g 0 0 200 200 re f   \nendstream']),
        'form.pdf': form(False),
        'form-needs.pdf': form(True),
        'marks.pdf': marks(),
        'ladder.pdf': document([(595, 2000, ladder(595, 2000), '')]),
        'ladder-wide.pdf': document([(2000, 595, f'0 1 -1 0 2000 0 cm {ladder(595, 2000)}', '')]),
        'ladder-a3.pdf': document([(842, 1190, ladder(842, 1190), '')]),
        'ladders.pdf': document([page, (300, 1684, ladder(300, 1684), ''), page]),
        'endless.pdf': document([(100, 14400, '', '/UserUnit 70')]),
        'tiny.pdf': document([(60, 30, '10 10 40 10 re f', '')]),
        'huge.pdf': document([(14400, 14400, '100 100 14200 14200 re f', '')]),
        'tall.pdf': document([(300, 6000, '10 10 280 5980 re f', '')]),
        'order.pdf': document([(595, 842, order('', seed), '') for seed in range(20)]),
        'order-grey.pdf': document([(595, 842, order(ALL_GREY, seed), '') for seed in range(20)]),
        'coloured-lines.pdf': document([(595, 842, coloured_lines(), '')]),
        'hairlines.pdf': document([(595, 842, hairlines(), '')]),
        'grey.pdf': document([(595, 842, '0.5 g 100 400 400 300 re f 0 g ' + line_of('text beside grey'), '')]),
        'page-missing.pdf': document([page]).replace(b'/Kids[3 0 R]', b'/Kids[9 0 R]'),
        'picture.png': png(800, 1000),
        'corner.png': corner_png(640, 960, 8, 0, b'\0', b'\xff'),
        'corner-alpha.png': corner_png(640, 960, 8, 6, b'\0\0\0\xff', b'\0\0\0\0'),
        'corner-16.png': corner_png(640, 960, 16, 2, b'\0' * 6, b'\xff' * 6),
        'corner.bmp': corner_bmp(640, 960),
        'corner.gif': corner_gif(640, 960),
        'scroll.png': corner_png(1000, 10000, 8, 0, b'\0', b'\xff'),
        'bomb-time.pdf': bomb(b'0 0 m 500 800 l S ', 1000),
        'bomb-memory.pdf': bomb(b'q ', 2000),
    }


def zipped(files, first_stored=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for i, (name, text) in enumerate(files.items()):
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if first_stored and i == 0 else zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return out.getvalue()


def office_documents():
    """The smallest files that are what they say (ECMA-376 part 2, Open Document 1.3 part 2)."""
    xml = '<?xml version="1.0" encoding="UTF-8"?>'
    types = lambda part, kind: (
        f'{xml}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Override PartName="/' + part + '" ContentType='
        f'"application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>')
    office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
    relations = lambda kind, part: (
        f'{xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{office}/{kind}" Target="{part}"/></Relationships>')
    word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
    sheet = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
    odf = 'urn:oasis:names:tc:opendocument:xmlns'
    return {
        'letter.rtf': rb'{\rtf1\ansi\deff0{\fonttbl{\f0 Times New Roman;}}\fs24 Hello {\b world}.\par}',
        'letter.docx': zipped({
            '[Content_Types].xml': types('word/document.xml', 'wordprocessingml.document'),
            '_rels/.rels': relations('officeDocument', 'word/document.xml'),
            'word/document.xml': f'{xml}<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>Hello world</w:t></w:r></w:p>'
                                 '</w:body></w:document>'}),
        'letter.xlsx': zipped({
            '[Content_Types].xml': types('xl/workbook.xml', 'spreadsheetml.sheet').replace(
                '</Types>', '<Override PartName="/xl/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument'
                '.spreadsheetml.worksheet+xml"/></Types>'),
            '_rels/.rels': relations('officeDocument', 'xl/workbook.xml'),
            'xl/_rels/workbook.xml.rels': relations('worksheet', 'sheet1.xml'),
            'xl/workbook.xml': f'{xml}<workbook xmlns="{sheet}" xmlns:r="{office}"><sheets><sheet name="A" sheetId="1" '
                               'r:id="r1"/></sheets></workbook>',
            'xl/sheet1.xml': f'{xml}<worksheet xmlns="{sheet}"><sheetData><row r="1"><c r="A1"><v>42</v></c></row>'
                             '</sheetData></worksheet>'}),
        'letter.odt': zipped({
            'mimetype': 'application/vnd.oasis.opendocument.text',
            'META-INF/manifest.xml': f'{xml}<m:manifest xmlns:m="{odf}:manifest:1.0"><m:file-entry m:full-path="/" '
                                     'm:media-type="application/vnd.oasis.opendocument.text"/><m:file-entry '
                                     'm:full-path="content.xml" m:media-type="text/xml"/></m:manifest>',
            'content.xml': f'{xml}<o:document-content xmlns:o="{odf}:office:1.0" xmlns:t="{odf}:text:1.0" o:version="1.3">'
                           '<o:body><o:text><t:p>Hello world</t:p></o:text></o:body></o:document-content>'}, True),
    }


def hostile_office_documents():
    """Bombs, ways out and halves, of the kinds that LibreOffice reads."""
    good = office_documents()
    word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
    office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

    def docx(document, more=None):
        with zipfile.ZipFile(io.BytesIO(good['letter.docx'])) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        return zipped({**files, 'word/document.xml': document, **(more or {})})
    paragraphs = lambda text: f'<w:document xmlns:w="{word}"><w:body>{text}</w:body></w:document>'
    words = '<w:p><w:r><w:t>Hello world</w:t></w:r></w:p>'
    entities = '<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">' + ''.join(
        f'<!ENTITY a{i} "{"".join(f"&a{i - 1};" for _ in range(10))}">' for i in range(1, 10)) + ']>'
    outside = (f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{office}/attachedTemplate" '
               f'Target="http://127.0.0.1:9/template.dotm" TargetMode="External"/><Relationship Id="r2" Type="{office}/image" '
               'Target="file:///etc/passwd" TargetMode="External"/></Relationships>')
    odf = 'urn:oasis:names:tc:opendocument:xmlns'
    with zipfile.ZipFile(io.BytesIO(good['letter.odt'])) as archive:
        odt = {name: archive.read(name) for name in archive.namelist()}
    odt['content.xml'] = odt['content.xml'].replace(b'<o:body>', f'<o:scripts><o:event-listeners xmlns:s="{odf}:script:1.0" xmlns:l="http://www.w3.org/1999/xlink">'
        '<s:event-listener s:language="ooo:script" s:event-name="dom:load" l:type="simple" l:href="vnd.sun.star.script:pythonSamples|TableSample.py$createTable'
        '?language=Python&amp;location=share"/></o:event-listeners></o:scripts><o:body>'.encode())
    return {
        'bomb.docx': docx(paragraphs('<w:p><w:r><w:t>' + 'a b ' * (60 << 20) + '</w:t></w:r></w:p>')),
        'entities.docx': docx(entities + paragraphs('<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>')),
        'outside.docx': docx(paragraphs(words), {'word/_rels/settings.xml.rels': outside, 'word/_rels/document.xml.rels': outside}),
        'macro.odt': zipped(odt, True),
        'deep.rtf': rb'{\rtf1 ' + b'{' * 200000 + b'x',
        'cut.docx': good['letter.docx'][:300],
        'cut.odt': good['letter.odt'][:-30],
        'empty-zip.docx': zipped({'word/document.xml': ''}),
    }


MAKERS = {'--office': office_documents, '--hostile-office': hostile_office_documents}
if __name__ == '__main__':
    arguments = [a for a in sys.argv[1:] if a not in MAKERS]
    if len(arguments) != 1:
        sys.exit(__doc__)
    os.makedirs(arguments[0], exist_ok=True)
    made = next((MAKERS[a] for a in sys.argv[1:] if a in MAKERS), documents)
    for name, data in made().items():
        with open(os.path.join(arguments[0], name), 'wb') as file:
            file.write(data)
