/* Small PDFs, written by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/* One short page, so that a call at line speed does not take a minute. */
export function onePage(folder, text = 'Faxwire') {
    const path = join(folder, 'one-page.pdf');
    writeFileSync(path, pdf(text));
    return path;
}

/* Two pages, short enough to be sent at line speed. */
export function twoPages(folder) {
    const path = join(folder, 'two-pages.pdf');
    writeFileSync(path, pages(2, 4));
    return path;
}

export function pdf(text) {
    const stream = `BT /F1 36 Tf 72 720 Td (${text}) Tj ET`;
    const objects = ['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[3 0 R]/Count 1>>',
        '<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
        `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
        '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>'];
    return file(objects);
}

/* `count` pages of text, as a letter has it. */
export function pages(count, length = 46) {
    const kids = Array.from({ length: count }, (_, i) => `${4 + 2 * i} 0 R`).join(' ');
    const objects = ['<</Type/Catalog/Pages 2 0 R>>', `<</Type/Pages/Kids[${kids}]/Count ${count}>>`,
        '<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>'];
    for (let page = 1; page <= count; page++) {
        const lines = Array.from({ length }, (_, i) =>
            `(Page ${page}, line ${i + 1}: the quick brown fox jumps over the lazy dog and back again, ${page * i}.) Tj T*`);
        const stream = `BT /F1 11 Tf 15 TL 60 740 Td ${lines.join('\n')} ET`;
        objects.push(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents ${3 + 2 * page} 0 R/Resources<</Font<</F1 3 0 R>>>>>>`,
            `<</Length ${stream.length}>>stream\n${stream}\nendstream`);
    }
    return file(objects);
}

export function file(objects) {
    let out = '%PDF-1.4\n';
    const offsets = objects.map((o, i) => {
        const at = out.length;
        out += `${i + 1} 0 obj${o}endobj\n`;
        return at;
    });
    const xref = out.length;
    out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}`;
    return `${out}trailer<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`;
}
