/* Documents looked at before they are sent: what a preview shows is what a fax would be, and it never stands in a fax's way. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, sample, until } from './lib/service.mjs';

let service;

before(async () => {
    service = await Service.start({ env: { FAXWIRE_MEDIA_WORKERS: '1' } });
    execFileSync('python3', [new URL('../tools/make-documents.py', import.meta.url).pathname, service.folder]);
});
after(() => service?.end());

async function ask(fields, file) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    if (file) form.set('contents', new Blob([readFileSync(file)]), 'document');
    return service.request('POST', '/v2/fax_previews', { body: form });
}

async function preview(fields, file) {
    const asked = await ask(fields, file);
    assert.equal(asked.status, 202, JSON.stringify(asked.body));
    assert.equal(asked.body.data.status, 'processing');
    return until(`preview ${asked.body.data.id}`, async () => {
        const { data } = (await service.request('GET', `/v2/fax_previews/${asked.body.data.id}`)).body;
        return data.status !== 'processing' && data;
    });
}

async function file(url) {
    const answer = await fetch(url);
    return { status: answer.status, type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
}

test('a preview is the pages that a fax would have, without being one', async () => {
    const shown = await preview({ quality: 'normal', pages: '3,1' }, sample);
    assert.equal(shown.status, 'ready', JSON.stringify(shown));
    const sent = await service.send({ to: '+12005550100', quality: 'normal', pages: '3,1' });
    const fax = await service.ended(sent.id);
    const facts = (pages) => pages.map(({ png_url, ...rest }) => rest);
    assert.deepEqual(facts(shown.pages), facts(fax.pages));
    assert.equal(shown.page_count, 2);
    assert.equal(shown.bytes, shown.pages[0].bytes + shown.pages[1].bytes);
    assert.equal(shown.seconds, shown.pages[0].seconds + shown.pages[1].seconds);
    assert.ok(new Date(shown.expires_at) - new Date(shown.created_at) === 3600_000);
    const tiff = await file(shown.tiff_url);
    assert.equal(tiff.type, 'image/tiff');
    assert.deepEqual(tiff.bytes, readFileSync(join(service.faxFolder(fax.id), 'pages.tif')));
    const pdf = await file(shown.pdf_url);
    assert.equal(pdf.type, 'application/pdf');
    assert.match(pdf.bytes.toString('latin1', 0, 8), /%PDF-/);
    assert.equal((await file(shown.pages[1].png_url)).type, 'image/png');
    assert.equal((await service.request('GET', '/v2/faxes')).body.data.some((f) => f.id === shown.id), false);
});

test('its links open nothing else, and what is deleted is gone', async () => {
    const shown = await preview({}, sample);
    assert.equal((await file(shown.pdf_url.replace('preview.pdf', 'document-1'))).status, 403);
    assert.equal((await file(shown.pdf_url.replace('fax_previews', 'stored'))).status, 403);
    assert.equal((await file(shown.pdf_url.split('?')[0])).status, 403);
    const folder = join(service.folder, 'previews', shown.id);
    assert.ok(existsSync(folder));
    assert.equal((await service.request('DELETE', `/v2/fax_previews/${shown.id}`)).status, 204);
    assert.equal(existsSync(folder), false);
    assert.equal((await file(shown.pdf_url)).status, 404);
    assert.equal((await service.request('GET', `/v2/fax_previews/${shown.id}`)).status, 404);
    assert.equal((await service.request('DELETE', `/v2/fax_previews/${shown.id}`)).status, 404);
    assert.equal((await service.request('GET', '/v2/fax_previews/no-id')).status, 404);
});

test('documents that cannot be faxed fail with the reason a fax would have', async () => {
    for (const [name, reason] of [['encrypted.pdf', 'file_format_invalid'], ['pages-351.pdf', 'page_count_limit_exceeded']]) {
        const failed = await preview({}, join(service.folder, name));
        assert.equal(failed.status, 'failed');
        assert.equal(failed.failure_reason, reason);
        assert.ok(failed.internal_failure_reason);
    }
    const failed = await preview({ media_url: 'http://127.0.0.1:1/x.pdf' });
    assert.equal(failed.failure_reason, 'file_download_failed');
});

test('what is wrong with the request is told as of a fax', async () => {
    for (const [fields, place] of [[{}, '/media_url'], [{ media_name: 'nothing' }, '/media_name'], [{ media_url: 'x' }, '/media_url'],
        [{ media_url: 'http://127.0.0.1/x', quality: 'best' }, '/quality'], [{ media_url: 'http://127.0.0.1/x', pages: '0' }, '/pages'],
        [{ media_url: 'http://127.0.0.1/x', to: 'nobody' }, '/to']]) {
        const answer = await ask(fields);
        assert.equal(answer.status, 422, JSON.stringify(fields));
        assert.ok(answer.body.errors.some((e) => e.source?.pointer?.startsWith(place)), JSON.stringify(answer.body));
    }
});

test('a fax does not wait for a preview that takes long, and there are only so many', async () => {
    const long = (await ask({}, join(service.folder, 'bomb-time.pdf'))).body.data;
    await until('the renderer at work', () => service.log.includes(`preview=${long.id}`)
        && existsSync(join(service.folder, 'previews', long.id, 'pages.new')));
    const fax = await service.ended((await service.send({ to: '+12005550100', quality: 'normal' })).id);
    assert.equal(fax.status, 'delivered');
    assert.equal((await service.request('GET', `/v2/fax_previews/${long.id}`)).body.data.status, 'processing');

    const asked = [long.id];
    let refused;
    while (!refused && asked.length <= 50) {
        const answer = await ask({}, sample);
        if (answer.status === 202) asked.push(answer.body.data.id);
        else refused = answer;
    }
    assert.equal(refused.status, 429, JSON.stringify(refused.body));
    for (const id of asked) await service.request('DELETE', `/v2/fax_previews/${id}`);
    assert.equal((await ask({}, sample)).status, 202);
});
