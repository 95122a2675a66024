/* The official client libraries, oldest and newest in use, with only the base URL changed. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Telnyx, telnyxV1 } from './lib/clients.mjs';
import { Service, sample } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';

let service, receiver, client, v1, application, documents;

before(async () => {
    service = await Service.start();
    receiver = await Receiver.start();
    documents = createServer((request, response) => {
        if (request.url !== '/sample.pdf') return response.writeHead(404).end();
        response.writeHead(200, { 'content-type': 'application/pdf' });
        createReadStream(sample).pipe(response);
    });
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    application = await service.application(receiver.url);
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2`, publicKey: service.public_key });
    v1 = telnyxV1(service.api_key);
    const url = new URL(service.url);
    v1.setHost(url.hostname, url.port, 'http');
});

after(async () => {
    documents?.close();
    await receiver?.end();
    await service?.end();
});

const documentUrl = () => `http://127.0.0.1:${documents.address().port}/sample.pdf`;

test('telnyx 7.24.0 sends a document by URL, reads it to the end and verifies every webhook', async () => {
    const state = Buffer.from('order 7').toString('base64');
    const { data } = await client.faxes.create({ connection_id: application.id, to: '+12005550100',
        from: '+12025550123', media_url: documentUrl(), client_state: state });
    assert.equal(data.status, 'queued');
    assert.equal(data.record_type, 'fax');
    const ended = await service.ended(data.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    const read = await client.faxes.retrieve(data.id);
    assert.equal(read.data.status, 'delivered');
    assert.equal(read.data.client_state, state);
    const hooks = await receiver.complete(data.id);
    assert.deepEqual(hooks.map((h) => h.event.data.event_type), ['fax.queued', 'fax.media.processed',
        'fax.sending.started', 'fax.delivered']);
    for (const hook of hooks) {
        const event = await client.webhooks.unwrap(hook.body, { headers: hook.headers });
        assert.equal(event.data.payload.fax_id, data.id);
        assert.equal(event.data.payload.client_state, state);
        assert.equal(event.meta.attempt, 1);
        assert.equal(event.meta.delivered_to, receiver.url);
    }
    const last = hooks.at(-1).event.data.payload;
    assert.equal(last.page_count, 3);
    assert.ok(last.call_duration_secs >= 0);
});

test('a webhook that was changed, or signed by another key, is refused by the library', async () => {
    const hook = receiver.hooks[0];
    await assert.rejects(client.webhooks.unwrap(hook.body.replace('fax.', 'fix.'), { headers: hook.headers }));
    await assert.rejects(client.webhooks.unwrap(hook.body, { headers: hook.headers,
        key: Buffer.alloc(32, 7).toString('base64') }));
});

test('telnyx 7.24.0 uploads a file', async () => {
    const { data } = await client.faxes.create({ connection_id: application.id, to: '+12005550100',
        from: '+12025550123', contents: createReadStream(sample), quality: 'normal' });
    assert.equal((await service.ended(data.id)).status, 'delivered');
});

test('telnyx 7.24.0 pages through all faxes and stops', async () => {
    for (let i = 0; i < 5; i++)
        await client.faxes.create({ connection_id: application.id, to: '+12005550101', from: '+12025550123',
            media_url: documentUrl() });
    const seen = [];
    for await (const fax of client.faxes.list({ page: { size: 2 } })) seen.push(fax.id);
    assert.ok(seen.length >= 7);
    assert.equal(new Set(seen).size, seen.length);
});

test('telnyx 7.24.0 maps our errors', async () => {
    await assert.rejects(client.faxes.retrieve('7f000001-0000-4000-8000-000000000000'),
        (error) => error.status === 404);
    await assert.rejects(client.faxes.create({ connection_id: application.id, to: 'nobody', from: '+12025550123' }),
        (error) => error.status === 422);
    const stranger = new Telnyx({ apiKey: 'KEYwrong', baseURL: `${service.url}/v2` });
    await assert.rejects(stranger.faxes.list(), (error) => error.status === 401);
});

test('telnyx 1.27.0 sends, reads, lists and verifies', async () => {
    const { data } = await v1.faxes.create({ connection_id: application.id, to: '+12005550100',
        from: '+12025550123', media_url: documentUrl() });
    assert.equal((await service.ended(data.id)).status, 'delivered');
    const read = await v1.faxes.retrieve(data.id);
    assert.equal(read.data.status, 'delivered');
    const list = await v1.faxes.list();
    assert.ok(Object.values(list.data).some((fax) => fax?.id === data.id), 'the list has it');
    for (const hook of await receiver.complete(data.id)) {
        const event = v1.webhooks.constructEvent(hook.body, hook.headers['telnyx-signature-ed25519'],
            hook.headers['telnyx-timestamp'], service.public_key);
        assert.equal(event.data.payload.fax_id, data.id);
    }
});

test('both libraries make and read fax applications', async () => {
    const made = await client.faxApplications.create({ application_name: 'newest', webhook_event_url: receiver.url });
    assert.equal(made.data.application_name, 'newest');
    const read = await client.faxApplications.retrieve(made.data.id);
    assert.equal(read.data.id, made.data.id);
    const ids = [];
    for await (const one of client.faxApplications.list()) ids.push(one.id);
    assert.ok(ids.includes(made.data.id));
    const old = await v1.faxApplications.create({ application_name: 'oldest', webhook_event_url: receiver.url });
    assert.equal(old.data.record_type, 'fax_application');
});

test('every body form of the contract is understood', async () => {
    const fields = { connection_id: application.id, to: '+12005550100', from: '+12025550123' };
    const url = documentUrl();
    const text = new FormData();
    for (const [k, v] of Object.entries({ ...fields, media_url: url, t38_enabled: 'true' })) text.set(k, v);
    const upload = new FormData();
    for (const [k, v] of Object.entries(fields)) upload.set(k, v);
    upload.set('contents', new Blob([readFileSync(sample)]), 'a.pdf');
    const forms = [
        { body: { ...fields, media_url: url } },
        { body: { ...fields, media_url: [url, url] }, pages: 6 },
        { body: text }, { body: upload },
        { body: new URLSearchParams({ ...fields, media_url: url }) },
        { body: JSON.stringify({ ...fields, media_url: url }),
          headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ];
    for (const { pages = 3, ...form } of forms) {
        const answer = await service.request('POST', '/v2/faxes', form);
        assert.equal(answer.status, 202, JSON.stringify(answer.body));
        const ended = await service.ended(answer.body.data.id);
        assert.equal(ended.status, 'delivered', JSON.stringify(ended));
        assert.equal(ended.page_count, pages);
    }
});
