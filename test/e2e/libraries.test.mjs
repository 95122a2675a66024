/* Every method that the official client libraries have for what this service serves, version by version. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { early, modern } from './lib/clients.mjs';
import { Tap } from './lib/contract.mjs';
import { pages, twoPages } from './lib/pdf.mjs';
import { Receiver } from './lib/receiver.mjs';
import { Service, sample, until } from './lib/service.mjs';

let service, receiver, documents, tap, big, short;
const held = []; // requests for a document that is never answered

before(async () => {
    service = await Service.start({ args: ['--paced'] });
    receiver = await Receiver.start();
    tap = await Tap.start(service);
    documents = createServer((request, response) => {
        if (request.url === '/held.pdf') return held.push(response);
        response.writeHead(200, { 'content-type': 'application/pdf' });
        createReadStream(sample).pipe(response);
    });
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    big = join(service.folder, 'big.pdf');
    writeFileSync(big, pages(300));
    short = twoPages(service.folder);
});

after(async () => {
    for (const response of held) response.destroy();
    documents?.closeAllConnections?.();
    documents?.close();
    await tap?.end();
    await receiver?.end();
    await service?.end();
});

const url = (name) => `http://127.0.0.1:${documents.address().port}/${name}`;
const BUSY = '+12005550101', RINGS = '+12005550102', TAKES = '+12005550100', FROM = '+12025550123';
const isStatus = (status) => (error) => error.status === status || error.statusCode === status;
/* As the reader of a list that stops by itself; older versions give one page. */
async function collect(list, from) {
    const seen = [];
    for await (const one of list) seen.push(from ? from(one) : one.id);
    assert.equal(new Set(seen).size, seen.length, 'each once');
    return seen;
}

