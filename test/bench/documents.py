#!/usr/bin/env python3
"""Measures faxwire-render beside Ghostscript, pdftoppm and mutool on documents people fax.

Use: test/bench/documents.py BUILD [--rounds N] [--only TEXT] [--write doc/benchmarks.md]
The corpus is made on the first run, in BUILD/bench-documents: documents out of Debian packages (downloaded and
unpacked, not installed), scans made from them, photographs, and the ITU charts when FAXWIRE_ITU_CHARTS names a
folder of chart1.pbm.gz ... chart8.pbm.gz. All programs take turns on each document, the order changing with the round;
the best round of each counts. CPU seconds are user and system time of the child, memory is its own peak (see child.c). pdftoppm and mutool write raw bitmaps:
the coding that a fax needs is not in their time.
"""
import argparse
import glob
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

# name in the table: (package, file in it, pages taken)
PACKAGED = {
    'text manual': ('valgrind', 'usr/share/doc/valgrind/valgrind_manual.pdf.gz', 40),
    'vector manual': ('gnuplot-doc', 'usr/share/doc/gnuplot/gnuplot.pdf', 40),
    'book': ('maxima-doc', 'usr/share/doc/maxima-doc/maximabook-19-Sept-2004.pdf.gz', 40),
    'drawings': ('asymptote-doc', 'usr/share/doc/asymptote/CAD.pdf', 12),
    'charts': ('r-cran-survival', 'usr/lib/R/library/survival/doc/adjcurve.pdf', 24),
    'statistics': ('r-cran-survival', 'usr/lib/R/library/survival/doc/survival.pdf', 40),
}
PHOTOS = ('mate-backgrounds', 'usr/share/backgrounds/mate/nature/*.jpg', 8)
LONG = ('valgrind', 'usr/share/doc/valgrind/valgrind_manual.pdf.gz', 350)

BUILD = 'build'  # set by main


def run(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)


def unpacked(folder, package):
    """The package's files, downloaded by apt without installing it."""
    target = f'{folder}/packages/{package}'
    if not os.path.isdir(target):
        os.makedirs(target + '.new', exist_ok=True)
        run('apt-get', 'download', '-qq', package, cwd=target + '.new', stderr=subprocess.DEVNULL)
        for deb in glob.glob(target + '.new/*.deb'):
            run('dpkg-deb', '-x', deb, target + '.new')
            os.remove(deb)
        os.rename(target + '.new', target)
    return target


def cut(folder, package, name, pages, target):
    source = f'{unpacked(folder, package)}/{name}'
    whole = target + '.whole'
    with (gzip.open if name.endswith('.gz') else open)(source, 'rb') as i, open(whole, 'wb') as o:
        shutil.copyfileobj(i, o)
    run('mutool', 'clean', '-gg', whole, target, f'1-{pages}', stderr=subprocess.DEVNULL)
    os.remove(whole)


def pdf_of_images(target, images):
    """One image a page, as scanners write it: [(dictionary, data, width in points, height)]."""
    objects = ['<</Type/Catalog/Pages 2 0 R>>'.encode(),
               f'<</Type/Pages/Count {len(images)}/Kids[{" ".join(f"{3 + 3 * i} 0 R" for i in range(len(images)))}]>>'.encode()]
    for entries, data, width, height in images:
        at = len(objects) + 1
        content = f'{width} 0 0 {height} 0 0 cm /I Do'.encode()
        objects.append(f'<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents {at + 1} 0 R'
                       f'/Resources<</XObject<</I {at + 2} 0 R>>>>>>'.encode())
        objects.append(f'<</Length {len(content)}>>stream\n'.encode() + content + b'\nendstream')
        objects.append(f'<</Type/XObject/Subtype/Image{entries}/Length {len(data)}>>stream\n'.encode() + data + b'\nendstream')
    out, offsets = bytearray(b'%PDF-1.4\n'), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f'{number} 0 obj\n'.encode() + body + b'\nendobj\n'
    start = len(out)
    out += f'xref\n0 {len(objects) + 1}\n0000000000 65535 f \n'.encode()
    out += b''.join(f'{o:010} 00000 n \n'.encode() for o in offsets)
    out += f'trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n'.encode()
    with open(target, 'wb') as file:
        file.write(out)


def strips(tiff):
    """(width, rows, data) of the pages of a little-endian TIFF with one strip a page."""
    data = open(tiff, 'rb').read()
    number = lambda at, size: int.from_bytes(data[at:at + size], 'little')
    at = number(4, 4)
    while at:
        fields = {number(at + 2 + 12 * i, 2): at + 2 + 12 * i for i in range(number(at, 2))}
        value = lambda tag: number(fields[tag] + 8, {3: 2, 4: 4}[number(fields[tag] + 2, 2)])
        yield value(256), value(257), data[value(273):value(273) + value(279)]
        at = number(at + 2 + 12 * number(at, 2), 4)


