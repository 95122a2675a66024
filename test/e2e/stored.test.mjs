/* Signed links: the documents of a fax and its exact pages, without a key, for a while. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Service, pagesEqual, sample, until } from './lib/service.mjs';

const original = readFileSync(sample);
let service, documents, base;

before(async () => {
    service = await Service.start();
    documents = createServer((request, response) => response.writeHead(200).end(original));
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${documents.address().port}`;
});
after(async () => {
    documents?.close();
    await service?.end();
});

async function open(url) {
    const answer = await fetch(url, { redirect: 'error' });
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

async function sent(fields) {
    const fax = await service.send({ to: '+12005550100', ...fields });
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    return { fax, ended };
}

test('nothing is shown that was not asked for', async () => {
    const { fax, ended } = await sent({});
    for (const shown of [fax, ended]) {
        assert.equal(shown.stored_media_url, null);
        assert.equal(shown.preview_url, null);
    }
});

test('store_media and store_preview give links that need no key', async () => {
    const { fax, ended } = await sent({ store_media: 'true', store_preview: 'true' });
    assert.equal(fax.preview_url, null, 'not before there are pages');
    const media = await open(ended.stored_media_url);
    assert.equal(media.status, 200);
    assert.deepEqual(media.bytes, original);
    assert.equal(media.headers.get('content-type'), 'application/pdf');
    assert.equal(media.headers.get('content-length'), String(original.length));
    assert.match(media.headers.get('content-disposition'), /^attachment;/);
    assert.equal(media.headers.get('x-content-type-options'), 'nosniff');
    const preview = await open(ended.preview_url);
    assert.equal(preview.headers.get('content-type'), 'image/tiff');
    const path = join(service.folder, 'preview.tif');
    writeFileSync(path, preview.bytes);
    pagesEqual(path, service.mailbox('+12005550100').at(-1)); /* what the far end printed */
    const { body } = await service.request('GET', '/v2/faxes?page[size]=1');
    assert.equal((await open(body.data[0].preview_url)).status, 200, 'in lists too');
    assert.equal((await fetch(ended.preview_url, { method: 'HEAD' })).status, 200);
});

test('the preview is a PDF when that is wished', async () => {
    const { ended } = await sent({ store_preview: 'true', preview_format: 'pdf' });
    assert.equal(ended.stored_media_url, null);
    assert.match(ended.preview_url, /preview\.pdf\?/);
    const preview = await open(ended.preview_url);
    assert.equal(preview.headers.get('content-type'), 'application/pdf');
    assert.equal(preview.bytes.subarray(0, 5).toString(), '%PDF-');
    assert.equal(preview.bytes.toString('latin1').match(/\/Type\/Page\b/g).length, 3);
});

test('several documents have a link each', async () => {
    const answer = await service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id,
        to: '+12005550100', from: '+12025550123', media_url: [`${base}/1`, `${base}/2`], store_media: true } });
    assert.equal(answer.body.data.stored_media_url, null);
    const ended = await service.ended(answer.body.data.id);
    assert.equal(ended.stored_media_url.length, 2);
    for (const url of ended.stored_media_url) assert.deepEqual((await open(url)).bytes, original);
});

test('a link cannot be forged, widened or extended', async () => {
    const { ended } = await sent({ store_media: 'true', store_preview: 'true' });
    const { ended: other } = await sent({ store_media: 'true' });
    const url = ended.stored_media_url;
    const expires = Number(new URL(url).searchParams.get('expires'));
    assert.ok(Math.abs(expires - Date.now() / 1000 - 600) < 60);
    const bad = [
        url.replace(/expires=\d+/, `expires=${expires + 1}`),
        url.replace(/&signature=.*/, ''),
        url.replace(/expires=\d+&/, ''),
        url.replace(/signature=./, 'signature=x'),
        url.replace('media-1', 'preview.tif'),
        url.replace('media-1', 'pages.tif'),
        url.replace('media-1', 'media-2'),
        url.replace('media-1', '%2e%2e%2fmedia-1'),
        url.replace('media-1', 'media-1%2f..%2fmedia-1'),
        url.replace('media-1', '..%2f..%2f..%2flink-key'),
        url.replace(ended.id, other.id),
        url.replace(ended.id, 'x'.repeat(3000)),
        `${service.url}/v2/stored/${ended.id}/media-1`,
    ];
    for (const forged of bad) {
        const answer = await open(forged);
        assert.equal(answer.status, 403, forged);
        assert.equal(JSON.parse(answer.bytes).errors[0].code, '10010');
    }
    assert.equal((await open(url.replace('media-1', 'media%00'))).status, 400);
    assert.equal((await open(url)).status, 200);
    assert.ok(existsSync(join(service.folder, 'link-key')));
});

test('links end, and new ones are given; public_url is what they begin with', async () => {
    const short = await Service.start({ env: { FAXWIRE_LINK_TTL_SECS: '1', FAXWIRE_PUBLIC_URL: 'https://fax.example.com/in/' } });
    try {
        const fax = await short.send({ to: '+12005550100', store_media: 'true' });
        const { stored_media_url } = await short.ended(fax.id);
        assert.ok(stored_media_url.startsWith(`https://fax.example.com/in/v2/stored/${fax.id}/media-1?`), stored_media_url);
        const here = stored_media_url.replace('https://fax.example.com/in', short.url);
        await until('the end of the link', async () => (await open(here)).status === 403);
        assert.match((await open(here)).bytes.toString(), /expired/);
        const fresh = (await short.fax(fax.id)).stored_media_url;
        assert.notEqual(fresh, stored_media_url);
    } finally {
        await short.end();
    }
});
