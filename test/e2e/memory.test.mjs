/* Documents in memory: none on the disk, whatever is done; a kill loses none; a machine that forgets says so of each fax. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, until } from './lib/service.mjs';
import { pages } from './lib/pdf.mjs';

const TMPFS = 0x01021994, NUMBER = '+13125550861';
const memory = (() => { try { return statfsSync('/dev/shm').type === TMPFS; } catch { return false; } })();
const skip = !memory && 'this machine has no /dev/shm in memory';
let service, documents, env;

before(async () => {
    if (skip) return;
    documents = mkdtempSync('/dev/shm/faxwire-');
    env = { FAXWIRE_DOCUMENTS: documents, FAXWIRE_DOCUMENTS_IN_MEMORY: '1' };
    service = await Service.start({ env });
});
after(async () => {
    await service?.end();
    if (documents) rmSync(documents, { recursive: true, force: true });
});

const restart = async () => { service = await Service.start({ data: service.folder, env }); };
function* files(folder) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) yield* files(path);
        else yield path;
    }
}
/* What faxes are made of, by their first bytes. */
const documentsBelow = (folder) => [...files(folder)].filter((path) => {
    const head = statSync(path).isFile() ? readFileSync(path).subarray(0, 5).toString('latin1') : '';
    return head.startsWith('%PDF-') || head.startsWith('II*') || head.startsWith('MM\0*');
});
const send = (fields) => service.send({ store_media: 'true', store_preview: 'true', ...fields });

test('documents, pages, spool and media lie in memory, and nowhere on the disk', { skip }, async () => {
    await service.number(NUMBER, service.application_id);
    const sent = await send({ to: NUMBER });
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const received = await service.receivedFrom('+12025550123');
    assert.equal(received.status, 'received');
    const form = new FormData();
    form.set('media', new Blob([pages(1, 1)]), 'a.pdf');
    assert.equal((await service.request('POST', '/v2/media', { body: form })).status, 201);
    assert.deepEqual(documentsBelow(service.folder), []);
    assert.ok(documentsBelow(documents).length >= 5, String(documentsBelow(documents)));
    assert.equal((await fetch(received.media_url)).status, 200);
});

test('kill -9 loses none of them', { skip }, async () => {
    const later = await send({ to: '+12005550100', send_at: new Date(Date.now() + 3000).toISOString() });
    await until('its pages', async () => (await service.fax(later.id)).status === 'media.processed');
    await service.stop('SIGKILL');
    await restart();
    assert.equal((await service.ended(later.id)).status, 'delivered');
    const { body } = await service.request('GET', '/v2/faxes?filter[direction][eq]=inbound');
    assert.equal((await fetch(body.data[0].media_url)).status, 200);
    assert.equal(body.data[0].documents_purged_at, null);
});

test('a machine that forgets them says so: ended faxes have none, those on their way fail', { skip }, async () => {
    const waits = await send({ to: '+12005550100', send_at: new Date(Date.now() + 5000).toISOString() });
    await until('its pages', async () => (await service.fax(waits.id)).status === 'media.processed');
    const rings = await send({ to: '+12005550116' });
    await until('it to ring', async () => (await service.fax(rings.id)).status === 'originated');
    await service.stop('SIGKILL');
    await until('its programs to end', () => !/faxwire/.test(service.children().map((one) => one.command).join()));
    for (const entry of readdirSync(documents)) rmSync(join(documents, entry), { recursive: true, force: true });
    await restart();
    for (const { id } of [waits, rings]) {
        const fax = await service.ended(id);
        assert.equal(fax.status, 'failed');
        assert.match(fax.internal_failure_reason, /pages|document/, JSON.stringify(fax));
    }
    const { body } = await service.request('GET', '/v2/faxes?filter[status]=delivered,received');
    assert.equal(body.data.length, 3);
    for (const fax of body.data) assert.ok(fax.documents_purged_at, JSON.stringify(fax));
    const { data } = (await service.request('GET', `/v2/audit?filter[fax_id]=${body.data[0].id}`)).body;
    assert.deepEqual(data.map((record) => record.reason), ['documents_lost']);
    assert.equal((await service.request('GET', '/v2/media')).body.data.filter((one) => one.expires_at > new Date().toISOString()).length, 0);
    const after = await send({ to: '+12005550100' });
    assert.equal((await service.ended(after.id)).status, 'delivered');
});

test('a disk is refused, and documents that would be left behind', { skip }, async () => {
    const folder = service.folder;
    await service.stop('SIGTERM');
    const refused = async (more) => assert.rejects(Service.start({ data: folder, env: more }), (error) => (refused.said = error.message, true));
    const left = mkdtempSync('/var/tmp/faxwire-');
    try {
        if (statfsSync(left).type !== TMPFS) {
            await refused({ ...env, FAXWIRE_DOCUMENTS: left });
            assert.match(refused.said, /is not in memory/);
            await refused({ FAXWIRE_DOCUMENTS: left });
            assert.match(refused.said, /is not the folder that the documents were in/);
            await restart(); // and nothing was forgotten for that
            const { body } = await service.request('GET', '/v2/faxes?page[size]=1');
            assert.deepEqual([body.data[0].status, body.data[0].documents_purged_at], ['delivered', null]);
            await service.stop('SIGTERM');
        }
        await assert.rejects(Service.start({ data: join(left, 'other'), env }), /folder of another Faxwire/);
        await refused({});
        assert.match(refused.said, /a folder of their own, apart from .*; say which/);
        const plain = await Service.start({ data: join(left, 'plain') });
        await plain.ended((await plain.send({ to: '+12005550100' })).id);
        await plain.stop('SIGTERM');
        await assert.rejects(Service.start({ data: join(left, 'plain'), env: { FAXWIRE_DOCUMENTS: join(documents, 'other') } }), /There are documents in .*faxes; move/);
    } finally {
        rmSync(left, { recursive: true, force: true });
    }
});

test('a disk that was lost is given up in so many words', { skip }, async () => {
    const left = mkdtempSync('/var/tmp/faxwire-');
    try {
        writeFileSync(join(left, 'documents.mark'), '');
        service = await Service.start({ data: service.folder, env: { FAXWIRE_DOCUMENTS: left } });
        const { body } = await service.request('GET', '/v2/faxes?page[size]=1');
        assert.ok(body.data[0].documents_purged_at);
        assert.equal((await service.ended((await send({ to: '+12005550100' })).id)).status, 'delivered');
        await service.stop('SIGTERM');
    } finally {
        rmSync(left, { recursive: true, force: true });
    }
});