for (const { version, make } of modern) {
    const name = `telnyx ${version}`;
    let client, application;
    const paged = version !== '3.9.2'; // that one has no auto-paging

    test(`${name}: fax applications are made, read, changed, listed over pages and deleted`, async () => {
        client = make(service);
        const made = await client.faxApplications.create({ application_name: name, webhook_event_url: receiver.url,
            webhook_timeout_secs: 20, tags: ['a', 'b'], inbound: { channel_limit: 3 }, outbound: { channel_limit: 9 } });
        application = made.data;
        assert.equal(application.record_type, 'fax_application');
        assert.deepEqual(application.tags, ['a', 'b']);
        assert.deepEqual((await client.faxApplications.retrieve(application.id)).data, application);
        const changed = await client.faxApplications.update(application.id,
            { application_name: `${name} changed`, webhook_event_url: receiver.url, fax_email_recipient: 'fax@example.com' });
        assert.equal(changed.data.application_name, `${name} changed`);
        assert.equal(changed.data.inbound.channel_limit, 3);
        const extra = [];
        for (let i = 0; i < 4; i++)
            extra.push((await client.faxApplications.create({ application_name: `${name} extra`, webhook_event_url: receiver.url })).data.id);
        const filter = { application_name: { contains: `${name} EXTRA` } };
        if (paged) {
            const listed = await collect(client.faxApplications.list({ page: { size: 2 }, filter, sort: 'created_at' }));
            assert.deepEqual(listed, extra);
        } else {
            const page = await client.faxApplications.list({ page: { number: 2, size: 3 }, filter, sort: 'created_at' });
            assert.deepEqual(page.data.map((a) => a.id), extra.slice(3));
            assert.deepEqual(page.meta, { page_number: 2, page_size: 3, total_pages: 2, total_results: 4 });
        }
        for (const id of extra) assert.equal((await client.faxApplications.delete(id)).data.id, id);
        await assert.rejects(client.faxApplications.retrieve(extra[0]), isStatus(404));
        await assert.rejects(client.faxApplications.create({ application_name: name }), isStatus(422));
    });

    test(`${name}: media is uploaded by file and by URL, listed, read, replaced, downloaded and deleted`, async () => {
        const file = `letters/${version} é.pdf`;
        const made = await client.media.upload({ media: createReadStream(sample), media_name: file, ttl_secs: 3600 });
        assert.equal(made.data.media_name, file);
        assert.equal(made.data.content_type, 'application/pdf');
        const byUrl = await client.media.upload({ media_url: url('a.pdf'), media_name: `by-url-${version}` });
        assert.equal(byUrl.data.content_type, 'application/pdf');
        assert.equal((await client.media.retrieve(file)).data.media_name, file);
        const listed = await client.media.list({ filter: { content_type: ['application/pdf', 'image/tiff'] } });
        assert.ok([file, `by-url-${version}`].every((n) => listed.data.some((m) => m.media_name === n)));
        assert.deepEqual((await client.media.list({ filter: { content_type: ['image/png'] } })).data, []);
        const before = (await client.media.retrieve(file)).data.expires_at;
        const updated = await client.media.update(file, { ttl_secs: 7200 });
        assert.ok(updated.data.expires_at > before);
        await client.media.update(file, { media_url: url('b.pdf') });
        const download = await client.media.download(file);
        assert.deepEqual(Buffer.from(await download.arrayBuffer()), readFileSync(sample));
        await client.media.delete(`by-url-${version}`);
        await assert.rejects(client.media.retrieve(`by-url-${version}`), isStatus(404));
        const fax = await client.faxes.create({ connection_id: application.id, to: BUSY, from: FROM, media_name: file });
        assert.equal(fax.data.media_name, file);
        await client.media.delete(file);
        assert.equal((await service.ended(fax.data.id)).failure_reason, 'user_busy');
    });

    test(`${name}: faxes go out by URL, by list of URLs and by upload; its webhooks verify`, async () => {
        const state = Buffer.from(name).toString('base64');
        const given = { connection_id: application.id, to: BUSY, from: FROM, client_state: state };
        const sent = [await client.faxes.create({ ...given, media_url: url('a.pdf') }),
                      await client.faxes.create({ ...given, media_url: [url('a.pdf'), url('b.pdf')] }),
                      await client.faxes.create({ ...given, contents: createReadStream(short), quality: 'normal', store_preview: true })];
        for (const { data } of sent) {
            assert.equal(data.status, 'queued');
            assert.equal((await service.ended(data.id)).failure_reason, 'user_busy');
            const read = await client.faxes.retrieve(data.id);
            assert.equal(read.data.client_state, state);
            const hooks = await receiver.complete(data.id);
            assert.equal(hooks.at(-1).event.data.event_type, 'fax.failed');
            for (const hook of hooks) await verify(hook, data.id);
        }
        const ids = sent.map(({ data }) => data.id).reverse();
        const page = await client.faxes.list({ page: { size: 250 }, filter: { from: { eq: FROM }, direction: { eq: 'outbound' },
            created_at: { gte: sent[0].data.created_at, lte: sent[2].data.created_at } } });
        assert.deepEqual(page.data.map((f) => f.id), ids);
        assert.equal(page.meta.total_results, 3);
    });

    /* What this version's library makes of a webhook. 3.9.2 only reads it. */
    async function verify(hook, id) {
        const event = version === '3.9.2' ? client.webhooks.unwrap(hook.body)
            : await client.webhooks.unwrap(hook.body, { headers: hook.headers });
        assert.equal(event.data.payload.fax_id, id);
        if (version === '3.9.2') return;
        await assert.rejects(async () => client.webhooks.unwrap(hook.body.replace('"fax.', '"fix.'), { headers: hook.headers }));
        assert.equal((await client.webhooks.unsafeUnwrap(hook.body)).data.payload.fax_id, id);
    }

    test(`${name}: pages through all faxes and stops`, async () => {
        if (!paged) return checkPages();
        const all = await collect(client.faxes.list({ page: { size: 3 } }));
        const total = (await client.faxes.list({ page: { size: 1 } })).meta.total_results;
        assert.equal(all.length, total);
        assert.ok(total > 3);
    });

    async function checkPages() {
        const seen = [];
        for (let number = 1, pages = 1; number <= pages; number++) {
            const { data, meta } = await client.faxes.list({ page: { number, size: 3 } });
            pages = meta.total_pages;
            seen.push(...data.map((f) => f.id));
        }
        assert.equal(new Set(seen).size, (await client.faxes.list()).meta.total_results);
    }

    test(`${name}: cancel in each state, refresh, and deletion`, async () => {
        const given = { connection_id: application.id, from: FROM };
        const reached = (id, status) => until(status, async () => (await service.fax(id)).status === status);
        const queued = (await client.faxes.create({ ...given, to: TAKES, media_url: url('held.pdf') })).data;
        const ringing = (await client.faxes.create({ ...given, to: RINGS, contents: createReadStream(short) })).data;
        const sending = (await client.faxes.create({ ...given, to: TAKES, contents: createReadStream(short) })).data;
        await reached(ringing.id, 'originated');
        await reached(sending.id, 'sending');
        const waiting = (await client.faxes.create({ ...given, to: RINGS, contents: createReadStream(short) })).data; // for its turn
        await reached(waiting.id, 'media.processed');
        assert.equal((await client.faxes.retrieve(queued.id)).data.status, 'queued');
        for (const { id } of [queued, waiting, ringing, sending]) {
            assert.deepEqual((await client.faxes.actions.cancel(id)).data, { result: 'ok' });
            assert.equal((await service.ended(id)).failure_reason, 'sender_canceled');
            await assert.rejects(client.faxes.actions.cancel(id), isStatus(422));
            await assert.rejects(client.faxes.actions.refresh(id), isStatus(422));
            await client.faxes.delete(id);
            await assert.rejects(client.faxes.retrieve(id), isStatus(404));
        }
    });

    test(`${name}: phone numbers and webhook deliveries`, async () => {
        const number = `+1312555${version.replace(/\D/g, '').padEnd(4, '0').slice(0, 4)}`;
        const made = await service.request('POST', '/v2/phone_numbers', { body: { phone_number: number } });
        assert.equal(made.status, 201);
        const { id } = made.body.data;
        assert.equal((await client.phoneNumbers.retrieve(id)).data.phone_number, number);
        assert.equal((await client.phoneNumbers.update(id, { connection_id: application.id })).data.connection_id, application.id);
        const listed = await client.phoneNumbers.list({ filter: { phone_number: number } });
        assert.deepEqual(listed.data.map((n) => n.id), [id]);
        await assert.rejects(client.faxApplications.delete(application.id), isStatus(422));
        await client.phoneNumbers.delete(id);
        await assert.rejects(client.phoneNumbers.retrieve(id), isStatus(404));
        const deliveries = await client.webhookDeliveries.list({ page: { size: 2 }, filter: { status: { eq: 'delivered' } } });
        assert.ok(deliveries.data.length > 0);
        assert.equal((await client.webhookDeliveries.retrieve(deliveries.data[0].id)).data.id, deliveries.data[0].id);
        const failed = { event_type: 'fax.failed' };
        if (paged) {
            const { meta } = await client.webhookDeliveries.list({ page: { size: 1 }, filter: failed });
            assert.equal((await collect(client.webhookDeliveries.list({ page: { size: 2 }, filter: failed }))).length, meta.total_results);
        }
    });

    test(`${name}: a wrong key and a fax that is not there are what the library calls them`, async () => {
        await assert.rejects(client.faxes.retrieve('7f000001-0000-4000-8000-000000000000'), isStatus(404));
        await assert.rejects(client.faxes.create({ connection_id: application.id, to: 'nobody', from: FROM }), isStatus(422));
        await assert.rejects(make({ ...service, url: service.url, api_key: 'KEYwrong' }).faxes.list(), isStatus(401));
    });
}

