/* What is known of each page, and how it looks: of faxes that are sent and of those that come in. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { Service } from './lib/service.mjs';

const NUMBER = '+13125550871';
let service;

before(async () => {
    service = await Service.start();
    execFileSync('python3', [new URL('../tools/make-documents.py', import.meta.url).pathname, service.folder]);
    await service.number(NUMBER, service.application_id);
});
after(() => service?.end());

async function picture(url, key) {
    const answer = await fetch(url, { headers: key ? { authorization: `Bearer ${key}` } : {} });
    assert.equal(answer.status, 200, await answer.clone().text());
    assert.equal(answer.headers.get('content-type'), 'image/png');
    const png = Buffer.from(await answer.arrayBuffer());
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    const parts = [];
    for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12)
        if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    const pixels = inflateSync(Buffer.concat(parts));
    assert.equal(pixels.length, (width + 1) * height);
    return { width, height, dark: pixels.filter((value, i) => i % (width + 1) && value < 128).length / (width * height) };
}

test('a fax tells what each page takes, and shows it', async () => {
    const sent = await service.send({ to: '+12005550100', pages: '1-2' });
    const fax = await service.ended(sent.id);
    assert.deepEqual(fax.page_ranges, ['1-2']);
    assert.deepEqual(fax.warnings, []);
    assert.deepEqual(fax.pages.map((p) => [p.number, p.width, p.resolution]), [[1, 1728, '204x196'], [2, 1728, '204x196']]);
    const file = statSync(join(service.faxFolder(fax.id), 'pages.tif')).size;
    const bytes = fax.pages.reduce((sum, page) => sum + page.bytes, 0);
    assert.ok(bytes < file && bytes > file - 2000, `${bytes} of ${file}`);
    for (const page of fax.pages) {
        assert.equal(page.coding, 'MMR');
        assert.equal(page.seconds, Math.ceil(page.bytes * 8 / 14400));
        const shown = await picture(page.png_url);
        assert.equal(shown.width, 432);
        assert.ok(Math.abs(shown.height - 432 * page.height * 204 / 1728 / 196) <= 1);
        assert.ok(shown.dark > 0.003 && shown.dark < 0.6, `${shown.dark}`);
        assert.equal((await picture(`${page.png_url}&width=64`)).width, 64);
    }
    const own = await picture(`${service.url}/v2/faxes/${fax.id}/pages/2.png?width=1728`, service.api_key);
    assert.equal(own.width, 1728);
    for (const [path, status] of [['3.png', 404], ['0.png', 404], ['2', 404], ['2.png?width=31', 400], ['2.png?width=1729', 400]]) {
        const answer = await service.request('GET', `/v2/faxes/${fax.id}/pages/${path}`);
        assert.equal(answer.status, status, path);
    }
    assert.equal((await service.request('GET', `/v2/faxes/${fax.id}/pages/1.png`, { key: '' })).status, 401);
});

test('a page that takes over two minutes is warned of', async () => {
    const sent = await service.send({ to: '+12005550100', quality: 'ultra_light' }, join(service.folder, 'picture.png'));
    const fax = await service.ended(sent.id);
    assert.equal(fax.pages.length, 1);
    assert.ok(fax.pages[0].seconds > 120, JSON.stringify(fax.pages));
    assert.deepEqual(fax.warnings.map((w) => [w.code, w.page]), [['long_page', 1]]);
    assert.match(fax.warnings[0].detail, new RegExp(`takes about ${fax.pages[0].seconds} seconds`));
});

test('a received fax shows its pages too', async () => {
    const sent = await service.send({ to: NUMBER, from: '+12025550171', quality: 'normal' });
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const { id } = await service.receivedFrom('+12025550171');
    const fax = await service.fax(id);
    assert.deepEqual(fax.pages.map((p) => p.resolution), ['204x98', '204x98', '204x98']);
    assert.equal(fax.page_ranges, null);
    assert.ok((await picture(fax.pages[2].png_url)).dark > 0.005);
});

test('a fax without pages yet says so', async () => {
    const sent = await service.send({ to: '+12005550100' }, join(service.folder, 'encrypted.pdf'));
    assert.equal('pages' in sent, false);
    const fax = await service.ended(sent.id);
    assert.equal(fax.pages, null);
    assert.deepEqual(fax.warnings, []);
    assert.equal((await service.request('GET', `/v2/faxes/${fax.id}/pages/1.png`)).status, 404);
});
