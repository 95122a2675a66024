/* Cancelling and deleting faxes in every state, with the official client libraries. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Telnyx, telnyxV1 } from './lib/clients.mjs';
import { Service, bin, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { pages, twoPages } from './lib/pdf.mjs';

let service, receiver, client, v1, application, big;

before(async () => {
    service = await Service.start({ args: ['--paced'] });
    receiver = await Receiver.start();
    application = await service.application(receiver.url);
    client = new Telnyx({ apiKey: service.api_key, baseURL: `${service.url}/v2` });
    v1 = telnyxV1(service.api_key);
    const url = new URL(service.url);
    v1.setHost(url.hostname, url.port, 'http');
    big = join(service.folder, 'big.pdf');
    writeFileSync(big, pages(300));
});

after(async () => {
    await receiver?.end();
    await service?.end();
});

const send = (to, file) => service.send({ to, connection_id: application.id, quality: 'normal' }, file);
const reached = (id, status, from = service) => until(status, async () => (await from.fax(id)).status === status);
const filesLeft = (id) => readdirSync(service.folder, { recursive: true }).filter((name) => String(name).includes(id));

/* telnyx 1.27.0 has no cancel; who uses it asks over plain HTTP. */
const ways = [
    ['telnyx 7.24.0', async (id) => client.faxes.actions.cancel(id)],
    ['plain HTTP', async (id) => {
        const answer = await service.request('POST', `/v2/faxes/${id}/actions/cancel`);
        assert.equal(answer.status, 202);
        return answer.body;
    }],
];

async function checkCanceled(id, webhooks) {
    const ended = await service.ended(id);
    assert.equal(ended.status, 'failed', JSON.stringify(ended));
    assert.equal(ended.failure_reason, 'sender_canceled', JSON.stringify(ended));
    const hooks = await receiver.complete(id);
    assert.deepEqual(hooks.map((h) => h.event.data.event_type), webhooks);
    assert.equal(hooks.at(-1).event.data.payload.failure_reason, 'sender_canceled');
    assert.ok((await service.events(id)).some((e) => e.event_type === 'cancel.asked'));
    return ended;
}

/* A fax whose renderer stands still: on a busy machine it may be done before we ask for its end. */
async function rendering() {
    for (let i = 0; i < 50; i++) {
        const fax = await service.send({ to: `+13125554${300 + i}`, connection_id: application.id, quality: 'very_high' }, big);
        const pid = await until('the renderer', async () => service.child('faxwire-render') ?? ((await service.fax(fax.id)).status !== 'queued' && -1));
        try { if (pid > 0) process.kill(pid, 'SIGSTOP'); } catch { continue; }
        if ((await service.fax(fax.id)).status === 'queued' && service.child('faxwire-render') === pid) return fax;
    }
    throw new Error('no renderer was met at work');
}

for (const [name, cancel] of ways) {
    test(`${name} cancels a fax that is queued`, async () => {
        const fax = await rendering();
        assert.deepEqual((await cancel(fax.id)).data, { result: 'ok' });
        const ended = await checkCanceled(fax.id, ['fax.queued', 'fax.failed']);
        assert.equal(ended.attempt_count, 0);
        assert.equal(service.child('faxwire-render'), undefined, 'the renderer was stopped');
    });

    test(`${name} cancels a fax whose number rings`, async () => {
        const fax = await send('+12005550102', twoPages(service.folder));
        await until('ringing', async () => (await service.events(fax.id)).some((e) => e.event_type === 'call.ringing'));
        assert.deepEqual((await cancel(fax.id)).data, { result: 'ok' });
        await checkCanceled(fax.id, ['fax.queued', 'fax.media.processed', 'fax.failed']);
    });

    test(`${name} cancels a fax that is being sent`, async () => {
        const fax = await send('+12005550100', twoPages(service.folder));
        await reached(fax.id, 'sending');
        assert.deepEqual((await cancel(fax.id)).data, { result: 'ok' });
        await checkCanceled(fax.id, ['fax.queued', 'fax.media.processed', 'fax.sending.started', 'fax.failed']);
    });
}