for (const { version, make } of early) {
    const name = `telnyx ${version}`;
    let client, id;
    /* What these return as `data` is one object for all of a kind: it changes with the next answer. */

    test(`${name}: fax applications are made, read, changed, listed and deleted`, async () => {
        client = make(service, tap);
        const made = (await client.faxApplications.create({ application_name: name, webhook_event_url: receiver.url })).data;
        assert.equal(made.application_name, name);
        id = made.id;
        await made.update({ application_name: `${name} changed` });
        assert.equal((await client.faxApplications.retrieve(id)).data.application_name, `${name} changed`);
        const listed = await client.faxApplications.list({ page: { size: 250 } });
        assert.ok(Object.values(listed.data).some((a) => a?.id === id));
        const other = (await client.faxApplications.create({ application_name: name, webhook_event_url: receiver.url })).data;
        const gone = other.id;
        assert.notEqual(gone, id);
        await other.del();
        await assert.rejects(client.faxApplications.retrieve(gone), isStatus(404));
    });

    test(`${name}: faxes are created, sent, read, listed and deleted; its webhooks verify`, async () => {
        const given = { connection_id: id, to: BUSY, from: FROM, media_url: url('a.pdf') };
        for (const verb of ['create', 'send']) {
            const data = { id: (await client.faxes[verb](given)).data.id };
            assert.equal((await service.ended(data.id)).failure_reason, 'user_busy');
            const read = await client.faxes.retrieve(data.id);
            assert.equal(read.data.status, 'failed');
            const listed = await client.faxes.list({ page: { size: 250 } });
            assert.ok(Object.values(listed.data).some((f) => f?.id === data.id));
            for (const hook of await receiver.complete(data.id)) verify(hook, data.id);
            await read.data.del();
            await assert.rejects(client.faxes.retrieve(data.id), isStatus(404));
        }
    });

    /* 2.1.1 wants bytes where 1.27.0 takes base64. */
    function verify(hook, id) {
        const bytes = (text) => (version === '2.1.1' ? Buffer.from(text, 'base64') : text);
        const check = (body) => client.webhooks.constructEvent(body, bytes(hook.headers['telnyx-signature-ed25519']),
            hook.headers['telnyx-timestamp'], bytes(service.public_key));
        assert.equal(check(hook.body).data.payload.fax_id, id);
        assert.throws(() => check(hook.body.replace('"fax.', '"fix.')));
    }

    test(`${name}: pages through all faxes and stops`, async () => {
        if (version === '1.27.0') return checkPages();
        const before = (await client.faxes.list()).meta.total_results;
        const seen = [];
        for await (const fax of client.faxes.list({ page: { size: 3 } })) seen.push(fax.id);
        assert.equal(new Set(seen).size, before);
    });

    /* The list of faxes of 1.27.0 is an object that its own paging cannot walk through. */
    async function checkPages() {
        const seen = [];
        for (let number = 1, pages = 1; number <= pages; number++) {
            const { data, meta } = await client.faxes.list({ page: { number, size: 3 } });
            pages = meta.total_pages;
            seen.push(...Object.keys(data).filter((key) => /^\d+$/.test(key)).map((key) => data[key].id));
        }
        assert.equal(new Set(seen).size, (await client.faxes.list()).meta.total_results);
    }

    test(`${name}: phone numbers`, async () => {
        const number = `+1212555${version.replace(/\D/g, '').padEnd(4, '0').slice(0, 4)}`;
        const made = await service.request('POST', '/v2/phone_numbers', { body: { phone_number: number } });
        const one = made.body.data.id;
        assert.equal((await client.phoneNumbers.retrieve(one)).data.phone_number, number);
        /* With 2.1.1 it is what was read that has these methods: they hide those that take an id. */
        const held = async () => (await client.phoneNumbers.retrieve(one)).data;
        if (version === '2.1.1') await (await held()).update({ connection_id: id });
        else await client.phoneNumbers.update(one, { connection_id: id });
        assert.equal((await client.phoneNumbers.retrieve(one)).data.connection_id, id);
        const listed = await client.phoneNumbers.list();
        assert.ok(Object.values(listed.data).some((n) => n?.id === one));
        if (version === '2.1.1') await (await held()).del();
        else await client.phoneNumbers.del(one);
        await assert.rejects(client.phoneNumbers.retrieve(one), isStatus(404));
    });

    test(`${name}: errors are what the library calls them`, async () => {
        await assert.rejects(client.faxes.retrieve('7f000001-0000-4000-8000-000000000000'), isStatus(404));
        await assert.rejects(client.faxes.create({ connection_id: id, to: 'nobody', from: FROM }), isStatus(422));
        await assert.rejects(make({ api_key: 'KEYwrong' }, tap).faxes.list(), isStatus(401));
    });
}