def fax_scan(text, target):
    """Bitonal, 300 dpi, G4: what an office scanner makes of a typed page."""
    tiff = target + '.tif'
    run('gs', '-q', '-dNOPAUSE', '-dBATCH', '-sDEVICE=tiffg4', '-r300', '-dMaxStripSize=0', '-dFirstPage=3', '-dLastPage=14',
        '-o', tiff, text)
    pdf_of_images(target, [
        (f'/Width {w}/Height {h}/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode'
         f'/DecodeParms<</K -1/Columns {w}/Rows {h}>>', data, round(w * 72 / 300, 2), round(h * 72 / 300, 2))
        for w, h, data in strips(tiff)])
    os.remove(tiff)


def noisy(samples, chance):
    """Each sample down by up to 15: paper shade and sensor noise. One long subtraction, as no sample is below 15."""
    level = bytes(max(15, 15 + v * 225 // 255) for v in range(256))
    noise = bytes(v & 15 for v in range(256))
    flat = samples.translate(level)
    return (int.from_bytes(flat, 'big') - int.from_bytes(chance.randbytes(len(flat)).translate(noise), 'big')).to_bytes(
        len(flat), 'big')


def grey_scan(text, target, device, dpi, folder):
    """Greyscale or colour as JPEG with noise on the paper."""
    chance, images = random.Random(6), []
    with tempfile.TemporaryDirectory(dir=folder) as temp:
        run('gs', '-q', '-dNOPAUSE', '-dBATCH', '-sDEVICE=' + device, f'-r{dpi}', '-dTextAlphaBits=4', '-dFirstPage=3', '-dLastPage=8',
            '-o', f'{temp}/%d.pnm', text)
        for name in sorted(glob.glob(f'{temp}/*.pnm')):
            data = open(name, 'rb').read()
            head = re.match(rb'P[56]\s(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+255\s', data)
            with open(name, 'wb') as file:
                file.write(head.group(0) + noisy(data[head.end():], chance))
            w, h = int(head.group(1)), int(head.group(2))
            jpeg = subprocess.run(['cjpeg', '-quality', '75', name], check=True, capture_output=True).stdout
            space = 'DeviceGray' if device == 'pgmraw' else 'DeviceRGB'
            images.append((f'/Width {w}/Height {h}/ColorSpace/{space}/BitsPerComponent 8/Filter/DCTDecode', jpeg,
                           round(w * 72 / dpi, 2), round(h * 72 / dpi, 2)))
    pdf_of_images(target, images)


def jpeg_size(data):
    at = 2
    while True:
        marker, size = data[at + 1], int.from_bytes(data[at + 2:at + 4], 'big')
        if 0xc0 <= marker <= 0xcf and marker not in (0xc4, 0xc8, 0xcc):
            return int.from_bytes(data[at + 7:at + 9], 'big'), int.from_bytes(data[at + 5:at + 7], 'big'), data[at + 9]
        at += 2 + size


def photos(folder, target):
    package, pattern, count = PHOTOS
    images = []
    for name in sorted(glob.glob(f'{unpacked(folder, package)}/{pattern}'))[:count]:
        data = open(name, 'rb').read()
        width, height, planes = jpeg_size(data)
        images.append((f'/Width {width}/Height {height}/ColorSpace/{"DeviceGray" if planes == 1 else "DeviceRGB"}'
                       '/BitsPerComponent 8/Filter/DCTDecode', data, 560, round(560 * height / width, 2)))
    pdf_of_images(target, images)


def itu(folder, target):
    images = []
    for number in range(1, 9):
        data = gzip.open(f'{folder}/chart{number}.pbm.gz').read()
        head = re.match(rb'P4\s(?:#[^\n]*\n)*(\d+)\s+(\d+)\s', data)
        w, h = int(head.group(1)), int(head.group(2))
        images.append((f'/Width {w}/Height {h}/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]/Filter/FlateDecode',
                       zlib.compress(data[head.end():]), round(w * 72 / 204.1, 2), round(h * 72 / 195.6, 2)))
    pdf_of_images(target, images)


def corpus(folder):
    """name: path, made when missing. Text comes first, scans are made from it."""
    os.makedirs(folder, exist_ok=True)
    made = {}

    def add(name, make):
        path = f'{folder}/{name.replace(" ", "-")}.pdf'
        if not os.path.exists(path):
            make(path + '.new')
            os.rename(path + '.new', path)
        made[name] = path

    for name, (package, file, pages) in PACKAGED.items():
        add(name, lambda target: cut(folder, package, file, pages, target))
    add('bitonal scan', lambda target: fax_scan(made['text manual'], target))
    add('grey scan', lambda target: grey_scan(made['text manual'], target, 'pgmraw', 300, folder))
    add('colour scan', lambda target: grey_scan(made['statistics'], target, 'ppmraw', 200, folder))
    add('photographs', lambda target: photos(folder, target))
    charts = os.environ.get('FAXWIRE_ITU_CHARTS')
    if charts and os.path.exists(f'{charts}/chart1.pbm.gz'):
        add('ITU charts', lambda target: itu(charts, target))
    add('350 pages', lambda target: cut(folder, *LONG, target))
    return made


def measured(command, temp, result='-', **more):
    """CPU seconds, wall seconds and peak memory in MB of one program."""
    done = subprocess.run([BUILD + '/test/bench/bench-child', f'{temp}/report', result, *command], stderr=subprocess.DEVNULL,
                          **{'stdout': subprocess.DEVNULL, **more})
    if done.returncode != 0:
        sys.exit(f'{command[0]} failed: {done.returncode}')
    cpu, wall, peak = open(f'{temp}/report').read().split()
    return float(cpu), float(wall), int(peak) / 1024


def ours(program, path, temp):
    with open(path) as document, open(f'{temp}/ours.tif', 'w+b') as pages:
        return measured([program, '--pages-max', '2000'], temp, f'{temp}/result', stdin=document, stdout=pages)


GS = ['gs', '-q', '-dNOPAUSE', '-dBATCH', '-dSAFER', '-sDEVICE=tiffg4', '-r204x196', '-o'] # pages keep their size, as ours do
OTHERS = {
    'gs': lambda path, temp: measured([*GS, f'{temp}/gs.tif', path], temp),
    'pdftoppm': lambda path, temp: measured(['pdftoppm', '-mono', '-rx', '204', '-ry', '196', '-scale-to-x', '1728', '-scale-to-y', '2288',
                                             path, f'{temp}/ppm'], temp),
    'mutool': lambda path, temp: measured(['mutool', 'draw', '-q', '-F', 'pbm', '-w', '1728', '-h', '2288', '-o', f'{temp}/mu%d.pbm', path], temp),
}


def compare(program, path, rounds):
    with tempfile.TemporaryDirectory() as temp:
        runs = {'ours': lambda: ours(program, path, temp), **{n: (lambda f=f: f(path, temp)) for n, f in OTHERS.items()}}
        best = {}
        for number in range(rounds):
            names = list(runs) if number % 2 == 0 else list(reversed(runs))
            for name in names:
                figures = runs[name]()
                best[name] = tuple(map(min, best[name], figures)) if name in best else figures
        told = json.load(open(f'{temp}/result'))
        sizes = [sum(len(data) for _, _, data in strips(f'{temp}/{name}.tif')) for name in ('ours',)]
        return told['pages'], best, sizes[0], os.path.getsize(f'{temp}/gs.tif')


def one_page(program, folder, rounds):
    """Prints how long a document of one page takes, as a customer waits for it: from the program's start to its end."""
    path = f'{folder}/one-page.pdf'
    if not os.path.exists(path):
        run('mutool', 'clean', '-gg', f'{folder}/text-manual.pdf', path, '7', stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as temp:
        wall = sorted(ours(program, path, temp)[1] * 1000 for _ in range(max(10, 4 * rounds)))
    print(f'\nA PDF of one page is ready in {wall[0]:.1f} to {wall[-1]:.1f} ms, median {wall[len(wall) // 2]:.1f} ms.')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--only', default='')
    options = parser.parse_args()
    missing = [tool for tool in ('gs', 'pdftoppm', 'mutool', 'cjpeg') if not shutil.which(tool)]
    if missing:
        sys.exit(f'{", ".join(missing)} missing: apt-get install ghostscript poppler-utils mupdf-tools libjpeg-turbo-progs')
    global BUILD
    BUILD = os.path.abspath(options.build)
    program = f'{BUILD}/src/render/faxwire-render'
    print('| document | pages | pages/CPU s | gs | pdftoppm | mutool | peak MB | gs MB | KB/page | gs KB/page |\n' + '|---' * 10 + '|')
    for name, path in corpus(f'{options.build}/bench-documents').items():
        if options.only not in name:
            continue
        pages, best, size, gs_size = compare(program, path, options.rounds)
        cpu = best['ours'][0]
        ratios = [f'{best[n][0] / cpu:.2f}x' for n in OTHERS]
        print(f'| {name} | {pages} | {pages / cpu:.1f} | {" | ".join(ratios)} | {best["ours"][2]:.0f} | {best["gs"][2]:.0f} '
              f'| {size / pages / 1024:.1f} | {gs_size / pages / 1024:.1f} |', flush=True)
        if name == '350 pages':
            print(f'\n350 pages are ready in {best["ours"][1]:.2f} s of wall time.')
            one_page(program, f'{BUILD}/bench-documents', options.rounds)


if __name__ == '__main__':
    main()