test('a fax that has ended, a stranger, and refresh are refused in the words of the contract', async () => {
    const fax = await send('+12005550101', twoPages(service.folder));
    await service.ended(fax.id);
    for (const action of ['cancel', 'refresh']) {
        const answer = await service.request('POST', `/v2/faxes/${fax.id}/actions/${action}`);
        assert.equal(answer.status, 422);
        assert.equal(answer.body.errors[0].code, '90080');
        const none = await service.request('POST', `/v2/faxes/7f000001-0000-4000-8000-000000000000/actions/${action}`);
        assert.equal(none.status, 404);
        assert.equal(none.body.errors[0].code, '404');
    }
    await assert.rejects(client.faxes.actions.cancel(fax.id), (error) => error.status === 422);
    await assert.rejects(client.faxes.actions.refresh(fax.id), (error) => error.status === 422);
});

test('a cancelled fax is not dialled by the start after kill -9', async () => {
    const own = await Service.start({ args: ['--paced'] });
    try {
        const file = join(own.folder, 'big.pdf');
        writeFileSync(file, pages(300));
        const fax = await own.send({ to: '+12005550100', quality: 'normal' }, file);
        assert.equal((await own.request('POST', `/v2/faxes/${fax.id}/actions/cancel`)).status, 202);
        await own.stop('SIGKILL');
        const next = await Service.start({ data: own.folder, args: ['--paced'] });
        try {
            const ended = await next.ended(fax.id);
            assert.equal(ended.failure_reason, 'sender_canceled');
            assert.equal(ended.attempt_count, 0);
            assert.equal(next.mailbox('+12005550100').length, 0);
        } finally {
            await next.stop();
        }
    } finally {
        await own.end();
    }
});

test('the command line cancels', async () => {
    const env = { ...process.env, FAXWIRE_URL: service.url, FAXWIRE_API_KEY: service.api_key };
    const fax = await send('+12005550102', twoPages(service.folder));
    await reached(fax.id, 'originated');
    execFileSync(bin('faxwire'), ['cancel', fax.id], { env });
    await checkCanceled(fax.id, ['fax.queued', 'fax.media.processed', 'fax.failed']);
    const again = spawnSync(bin('faxwire'), ['cancel', fax.id], { env, encoding: 'utf8' });
    assert.equal(again.status, 1);
    assert.match(again.stderr, /current state/);
    assert.equal(spawnSync(bin('faxwire'), ['cancel'], { env }).status, 2);
});

test('telnyx 7.24.0 deletes a fax that has ended, with all its files', async () => {
    const fax = await service.send({ to: '+12005550101', connection_id: application.id, store_media: 'true' },
        twoPages(service.folder));
    const link = (await service.ended(fax.id)).stored_media_url;
    assert.equal((await fetch(link)).status, 200);
    await receiver.complete(fax.id);
    assert.ok(existsSync(service.faxFolder(fax.id)));
    await client.faxes.delete(fax.id);
    assert.deepEqual(filesLeft(fax.id), []);
    assert.equal((await fetch(link)).status, 404, 'its links are dead');
    await assert.rejects(client.faxes.retrieve(fax.id), (error) => error.status === 404);
    assert.equal((await service.request('DELETE', `/v2/faxes/${fax.id}`)).status, 404);
    for await (const other of client.faxes.list()) assert.notEqual(other.id, fax.id);
});

test('telnyx 1.27.0 deletes a fax in the middle of its call', async () => {
    const fax = await send('+12005550100', twoPages(service.folder));
    await reached(fax.id, 'sending');
    const { data } = await v1.faxes.retrieve(fax.id);
    await data.del();
    assert.equal((await service.request('GET', `/v2/faxes/${fax.id}`)).status, 404, 'gone at once');
    const hooks = await receiver.complete(fax.id);
    assert.equal(hooks.at(-1).event.data.payload.failure_reason, 'sender_canceled');
    await until('no file of it to be left', () => filesLeft(fax.id).length === 0);
});
