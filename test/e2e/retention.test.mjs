/* Documents go when their time is over, or their fax is deleted, and nothing of them is left: the data folder is searched. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { pdf } from './lib/pdf.mjs';

const NUMBER = '+13125550871', ENV = { FAXWIRE_RETENTION_LOOK_SECS: '1', FAXWIRE_LINK_TTL_SECS: '1', FAXWIRE_WEBHOOK_RETRY_FIRST_MS: '50', FAXWIRE_WEBHOOK_RETRY_MAX_SECS: '1' };
let service, receiver, application, status = 200;

before(async () => {
    receiver = await Receiver.start(() => status);
    service = await Service.start({ env: ENV });
    application = (await service.application(receiver.url)).id;
    await service.number(NUMBER, application);
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

function* files(folder) {
    for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        let is;
        try { is = statSync(path); } catch { continue; } // gone this moment
        if (is.isDirectory()) yield* files(path);
        else yield path;
    }
}

/* Where the bytes are, as paths in the data folder. */
function found(marks) {
    const where = [];
    for (const path of files(service.folder)) {
        let bytes;
        try { bytes = readFileSync(path); } catch { continue; }
        for (const [name, mark] of Object.entries(marks)) if (bytes.includes(mark)) where.push(`${name} in ${path.slice(service.folder.length + 1)}`);
    }
    return where;
}

const retain = async (retention) => {
    const answer = await service.request('PATCH', `/v2/fax_applications/${application}`, { body: { retention } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data.retention;
};
const audit = async (id) => (await service.request('GET', `/v2/audit?filter[fax_id]=${id}`)).body.data;
let sends = 0;

/* One fax to ourselves, with all that is kept of it; and pieces of each of its files. */
async function faxes(mark) {
    const path = join(service.folder, '..', `${mark}-${process.pid}.pdf`);
    writeFileSync(path, pdf(`${mark} ${'.'.repeat(12)}`));
    const from = `+1202555${3000 + sends++}`, word = `written on fax ${sends}`;
    const sent = await service.send({ connection_id: application, to: NUMBER, from, quality: 'normal', store_media: 'true', store_preview: 'true', preview_format: 'pdf',
        client_state: Buffer.from(`${word}: state`).toString('base64'), metadata: JSON.stringify({ word }) }, path);
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const received = await service.receivedFrom(from);
    assert.equal(received.status, 'received', JSON.stringify(received));
    for (const id of [sent.id, received.id]) await receiver.complete(id);
    const marks = { text: Buffer.from(mark) };
    for (const id of [sent.id, received.id]) {
        for (const file of files(service.faxFolder(id))) {
            const bytes = readFileSync(file);
            if (bytes.length < 200) continue; // facts about pages, not pages
            const at = Math.floor(bytes.length / 2) - 20;
            marks[`${file.split('/').at(-1)} of ${id}`] = bytes.subarray(at, at + 40);
        }
    }
    assert.ok(Object.keys(marks).length >= 6, Object.keys(marks).join());
    assert.ok(found(marks).length >= 6);
    return { sent, received, marks, words: { state: Buffer.from(Buffer.from(`${word}: state`).toString('base64')), metadata: Buffer.from(word) } };
}

const gone = (marks) => until('all of it to be gone', () => found(marks).length === 0).catch((e) => { throw new Error(`${e.message}: ${found(marks)}\n${service.log.slice(-1500)}`); });

test('without a rule everything stays', async () => {
    assert.deepEqual(await retain({ inbound_days: 1, outbound_days: 30 }), { inbound_days: 1, outbound_days: 30, delete_records: null });
    const { sent, received, marks } = await faxes('marker-of-the-kept');
    await service.stop();
    service = await Service.start({ data: service.folder, env: ENV });
    await until('a look', () => service.log.includes('service.ready'));
    assert.ok(found(marks).length >= 6);
    for (const { id } of [sent, received]) {
        assert.equal((await service.fax(id)).documents_purged_at, null);
        assert.deepEqual(await audit(id), []);
    }
});

test('0 days: documents go once all is told and links have expired; the record stays, and the removal is proven', async () => {
    const { sent, received, marks } = await faxes('marker-of-the-short');
    const link = (await service.fax(received.id)).media_url;
    assert.deepEqual(await retain({ inbound_days: 0, outbound_days: 0 }), { inbound_days: 0, outbound_days: 0, delete_records: null });
    await gone(marks);
    for (const { id } of [sent, received]) {
        const fax = await until('its mark', async () => { const f = await service.fax(id); return f.documents_purged_at && f; });
        assert.deepEqual([fax.stored_media_url, fax.preview_url], [null, null]);
        if (fax.direction === 'inbound') assert.equal(fax.media_url, null);
        const [record, ...others] = await until('its record', async () => { const a = await audit(id); return a.length && a; });
        assert.deepEqual(others, []);
        assert.deepEqual([record.fax_id, record.reason], [id, 'documents_expired']);
        assert.ok(record.files >= 2 && record.bytes > 0, JSON.stringify(record));
        assert.ok(record.occurred_at >= fax.documents_purged_at);
        assert.equal((await service.events(id)).length > 3, true);
    }
    assert.ok((await fetch(link)).status >= 400);
    assert.equal((await service.request('POST', `/v2/faxes/${sent.id}/actions/resend`, { body: {} })).status, 422);
});

test('DELETE: no byte of the document, of its pages or of what was written on the fax is left, in any file', async () => {
    await retain({ inbound_days: null, outbound_days: null });
    const { sent, received, marks, words } = await faxes('marker-of-the-deleted');
    for (const { id } of [sent, received]) assert.equal((await service.request('DELETE', `/v2/faxes/${id}`)).status, 204);
    await gone({ ...marks, ...words });
    for (const { id } of [sent, received]) assert.deepEqual((await audit(id)).map((r) => r.reason), ['deleted']);
});

test('what is still to be told holds it up; with delete_records the fax goes too', async () => {
    status = 500;
    const path = join(service.folder, '..', `held-${process.pid}.pdf`);
    writeFileSync(path, pdf('marker-of-the-held'));
    await retain({ inbound_days: 0, outbound_days: 0, delete_records: true });
    const sent = await service.send({ connection_id: application, to: '+12005550100', from: '+12025553999', quality: 'normal' }, path);
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const tries = receiver.hooks.length;
    await until('webhooks that are refused for longer than links are good', () => receiver.hooks.length > tries && Date.now() - Date.parse(sent.created_at) > 4000);
    assert.equal((await service.fax(sent.id)).documents_purged_at, null);
    status = 200;
    await receiver.complete(sent.id);
    await until('the fax to go', async () => (await service.request('GET', `/v2/faxes/${sent.id}`)).status === 404);
    await until('its record', async () => (await audit(sent.id)).length > 0);
    assert.deepEqual((await audit(sent.id)).map((r) => r.reason), ['record_expired']);
    await gone({ text: Buffer.from('marker-of-the-held') });
});

test('the list of removals is paged, of one account only, and a wrong filter is refused', async () => {
    const all = await service.request('GET', '/v2/audit?page[size]=2');
    assert.equal(all.body.data.length, 2);
    assert.ok(all.body.meta.total_results >= 5);
    assert.ok(all.body.data[0].id > all.body.data[1].id);
    assert.equal((await service.request('GET', '/v2/audit?filter[fax_id]=x')).status, 400);
    assert.equal((await service.request('PATCH', `/v2/fax_applications/${application}`, { body: { retention: { inbound_days: -1 } } })).status, 422);
});
