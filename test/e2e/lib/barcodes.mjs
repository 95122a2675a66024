/* Barcodes in PDF, drawn as rectangles. */
import { file } from './pdf.mjs';

const CODE128 = ('212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 '
    + '223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 '
    + '132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 '
    + '331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 '
    + '241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 '
    + '131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112').split(' ');

/* Rectangles `x y width height re` of a code at (x, y), in points; set B of Code 128 (ISO/IEC 15417). */
export function code128(text, x, y, module = 1.2, height = 30) {
    const values = [...text].map((c) => c.charCodeAt(0) - 32);
    const sum = values.reduce((all, value, i) => all + value * (i + 1), 104);
    const widths = [104, ...values, sum % 103, 106].map((value) => CODE128[value]).join('');
    const out = [];
    [...widths].forEach((width, i) => {
        if (i % 2 === 0) out.push(`${x} ${y} ${width * module} ${height} re`);
        x += width * module;
    });
    return out;
}

/* Made elsewhere: rows of modules in hexadecimal. */
export const QR = {
    'https://example.com/fax?id=47ä': { side: 29, rows: '1fd6e07f 105fe641 1758c65d 174c6d5d 1755a25d 104ec041 1fd5557f 00074000 13f7fa97 0e3f4eb6 '
        + '05f84c94 03216b49 04f4c161 0034057f 0fda6335 1db6d455 0bd52728 1d060316 1b51da79 1d8cb08c 18cf9dfe 001a9118 1fd9ab58 10548f12 175bb7f8 '
        + '17506022 1745cab7 104e78bd 1fdeabd0' },
    'Müller & Söhne in ISO 8859-1': { side: 21, rows: '1fd67f 105741 175d5d 174d5d 17535d 104b41 1fd57f 000700 13f797 1f00ca 19e12e 009e16 14c0b8 '
        + '001cdb 1fd3b4 1059cc 175aea 175e20 17491f 10402f 1fdb50' },
};

export function qr({ side, rows }, x, y, module = 2) {
    return rows.split(' ').flatMap((row, j) => [...parseInt(row, 16).toString(2).padStart(side, '0')].map((bit, i) =>
        bit === '1' ? `${x + i * module} ${y + (side - 1 - j) * module} ${module} ${module} re` : '').filter(Boolean));
}

/* A document of pages of such rectangles. */
export function drawn(pages) {
    const objects = ['<</Type/Catalog/Pages 2 0 R>>', `<</Type/Pages/Kids[${pages.map((_, i) => `${3 + 2 * i} 0 R`).join(' ')}]/Count ${pages.length}>>`];
    pages.forEach((rectangles, i) => {
        const stream = `0 g ${rectangles.join(' ')} f`;
        objects.push(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents ${4 + 2 * i} 0 R/Resources<<>>>>`, `<</Length ${stream.length}>>stream\n${stream}\nendstream`);
    });
    return file(objects);
}
