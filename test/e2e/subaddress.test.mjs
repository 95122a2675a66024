/* Sub-addresses (T.30 SUB): sent to machines that take one, received, and what the application calls them. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Receiver } from './lib/receiver.mjs';
import { Service, until } from './lib/service.mjs';
import { onePage } from './lib/pdf.mjs';

const NUMBER = '+13125550851';
let service, receiver, application;
before(async () => {
    receiver = await Receiver.start();
    service = await Service.start();
    application = await service.application(receiver.url, { inbound: { subaddress_tags: { 4711: 'radiology', '*21#': 'archive' } } });
    await service.number(NUMBER, application.id);
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

async function sent(fields) {
    const fax = await service.ended((await service.send({ quality: 'normal', ...fields }, onePage(service.folder))).id);
    assert.equal(fax.status, 'delivered', JSON.stringify(fax));
    const [{ record }] = (await service.request('GET', `/v2/faxes/${fax.id}/attempts`)).body.data;
    return { fax, record };
}

test('it goes with the fax, and names whom it is for', async () => {
    const known = { '+12025550191': ['47 11', 'radiology'], '+12025550192': ['*21#', 'archive'], '+12025550193': ['999', null] };
    for (const [from, [subaddress, tag]] of Object.entries(known)) {
        const { fax, record } = await sent({ to: NUMBER, from, subaddress });
        assert.deepEqual([fax.subaddress, record.subaddress], [subaddress, subaddress]);
        const received = await service.receivedFrom(from);
        assert.deepEqual([received.subaddress, received.tag], [subaddress, tag]);
        const hooks = (await receiver.complete(received.id)).map((hook) => hook.event.data);
        const { payload } = hooks.find((event) => event.event_type === 'fax.received');
        assert.deepEqual([payload.subaddress, payload.tag], [subaddress, tag ?? undefined]);
    }
    const plain = await sent({ to: NUMBER, from: '+12025550194' });
    assert.deepEqual([plain.fax.subaddress, plain.record.subaddress], [null, null]);
    const received = await service.receivedFrom('+12025550194');
    assert.deepEqual([received.subaddress, received.tag], [null, null]);
});

test('a machine that takes none gets the fax without, and the attempt says so', async () => {
    const takes = await sent({ to: '+12005550100', subaddress: '12' }), takesNone = await sent({ to: '+12005550124', subaddress: '12' });
    assert.deepEqual([takes.record.subaddress, takesNone.record.subaddress], ['12', null]);
    assert.equal(takesNone.fax.subaddress, '12');
    const [file] = await until('the mail', () => service.mailbox('+12005550100', '.json').length && service.mailbox('+12005550100', '.json'));
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).subaddress, '12');
});

test('what cannot be one is refused', async () => {
    for (const subaddress of ['12a', '123456789012345678901', '+12', ' ']) {
        const { status, body } = await service.request('POST', '/v2/faxes', { body: { connection_id: application.id, from: '+12025550123',
            to: NUMBER, media_url: 'http://127.0.0.1:9/a.pdf', subaddress } });
        assert.equal(status, 422, subaddress);
        assert.equal(body.errors[0].source.pointer, '/subaddress');
    }
    for (const subaddress_tags of [{ 'x': 'y' }, { 12: '' }, { 12: 5 }, ['12'], { 12: 'x'.repeat(101) }]) {
        const { status, body } = await service.request('PATCH', `/v2/fax_applications/${application.id}`, { body: { inbound: { subaddress_tags } } });
        assert.equal(status, 422, JSON.stringify(subaddress_tags));
        assert.equal(body.errors[0].source.pointer, '/inbound/subaddress_tags');
    }
});
