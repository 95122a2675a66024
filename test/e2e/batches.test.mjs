/* Many faxes of one document: accepted whole, prepared once, told of together, cancelled together. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Receiver } from './lib/receiver.mjs';
import { Service, sample, until } from './lib/service.mjs';

let service, media;
before(async () => { service = await Service.start({ env: { FAXWIRE_BATCHES_IN_PROCESS_MAX: '3' } }); media = await upload(service); });
after(async () => service?.end());

async function upload(of) {
    const form = new FormData();
    form.set('media', new Blob([readFileSync(sample)]), 'sample.pdf');
    form.set('ttl_secs', '86400');
    return (await of.request('POST', '/v2/media', { body: form })).body.data.media_name;
}
const number = (n) => `+1312555${String(n).padStart(4, '0')}`;
const several = (count) => Array.from({ length: count }, (_, n) => ({ to: number(n) }));
const later = () => new Date(Date.now() + 3600_000).toISOString();
const post = (fields, headers) => service.request('POST', '/v2/fax_batches', { headers,
    body: { connection_id: service.application_id, from: '+12025550123', media_name: media, ...fields } });
const get = async (id) => (await service.request('GET', `/v2/fax_batches/${id}`)).body.data;
const faxes = async (id, more = '') => (await service.request('GET', `/v2/faxes?filter[batch_id]=${id}&page[size]=250${more}`)).body;
const completed = (id) => until(`the end of batch ${id}`, async () => { const batch = await get(id); return batch.status === 'completed' && batch; });
const cancel = (id) => service.request('POST', `/v2/fax_batches/${id}/actions/cancel`);

test('one document, fetched once, goes to each with what is its own; the end of all is told once', async () => {
    const receiver = await Receiver.start();
    let fetched = 0;
    const documents = createServer((request, response) => { fetched++; createReadStream(sample).pipe(response); });
    await new Promise((done) => documents.listen(0, '127.0.0.1', done));
    const recipients = [{ to: '+12005550100', metadata: { order: '1' } }, { to: '+12005550109', client_state: 'YQ==' }, { to: '+12005550112' },
        { to: '+12005550101' }, { to: '+12005550103' }];
    const { status, body } = await service.request('POST', '/v2/fax_batches', { body: { connection_id: service.application_id, from: '+12025550123',
        media_url: `http://127.0.0.1:${documents.address().port}/a.pdf`, webhook_url: receiver.url, metadata: { order: 'none' }, recipients } });
    assert.equal(status, 202, JSON.stringify(body));
    assert.deepEqual([body.data.record_type, body.data.status, body.data.recipient_count, body.data.counts.queued], ['fax_batch', 'in_process', 5, 5]);
    const batch = await completed(body.data.id);
    assert.deepEqual([batch.counts.delivered, batch.counts.failed, batch.counts.deleted], [3, 2, 0]);
    assert.equal(fetched, 1);
    const list = await faxes(batch.id);
    assert.equal(list.meta.total_results, 5);
    assert.equal((await faxes(batch.id, '&filter[status]=failed')).meta.total_results, 2);
    const fax = (to) => list.data.find((one) => one.to === to);
    assert.deepEqual([fax('+12005550100').metadata, fax('+12005550109').metadata], [{ order: '1' }, { order: 'none' }]);
    assert.deepEqual([fax('+12005550109').client_state, fax('+12005550112').client_state], ['YQ==', null]);
    assert.ok(list.data.every((one) => one.batch_id === batch.id && one.page_count === 3));
    const told = () => receiver.hooks.filter((one) => one.event?.data.event_type === 'fax.batch.completed');
    await until('the webhook of its end', () => told().length > 0);
    const { payload } = told()[0].event.data;
    assert.deepEqual([payload.batch_id, payload.recipients, payload.delivered, payload.failed], [batch.id, 5, 3, 2]);
    await until('all webhooks', () => receiver.hooks.filter((one) => /fax\.(delivered|failed)$/.test(one.event?.data.event_type)).length >= 5);
    assert.equal(told().length, 1);
    documents.closeAllConnections?.();
    documents.close();
    receiver.server.closeAllConnections?.();
    receiver.server.close();
});

test('what is deleted of it takes nothing from the others; the last one takes the files', async () => {
    const { body } = await post({ recipients: [{ to: '+12005550100' }, { to: '+12005550101' }, { to: '+12005550103' }], store_media: undefined,
        store_preview: true });
    const { id } = await completed(body.data.id);
    const all = (await faxes(id)).data;
    const folder = service.faxFolder(id);
    assert.ok(existsSync(folder));
    assert.equal((await service.request('DELETE', `/v2/faxes/${all[0].id}`)).status, 204);
    assert.equal((await get(id)).counts.deleted, 1);
    const [, second, third] = (await Promise.all(all.map((one) => service.request('GET', `/v2/faxes/${one.id}`)))).map((one) => one.body.data);
    assert.equal((await fetch(second.preview_url)).status, 200);
    const again = (await service.request('POST', `/v2/faxes/${third.id}/actions/resend`, { body: { to: '+12005550100' } })).body.data;
    assert.equal(again.batch_id, null);
    for (const one of [second, third]) assert.equal((await service.request('DELETE', `/v2/faxes/${one.id}`)).status, 204);
    await until('its folder to go', () => !existsSync(folder));
    assert.equal((await service.ended(again.id)).status, 'delivered', 'it has names of its own of the files');
});

test('all that is wrong is told at once, with its place', async () => {
    const pointers = async (fields) => {
        const { status, body } = await post(fields);
        assert.equal(status, 422, JSON.stringify(body));
        return body.errors.map((error) => error.source?.pointer);
    };
    assert.deepEqual(await pointers({ recipients: [{ to: '+12005550100' }, { to: '200' }, {}, { to: '+12005550100' }, 'x', { to: '+12005550101', client_state: '!' },
        { to: '+12005550102', metadata: { a: 1 } }], quality: 'best' }),
    ['/recipients/1/to', '/recipients/2/to', '/recipients/3/to', '/recipients/4', '/recipients/5/client_state', '/recipients/6/metadata', '/quality']);
    assert.deepEqual(await pointers({}), ['/recipients']);
    assert.deepEqual(await pointers({ recipients: [] }), ['/recipients']);
    assert.deepEqual(await pointers({ recipients: 'all' }), ['/recipients']);
    assert.deepEqual(await pointers({ recipients: several(10001) }), ['/recipients']);
    assert.equal((await pointers({ recipients: Array(1000).fill({ to: 'x' }) })).length, 50, 'not a thousand');
    assert.equal((await service.request('GET', '/v2/fax_batches/019e0000-0000-7000-8000-000000000000')).status, 404);
    assert.equal((await service.request('GET', '/v2/faxes?filter[batch_id]=x')).status, 400);
});

test('a list of numbers in `to` is a batch; a name makes it one', async () => {
    const body = { connection_id: service.application_id, from: '+12025550123', media_name: media, to: ['+12005550101', '+12005550103'] };
    const headers = { 'Idempotency-Key': 'two' };
    const first = await service.request('POST', '/v2/faxes', { body, headers });
    assert.deepEqual([first.status, first.body.data.recipient_count], [202, 2], JSON.stringify(first.body));
    const second = await service.request('POST', '/v2/faxes', { body, headers });
    assert.deepEqual(second.body, first.body);
    assert.equal((await faxes(first.body.data.id)).meta.total_results, 2);
    assert.equal((await completed(first.body.data.id)).counts.failed, 2);
    const wrong = await service.request('POST', '/v2/faxes', { body: { ...body, to: ['+12005550101', '5', '+12005550101'] } });
    assert.deepEqual(wrong.body.errors.map((error) => error.source?.pointer), ['/to/1', '/to/2']);
    const form = new FormData();
    for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', recipients: JSON.stringify([{ to: '+12005550101' }]) }))
        form.set(name, value);
    form.set('contents', new Blob([readFileSync(sample)]), 'sample.pdf');
    const sent = await service.request('POST', '/v2/fax_batches', { body: form });
    assert.equal(sent.status, 202, JSON.stringify(sent.body));
    assert.equal((await completed(sent.body.data.id)).counts.failed, 1);
});

test('a document that cannot be faxed fails them all, with its reason', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', recipients: JSON.stringify(several(5)) }))
        form.set(name, value);
    form.set('contents', new Blob(['%PDF-1.7 and nothing']), 'broken.pdf');
    const { body } = await service.request('POST', '/v2/fax_batches', { body: form });
    assert.equal((await completed(body.data.id)).counts.failed, 5);
    assert.ok((await faxes(body.data.id)).data.every((fax) => fax.failure_reason === 'file_format_invalid'));
});

test('it is cancelled as a whole; so many at a time', async () => {
    const batches = await Promise.all([700, 2, 1].map(async (count) => (await post({ recipients: several(count), send_at: later() })).body.data));
    const refused = await post({ recipients: several(1) });
    assert.deepEqual([refused.status, refused.body.errors[0].code], [429, '10011']);
    const listed = (await service.request('GET', '/v2/fax_batches?page[size]=3')).body;
    assert.deepEqual(new Set(listed.data.map((batch) => batch.id)), new Set(batches.map((batch) => batch.id)));
    await until('some to be prepared', async () => (await get(batches[0].id)).counts['media.processed'] > 0);
    for (const batch of batches) assert.deepEqual((await cancel(batch.id)).body, { data: { result: 'ok' } });
    const ended = await Promise.all(batches.map((batch) => completed(batch.id)));
    assert.deepEqual(ended.map((batch) => [batch.counts.failed, batch.counts.delivered]), [[700, 0], [2, 0], [1, 0]]);
    assert.ok((await faxes(batches[0].id)).data.every((fax) => fax.failure_reason === 'sender_canceled' && fax.attempt_count === 0));
    assert.equal((await cancel(batches[0].id)).body.errors[0].code, '90080');
});

test('cancelled at once: what is not written yet is cancelled, too', async () => {
    const receiver = await Receiver.start();
    const { body } = await post({ recipients: several(2000), send_at: later(), webhook_url: receiver.url });
    assert.equal((await cancel(body.data.id)).status, 202);
    const batch = await completed(body.data.id);
    assert.deepEqual([batch.counts.failed, batch.counts.deleted], [2000, 0]);
    const list = await faxes(batch.id);
    assert.equal(list.meta.total_results, 2000);
    assert.ok(list.data.every((fax) => fax.failure_reason === 'sender_canceled'));
    await until('its end to be told', () => receiver.hooks.some((one) => one.event?.data.event_type === 'fax.batch.completed'));
    receiver.server.closeAllConnections?.();
    receiver.server.close();
});

test('it is accepted whole or not at all, whenever the service is killed', async () => {
    for (const pause of [0, 20, 60, 150, 0]) {
        const before = (await service.request('GET', '/v2/fax_batches')).body.meta.total_results;
        const answer = post({ recipients: several(1500), send_at: later() }).catch(() => null);
        if (pause || before % 2) await new Promise((done) => setTimeout(done, pause)); // any moment is a good one
        await service.stop('SIGKILL');
        const accepted = (await answer)?.status === 202;
        service = await Service.start({ data: service.folder, env: { FAXWIRE_BATCHES_IN_PROCESS_MAX: '3' } });
        const { data, meta } = (await service.request('GET', '/v2/fax_batches')).body;
        if (accepted) assert.equal(meta.total_results, before + 1);
        if (meta.total_results === before) continue;
        assert.equal(data[0].recipient_count, 1500);
        assert.equal(Object.values(data[0].counts).reduce((sum, count) => sum + count), 1500);
        await until('all to be written', async () => (await faxes(data[0].id)).meta.total_results === 1500);
        const prepared = await until('all to be prepared', async () => { const batch = await get(data[0].id); return batch.counts.queued === 0 && batch; });
        assert.equal(prepared.counts['media.processed'], 1500);
        await cancel(data[0].id);
        await completed(data[0].id);
    }
});

test('ten thousand are written some at a time, and others are served in between', async (t) => {
    let longest = 0, others = 0, done = false;
    const rest = (async () => { // alone, one after the other
        while (!done) {
            const began = performance.now();
            const { status, body } = await service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id,
                from: '+12025550123', to: number(others), media_name: media, send_at: later() } });
            assert.equal(status, 202, JSON.stringify(body));
            longest = Math.max(longest, performance.now() - began);
            others++;
        }
    })();
    await until('the first of the others', () => others > 0);
    const began = performance.now();
    const { status, body } = await post({ recipients: several(10000), send_at: later() });
    const accepted = performance.now() - began;
    assert.equal(status, 202, JSON.stringify(body));
    assert.deepEqual([body.data.recipient_count, body.data.counts.queued], [10000, 10000]);
    await until('all of them', async () => {
        const { counts } = await get(body.data.id);
        assert.equal(counts.queued + counts['media.processed'], 10000, 'from the first moment on');
        return (await faxes(body.data.id)).meta.total_results === 10000;
    });
    const written = performance.now() - began;
    done = true;
    await rest;
    t.diagnostic(`10,000 accepted in ${accepted.toFixed(0)} ms and written in ${written.toFixed(0)} ms; of ${others} other faxes the slowest took ${longest.toFixed(0)} ms`);
});
