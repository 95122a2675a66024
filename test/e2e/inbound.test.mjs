/* Faxes that come in: the carrier brings a dialled number of ours back to us, as a network would. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modern } from './lib/clients.mjs';
import { Service, pagesEqual, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { onePage as onePageIn } from './lib/pdf.mjs';

let service, receiver, application;
const onePage = () => onePageIn(service.folder);

before(async () => {
    receiver = await Receiver.start();
    service = await Service.start();
    application = await service.application(receiver.url);
    for (const number of ['+13125550701', '+13125550702']) await service.number(number, application.id);
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

test('a fax to a number of ours arrives as a received fax, bit for bit, and every step is told', async () => {
    const sent = await service.send({ to: '+13125550701', from: '+12025550144', quality: 'high' });
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received('+13125550701');
    assert.equal(fax.status, 'received', JSON.stringify(fax));
    assert.equal(fax.connection_id, application.id);
    assert.equal(fax.from, '+12025550144');
    assert.equal(fax.page_count, 3);
    assert.equal(fax.partial_content, false);
    assert.equal(fax.failure_reason, null);
    pagesEqual(join(service.faxFolder(sent.id), 'pages.tif'), join(service.faxFolder(fax.id), 'pages.tif'));

    const hooks = await receiver.complete(fax.id);
    assert.deepEqual(hooks.map((h) => h.event.data.event_type),
        ['fax.receiving.started', 'fax.media.processing.started', 'fax.received']);
    assert.deepEqual(hooks.map((h) => h.event.data.payload.status), ['receiving', 'media.processing', 'received']);
    for (const hook of hooks) assert.equal(hook.event.data.payload.caller_id, '+12025550144');
    const { payload } = hooks[2].event.data;
    assert.equal(payload.page_count, 3);
    assert.equal(payload.partial_content, false);
    assert.ok(Number.isInteger(payload.call_duration_secs));

    const document = await fetch(payload.media_url); // no key: the link is enough
    assert.equal(document.status, 200);
    assert.equal(document.headers.get('content-type'), 'application/pdf');
    assert.equal((await document.text()).slice(0, 5), '%PDF-');
    assert.equal((await fetch(payload.media_url.replace(/.$/, (c) => (c === '0' ? '1' : '0')))).status, 403);

    const refreshed = await service.request('POST', `/v2/faxes/${fax.id}/actions/refresh`);
    assert.deepEqual([refreshed.status, refreshed.body.data], [200, { result: 'ok' }]);
    assert.equal((await fetch((await service.fax(fax.id)).media_url)).status, 200);
    for (const { version, make } of modern) {
        const client = make(service);
        assert.deepEqual((await client.faxes.actions.refresh(fax.id)).data, { result: 'ok' }, version);
        assert.equal((await fetch((await client.faxes.retrieve(fax.id)).data.media_url)).status, 200, version);
        await assert.rejects(client.faxes.actions.cancel(fax.id), (error) => error.status === 422, version);
    }
    assert.equal((await service.request('POST', `/v2/faxes/${fax.id}/actions/cancel`)).status, 422);
    const pages = (await service.events(fax.id)).filter((e) => e.event_type === 'page.received');
    assert.deepEqual(pages.map((e) => e.payload.page), [1, 2, 3]);
});

test('lists tell received from sent', async () => {
    const list = async (direction) =>
        (await service.request('GET', `/v2/faxes?filter[direction][eq]=${direction}`)).body.data;
    assert.ok((await list('inbound')).every((f) => f.direction === 'inbound') && (await list('inbound')).length > 0);
    assert.ok((await list('outbound')).every((f) => f.direction === 'outbound') && (await list('outbound')).length > 0);
});

test('over G.711 too, bit for bit', async () => {
    const sent = await service.send({ to: '+13125550702', quality: 'normal', t38_enabled: 'false' }, onePage());
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received('+13125550702');
    assert.equal(fax.status, 'received', JSON.stringify(fax));
    pagesEqual(join(service.faxFolder(sent.id), 'pages.tif'), join(service.faxFolder(fax.id), 'pages.tif'));
    const transports = (await service.events(fax.id)).filter((e) => e.event_type === 'call.transport');
    assert.deepEqual(transports.map((e) => [e.payload.transport, e.payload.why]), [['audio', 'T.38 was refused with 488']]);
});

test('what cannot be taken is refused before it is answered', async () => {
    const sleeping = await service.application(receiver.url, { active: false });
    const crowded = await service.application(receiver.url, { inbound: { channel_limit: 0 } });
    await service.number('+13125550711', sleeping.id);
    await service.number('+13125550712', crowded.id);
    const expected = { '+13125550711': 480, '+13125550712': 486 };
    for (const [to, status] of Object.entries(expected)) {
        const sent = await service.send({ to, quality: 'normal' }, onePage());
        await until(`the refusal of ${to}`, () => service.log.includes(`call.refused`) &&
            new RegExp(`call\\.refused.*${to.slice(1)}.*(status|sip)=${status}`).test(service.log));
        await service.request('POST', `/v2/faxes/${sent.id}/actions/cancel`); // or it dials again
    }
    assert.equal((await service.request('GET', '/v2/faxes?filter[direction][eq]=inbound')).body.data
        .filter((f) => expected[f.to]).length, 0);
});

test('a number that no application has is another subscriber of the network', async () => {
    await service.number('+13125550713', null);
    const sent = await service.send({ to: '+13125550713', quality: 'normal' }, onePage());
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    assert.equal((await until('the mail', () => service.mailbox('+13125550713').length && service.mailbox('+13125550713'))).length, 1);
});

test('a received fax is deleted with all that is of it', async () => {
    const sent = await service.send({ to: '+13125550701', quality: 'normal' }, onePage());
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received('+13125550701');
    const folder = service.faxFolder(fax.id);
    await receiver.complete(fax.id);
    assert.equal((await service.request('DELETE', `/v2/faxes/${fax.id}`)).status, 204);
    await until('the files to be gone', () => !service.faxFolder(fax.id));
    assert.ok(folder);
    assert.equal((await service.request('GET', `/v2/faxes/${fax.id}`)).status, 404);
    assert.equal((await fetch(fax.media_url)).status, 404);
});

test('rules of an application refuse by caller, hour and the machine, and say how', async () => {
    const rules = {
        '+13125550721': [{ refuse_callers: ['+1202555*'], refuse_with: 'declined' }, 603],
        '+13125550722': [{ answer_callers: ['+4930*'] }, 480],
        '+13125550723': [{ hours: [`${['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7]} 00:00-24:00`],
            refuse_with: 'busy' }, 486],
    };
    for (const [to, [inbound, status]] of Object.entries(rules)) {
        const strict = await service.application(receiver.url, { inbound });
        assert.deepEqual(strict.inbound.refuse_with, inbound.refuse_with);
        await service.number(to, strict.id);
        const sent = await service.send({ to, quality: 'normal' }, onePage());
        const [call] = await until(`a call to ${to}`, async () => {
            const { body } = await service.request('GET', `/v2/faxes/${sent.id}/attempts`);
            return body.data.length > 0 && body.data[0].ended_at && body.data;
        });
        assert.equal(call.sip_status, status, JSON.stringify(call));
        await service.request('POST', `/v2/faxes/${sent.id}/actions/cancel`);
    }
    const picky = await service.application(receiver.url, { inbound: { refuse_idents: ['+12025550123'] } });
    await service.number('+13125550724', picky.id);
    const sent = await service.send({ to: '+13125550724', quality: 'normal' }, onePage());
    const fax = await service.received('+13125550724');
    assert.equal(fax.failure_reason, 'receiver_decline', JSON.stringify(fax));
    await service.request('POST', `/v2/faxes/${sent.id}/actions/cancel`);
    for (const [hours, status] of [['always', 422], ['mon 08:00-09:00 Nowhere/Land', 422], ['mon 08:00-09:00 ../../etc/passwd', 422],
        ['fri-sat 22:00-06:00 Europe/Berlin', 201]])
        assert.equal((await service.request('POST', '/v2/fax_applications', { body: { application_name: 'x',
            webhook_event_url: receiver.url, inbound: { hours: [hours] } } })).status, status, hours);
});

test('an application gets TIFF when it wants that', async () => {
    const tiff = await service.application(receiver.url, { inbound: { media_format: 'tiff' } });
    await service.number('+13125550731', tiff.id);
    const sent = await service.send({ to: '+13125550731', quality: 'normal' }, onePage());
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received('+13125550731');
    const document = await fetch(fax.media_url);
    assert.equal(document.headers.get('content-type'), 'image/tiff');
    writeFileSync(join(service.folder, 'got.tif'), Buffer.from(await document.arrayBuffer()));
    pagesEqual(join(service.faxFolder(sent.id), 'pages.tif'), join(service.folder, 'got.tif'));
});
