/* Two services fax each other over SIP, both ways at once. FAXES=500 for the long form. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pagesEqual } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { onePage, twoPages } from './lib/pdf.mjs';
import { pair } from './lib/pair.mjs';

const FAXES = Number(process.env.FAXES ?? 24);
const NUMBERS = ['+13125550801', '+13125550802'];
let services, receiver;

before(async () => {
    receiver = await Receiver.start();
    const env = { FAXWIRE_CALLS_MAX: '600', FAXWIRE_MODEMS: FAXES > 60 ? '10' : '2', FAXWIRE_DISK_FREE_MIN_MB: '16' };
    services = await pair({ both: { env } });
    for (const [i, service] of services.entries())
        await service.number(NUMBERS[i], (await service.application(receiver.url)).id);
});
after(async () => {
    for (const service of services ?? []) await service.end();
    await receiver?.end();
});

test(`${FAXES} faxes, half of them each way and all at once, arrive bit for bit`, async () => {
    const file = twoPages(services[0].folder);
    const sent = await Promise.all(Array.from({ length: FAXES }, async (_, i) => {
        const from = `+1202555${String(1000 + i)}`;
        const fax = await services[i % 2].send({ to: NUMBERS[1 - i % 2], from, quality: 'normal' }, file);
        return { ...fax, by: services[i % 2], at: services[1 - i % 2] };
    }));
    for (const fax of sent) {
        const ended = await fax.by.ended(fax.id);
        assert.equal(ended.status, 'delivered', JSON.stringify(ended));
        const received = await fax.at.receivedFrom(fax.from);
        assert.equal(received.status, 'received', JSON.stringify(received));
        assert.equal(received.page_count, 2);
        pagesEqual(join(fax.by.faxFolder(fax.id), 'pages.tif'), join(fax.at.faxFolder(received.id), 'pages.tif'));
        assert.deepEqual((await receiver.complete(received.id)).map((h) => h.event.data.event_type),
            ['fax.receiving.started', 'fax.media.processing.started', 'fax.received']);
    }
});

test('a number that the other service does not have is 404 to the caller, and nothing is left of it there', async () => {
    const [caller, called] = services;
    const sent = await caller.send({ to: '+13125550899', quality: 'normal' }, onePage(caller.folder));
    const ended = await caller.ended(sent.id);
    assert.equal(ended.failure_reason, 'receiver_unallocated_number', JSON.stringify(ended));
    const list = await called.request('GET', `/v2/faxes?filter[to][eq]=${encodeURIComponent('+13125550899')}`);
    assert.equal(list.body.data.length, 0);
});

test('what nobody has is taken by an application that takes all', async () => {
    const [caller, called] = services;
    const all = await called.application(receiver.url, { inbound: { catch_all: true } });
    const sent = await caller.send({ to: '+13125550898', from: '+12025550198', quality: 'normal' }, onePage(caller.folder));
    assert.equal((await caller.ended(sent.id)).status, 'delivered');
    const fax = await called.receivedFrom('+12025550198');
    assert.equal(fax.connection_id, all.id);
    assert.equal(fax.to, '+13125550898');
});
