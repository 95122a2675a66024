/* Stored media: kept under a name, changed, downloaded, gone; and sent by that name. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createReadStream, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Telnyx } from './lib/clients.mjs';
import { Service, sample, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';

const original = readFileSync(sample);
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

let service, client, documents, base, held = [];

before(async () => {
    service = await Service.start();
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2`, maxRetries: 0 });
    documents = createServer((request, response) => {
        if (request.url === '/sample.pdf') return response.writeHead(200).end(original);
        if (request.url === '/never') return held.push(response);
        if (request.url === '/empty') return response.writeHead(200).end();
        if (request.url === '/moved') return response.writeHead(302, { location: '/sample.pdf' }).end();
        if (request.url === '/large') return response.writeHead(200, { 'content-length': 21 << 20 }).end();
        return response.writeHead(404).end();
    });
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${documents.address().port}`;
});

after(async () => {
    for (const response of held) response.destroy();
    documents?.closeAllConnections?.();
    documents?.close();
    await service?.end();
});

const files = () => readdirSync(join(service.folder, 'media')).length;
const pathOf = (name) => `/v2/media/${encodeURIComponent(name)}`;

async function upload(fields, bytes = original) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('media', new Blob([bytes]), 'file.bin');
    return service.request('POST', '/v2/media', { body: form });
}

async function download(name) {
    const answer = await fetch(`${service.url}${pathOf(name)}/download`,
        { headers: { authorization: `Bearer ${service.api_key}` } });
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

test('telnyx 7.24.0 keeps, lists, reads, changes, downloads and deletes media', async () => {
    const { data } = await client.media.upload({ media_url: `${base}/sample.pdf`, media_name: 'm 1/é', ttl_secs: 3600 });
    assert.equal(data.media_name, 'm 1/é');
    assert.equal(data.content_type, 'application/pdf');
    assert.equal(new Date(data.expires_at) - new Date(data.created_at), 3600_000);
    assert.deepEqual((await client.media.retrieve('m 1/é')).data, data);
    const listed = await client.media.list({ filter: { content_type: ['application/pdf', 'image/tiff'] } });
    assert.deepEqual(listed.data.map((m) => m.media_name), ['m 1/é']);
    assert.equal((await client.media.list({ filter: { content_type: ['image/png'] } })).data.length, 0);
    const changed = await client.media.update('m 1/é', { ttl_secs: 60 });
    assert.equal(new Date(changed.data.expires_at) - new Date(changed.data.updated_at), 60_000);
    assert.equal(changed.data.created_at, data.created_at);
    const response = await client.media.download('m 1/é');
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), original);
    await client.media.delete('m 1/é');
    await assert.rejects(client.media.retrieve('m 1/é'), (error) => error.status === 404);
    assert.equal(files(), 0, 'nothing is left on disk');
});

test('an upload gets a name, a type by its bytes, and comes back as it was', async () => {
    const answer = await upload({}, PNG);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const { media_name, content_type, created_at, expires_at } = answer.body.data;
    assert.match(media_name, /^[0-9a-f-]{36}$/);
    assert.equal(content_type, 'image/png');
    assert.equal(new Date(expires_at) - new Date(created_at), 172800_000);
    const got = await download(media_name);
    assert.equal(got.headers.get('content-type'), 'application/octet-stream');
    assert.equal(got.headers.get('content-length'), String(PNG.length));
    assert.deepEqual(got.bytes, PNG);
    const replaced = new FormData();
    replaced.set('media', new Blob([original]), 'x.pdf');
    const put = await service.request('PUT', pathOf(media_name), { body: replaced });
    assert.equal(put.body.data.content_type, 'application/pdf');
    assert.deepEqual((await download(media_name)).bytes, original);
    assert.equal(files(), 1, 'the old file is gone');
    assert.equal((await service.request('DELETE', pathOf(media_name))).status, 204);
});

test('names cannot leave the folder nor break a header', async () => {
    for (const name of ['../../etc/passwd', 'a"\\b;c', 'ü\u2028.pdf', '%2e%2e', '..\\..\\x', 'x'.repeat(255)]) {
        const made = await upload({ media_name: name });
        assert.equal(made.status, 201, `${name}: ${JSON.stringify(made.body)}`);
        const got = await download(name);
        assert.deepEqual(got.bytes, original, name);
        assert.match(got.headers.get('content-disposition'), /^attachment; filename="[\w.-]+"; filename\*=UTF-8''[\w.%-]+$/);
        assert.ok(!got.headers.get('content-disposition').includes('..'), name);
        assert.equal((await service.request('DELETE', pathOf(name))).status, 204);
    }
    for (const name of ['..', '.', 'a\nb', 'x'.repeat(256)]) {
        const refused = await service.request('POST', '/v2/media', { body: { media_url: `${base}/sample.pdf`, media_name: name } });
        assert.equal(refused.status, 422, name);
        assert.equal(refused.body.errors[0].source.pointer, '/media_name');
    }
    assert.equal((await service.request('GET', '/v2/media/a%00b')).status, 400);
    assert.equal((await service.request('GET', `/v2/media/${'y'.repeat(4000)}`)).status, 404);
    assert.equal(files(), 0);
});

test('what is wrong is said, and leaves nothing', async () => {
    const bad = [
        [{ body: {} }, '/media_url'],
        [{ body: { media_url: 'ftp://x/y' } }, '/media_url'],
        [{ body: { media_url: `${base}/nothing` } }, '/media_url'],
        [{ body: { media_url: `${base}/moved` } }, '/media_url'],
        [{ body: { media_url: `${base}/empty` } }, '/media_url'],
        [{ body: { media_url: `${base}/large` } }, '/media_url'],
        [{ body: { media_url: `${base}/sample.pdf`, ttl_secs: 630720001 } }, '/ttl_secs'],
        [{ body: { media_url: `${base}/sample.pdf`, ttl_secs: 0 } }, '/ttl_secs'],
        [{ body: { media: 'text' } }, '/media'],
    ];
    for (const [options, pointer] of bad) {
        const answer = await service.request('POST', '/v2/media', options);
        assert.equal(answer.status, 422, JSON.stringify([options, answer.body]));
        assert.equal(answer.body.errors[0].source.pointer, pointer, JSON.stringify(answer.body));
    }
    const large = await upload({ media_name: 'large' }, Buffer.alloc((20 << 20) + 1, 65));
    assert.equal(large.status, 422);
    assert.equal(large.body.errors[0].source.pointer, '/media');
    assert.equal((await upload({ media_name: 'limit', ttl_secs: '630720000' }, Buffer.alloc(20 << 20, 65))).status, 201);
    const twice = await upload({ media_name: 'limit' });
    assert.equal(twice.status, 422);
    assert.equal(twice.body.errors[0].code, '10012');
    assert.equal((await service.request('PUT', '/v2/media/none', { body: { ttl_secs: 5 } })).status, 404);
    assert.equal((await service.request('DELETE', '/v2/media/none')).status, 404);
    assert.equal((await service.request('GET', '/v2/media/none/download')).status, 404);
    assert.equal((await service.request('GET', '/v2/media', { key: null })).status, 401);
    assert.equal((await service.request('DELETE', pathOf('limit'))).status, 204);
    assert.equal(files(), 0);
});

test('slow downloads hold up nobody else', async () => {
    const slow = Array.from({ length: 8 }, () => service.request('POST', '/v2/media', { body: { media_url: `${base}/never` } }));
    await until('all of them to wait', () => held.length === 8);
    for (let i = 0; i < 8; i++) assert.equal((await service.request('GET', '/v2/media')).status, 200);
    for (const response of held.splice(0)) response.destroy();
    for (const answer of await Promise.all(slow)) assert.equal(answer.status, 422);
});

test('a fax is sent by media_name, and keeps its document whatever becomes of the media', async () => {
    const receiver = await Receiver.start();
    const application = await service.application(receiver.url);
    await upload({ media_name: 'letters/7' });
    const { data } = await client.faxes.create({ connection_id: application.id, to: '+12005550100',
        from: '+12025550123', media_name: 'letters/7' });
    assert.equal((await service.request('DELETE', pathOf('letters/7'))).status, 204);
    assert.equal(data.media_name, 'letters/7');
    assert.equal(data.media_url, null);
    const ended = await service.ended(data.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    assert.equal(ended.media_name, 'letters/7');
    const hooks = await receiver.complete(data.id);
    for (const { event } of hooks) {
        assert.equal(event.data.payload.media_name, 'letters/7');
        assert.ok(!('original_media_url' in event.data.payload));
    }
    const fields = { connection_id: application.id, to: '+12005550100', from: '+12025550123', media_name: 'letters/7' };
    const gone = await service.request('POST', '/v2/faxes', { body: fields });
    assert.equal(gone.status, 422);
    assert.equal(gone.body.errors[0].source.pointer, '/media_name');
    await upload({ media_name: 'letters/7' });
    for (const [more, pointer] of [[{ media_url: `${base}/sample.pdf` }, '/media_name'], [{ store_media: true }, '/store_media']]) {
        const both = await service.request('POST', '/v2/faxes', { body: { ...fields, ...more } });
        assert.equal(both.status, 422);
        assert.equal(both.body.errors[0].source.pointer, pointer);
    }
    await service.request('DELETE', pathOf('letters/7'));
    await receiver.end();
});

test('expired media is not there, and its file goes at the next start', async () => {
    await upload({ media_name: 'brief', ttl_secs: '1' });
    await until('the end of it', async () => (await service.request('GET', '/v2/media/brief')).status === 404);
    assert.equal((await download('brief')).status, 404);
    assert.equal((await upload({ media_name: 'brief' })).status, 201, 'the name is free');
    await upload({ media_name: 'brief 2', ttl_secs: '1' });
    await until('the end of that', async () => (await service.request('GET', pathOf('brief 2'))).status === 404);
    const { folder } = service;
    await service.stop();
    service = await Service.start({ data: folder });
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2`, maxRetries: 0 });
    await until('the sweep', () => files() === 1);
    assert.deepEqual((await download('brief')).bytes, original);
});
