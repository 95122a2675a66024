/* The ways a call can go: T.38, G.711, and the far ends that do not want to. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Service, pagesEqual, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { onePage as onePageIn } from './lib/pdf.mjs';

let service, receiver;
const onePage = () => onePageIn(service.folder);

before(async () => {
    receiver = await Receiver.start();
    service = await Service.start({ env: { FAXWIRE_RING_TIMEOUT_SECS: '5' } });
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

async function transportOf(id) {
    return (await service.events(id)).filter((e) => e.event_type === 'call.transport').map((e) => e.payload.transport);
}

test('a fax arrives over T.38, pixel for pixel, and every page is told', async () => {
    const to = '+13125550001';
    const fax = await service.send({ to, quality: 'high' });
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    assert.match((await transportOf(fax.id)).at(-1), /^t38/);
    const [received] = await until('the received file', () => service.mailbox(to).length && service.mailbox(to));
    pagesEqual(join(service.faxFolder(fax.id), 'pages.tif'), received);
    assert.equal(service.mailbox(to, '.pdf').length, 1);
    const pages = (await service.events(fax.id)).filter((e) => e.event_type === 'page.confirmed');
    assert.deepEqual(pages.map((e) => e.payload.page), [1, 2, 3]);
});

test('a far end that refuses T.38 gets the fax over G.711, pixel for pixel', async () => {
    const to = '+12005550106';
    const fax = await service.send({ to, quality: 'normal' }, onePage());
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    assert.deepEqual(await transportOf(fax.id), ['audio']);
    const way = await wayOf(fax.id);
    assert.equal(way.transport, 'audio');
    assert.deepEqual(way.transports, [{ transport: 'audio', why: 'T.38 was refused with 488' }]);
    const [received] = await until('the received file', () => service.mailbox(to).length && service.mailbox(to));
    pagesEqual(join(service.faxFolder(fax.id), 'pages.tif'), received);
});

/* What the attempt says of its way, and why. */
async function wayOf(id) {
    const { data } = (await service.request('GET', `/v2/faxes/${id}/attempts`)).body;
    return { ...data[0], transports: data[0].record.transports };
}

test('T.38 that is agreed and stays silent: back to G.711 in the same call, or a true end', async () => {
    const [back, never] = await Promise.all(['+12005550128', '+12005550121'].map((to) => service.send({ to, quality: 'normal' }, onePage())));
    const arrived = await service.ended(back.id);
    assert.equal(arrived.status, 'delivered', JSON.stringify(arrived));
    assert.equal(arrived.attempt_count, 1);
    assert.match((await transportOf(back.id)).join(), /^t38[^,]*,audio$/);
    const way = await wayOf(back.id);
    assert.equal(way.transport, 'audio');
    assert.deepEqual(way.transports.map((t) => t.transport.slice(0, 3)), ['t38', 'aud']);
    assert.equal(way.transports[1].why, 'T.38 was agreed and stayed silent');
    const [received] = await until('the received file', () => service.mailbox(back.to).length && service.mailbox(back.to));
    pagesEqual(join(service.faxFolder(back.id), 'pages.tif'), received);

    const known = (await service.request('GET', `/v2/destinations/${encodeURIComponent(back.to)}`)).body.data;
    assert.equal(known.facts.t38_bad.count, 1); // the next call goes over G.711 from the start
    assert.match(known.facts.t38_bad.cause, /left again for G\.711/);

    const failed = await service.ended(never.id);
    assert.equal(failed.failure_reason, 'fax_initial_communication_timeout', JSON.stringify(failed));
    assert.match(failed.internal_failure_reason, /T\.38 was agreed and stayed silent.*refused with 488/);
    assert.equal((await wayOf(never.id)).retry_class, 'protocol');
});

test('t38_enabled=false keeps a call on G.711', async () => {
    const to = '+13125550002';
    const fax = await service.send({ to, quality: 'normal', t38_enabled: 'false' }, onePage());
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    assert.ok(!(await transportOf(fax.id)).some((t) => t.startsWith('t38')));
});

const refusals = [
    ['+12005550101', 'user_busy'],
    ['+12005550102', 'receiver_no_answer'],
    ['+12005550103', 'receiver_unallocated_number'],
    ['+12005550104', 'receiver_decline'],
];
for (const [to, reason] of refusals) {
    test(`${to} ends as ${reason}`, async () => {
        const application = await service.application(receiver.url);
        const fax = await service.send({ to, connection_id: application.id }, onePage());
        const ended = await service.ended(fax.id);
        assert.equal(ended.status, 'failed');
        assert.equal(ended.failure_reason, reason, JSON.stringify(ended));
        assert.ok(ended.internal_failure_reason);
        const hooks = await receiver.complete(fax.id);
        assert.deepEqual(hooks.map((h) => h.event.data.event_type),
            ['fax.queued', 'fax.media.processed', 'fax.failed']);
        assert.equal(hooks.at(-1).event.data.payload.failure_reason, reason);
    });
}

test('twenty faxes at once all arrive', async () => {
    const file = onePage();
    const faxes = await Promise.all(Array.from({ length: 20 }, (_, i) =>
        service.send({ to: `+1312556${String(i).padStart(4, '0')}`, quality: 'normal' }, file)));
    for (const fax of faxes) assert.equal((await service.ended(fax.id)).status, 'delivered');
});

test('webhooks of one fax stay in order while a receiver fails, and the fax does not wait', async () => {
    let refuse = 3;
    const flaky = await Receiver.start(() => (refuse-- > 0 ? 500 : 200));
    try {
        const application = await service.application(flaky.url);
        const fax = await service.send({ to: '+12005550100', connection_id: application.id }, onePage());
        assert.equal((await service.ended(fax.id)).status, 'delivered');
        await flaky.complete(fax.id);
        assert.deepEqual(flaky.types(fax.id), ['fax.queued', 'fax.media.processed', 'fax.sending.started',
            'fax.delivered']);
        assert.equal(flaky.hooks.find((h) => h.status === 200).event.meta.attempt, 4);
    } finally {
        await flaky.end();
    }
});

test('far ends with troubles of their own: the fax arrives, or fails with what happened', async () => {
    const expected = {
        '+12005550107': 'receiver_call_dropped', '+12005550109': 'delivered', '+12005550112': 'delivered',
        '+12005550117': 'delivered', '+12005550118': 'delivered',
        '+12005550119': 'delivered', '+12005550120': 'delivered', '+12005550122': 'delivered',
    };
    const faxes = await Promise.all(Object.keys(expected).map((to) => service.send({ to })));
    for (const fax of faxes) {
        const ended = await service.ended(fax.id);
        assert.equal(ended.failure_reason ?? ended.status, expected[fax.to], JSON.stringify(ended));
        if (ended.status === 'failed') assert.equal(ended.pages_confirmed, 1);
    }
});

test('a network that loses 5 % of the packets each way has the speed of a line, and the fax arrives', async () => {
    const fax = await service.send({ to: '+12005550115', quality: 'normal' }, onePage());
    const ended = await service.ended(fax.id, 240_000);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    const [attempt] = (await service.request('GET', `/v2/faxes/${fax.id}/attempts`)).body.data;
    assert.equal(attempt.transport, 't38');
});

test('a standard-only machine takes a fax of any quality', async () => {
    for (const quality of ['normal', 'high', 'very_high']) {
        const fax = await service.send({ to: '+12005550111', quality });
        assert.equal((await service.ended(fax.id)).status, 'delivered', quality);
    }
});
