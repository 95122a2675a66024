/* The calls of a fax as the API tells them: one row a call, written with the states that it made. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => { await service?.end(); });

const attempts = async (id) => (await service.request('GET', `/v2/faxes/${id}/attempts`)).body;

test('the call of a delivered fax is kept with its way, its speed and its pages', async () => {
    const { id } = await service.send({ to: '+12005550100' });
    const fax = await service.ended(id);
    const { data, meta } = await attempts(id);
    assert.equal(meta.total_results, 1);
    const [a] = data;
    assert.equal(a.record_type, 'fax_attempt');
    assert.equal(a.fax_id, id);
    assert.equal(a.number, 1);
    assert.equal(a.status, 'delivered');
    assert.equal(a.trunk, 'carrier');
    assert.match(a.transport, /^t38/);
    assert.equal(a.bit_rate, 14400);
    assert.equal(a.pages_confirmed, fax.page_count);
    assert.equal(a.first_page, 1);
    assert.equal(a.t30_code, 0);
    assert.equal(a.failure_reason, null);
    assert.equal(a.retry_class, null);
    assert.ok(a.started_at <= a.answered_at && a.answered_at <= a.ended_at, JSON.stringify(a));
    assert.equal(typeof a.record, 'object');
    const one = await service.request('GET', `/v2/faxes/${id}/attempts/1`);
    assert.deepEqual(one.body.data, a);
});

test('the record tells the dialogue both ways, the pages and the phases', async () => {
    const { id } = await service.send({ to: '+12005550100' });
    const fax = await service.ended(id);
    const { record } = (await attempts(id)).data[0];
    assert.deepEqual(record.pages.map((p) => [p.page, p.confirmed, p.compression, p.width, p.bit_rate]),
        Array.from({ length: fax.page_count }, (_, i) => [i + 1, true, 'MMR', 1728, 14400]));
    assert.ok(record.pages.every((p) => p.bytes > 0 && p.rows > 0 && p.bad_rows === 0));
    const names = record.dialogue.map((l) => l.split(' ').filter(Boolean).slice(1, 3).join(' '));
    for (const name of ['far DIS', 'us DCS', 'far CFR', 'us PPS-EOP', 'far MCF', 'us DCN'])
        assert.ok(names.includes(name), `${name} in ${JSON.stringify(record.dialogue)}`);
    assert.equal(names.filter((n) => n === 'us PPS-MPS').length, fax.page_count - 1);
    assert.match(record.dialogue.find((l) => l.includes('DCS')), /14400 bit\/s, fine, MMR, ECM/);
    assert.deepEqual(Object.keys(record.phases_ms), ['a', 'b', 'c', 'd', 'e']);
    assert.ok(record.packets.received > 0);
    assert.ok(record.pages.every((p) => p.try === 1 && p.repeated_frames === 0));
    assert.equal(record.resolution, 'fine');
    assert.deepEqual(record.negotiated, { bit_rate: 14400, ecm: true });
    assert.equal(record.remote_ident, '12005550100');
    assert.deepEqual(Object.keys(record.far_end).sort(), ['country', 'model', 'vendor']);
    assert.ok(record.sip_progress.includes(180), JSON.stringify(record.sip_progress));
    assert.match(record.transports[0].why, /T\.38/);
});

test('a page that was asked for again shows each of its ways over the line', async () => {
    const { id } = await service.send({ to: '+12005550109' });
    assert.equal((await service.ended(id)).status, 'delivered');
    const { record } = (await attempts(id)).data[0];
    assert.ok(record.pages.some((p) => p.repeated_frames > 0), JSON.stringify(record.pages)); // PPR
    const { id: refused } = await service.send({ to: '+12005550110' });
    assert.equal((await service.ended(refused)).status, 'failed');
    const { pages } = (await attempts(refused)).data[0].record;
    assert.ok(pages.length > 1 && pages.every((p, i) => p.page === 1 && p.try === i + 1 && !p.confirmed), JSON.stringify(pages)); // RTN
});

test('a call that comes in is kept as well: trunk, speed, pages, who it was, what was said', async () => {
    await service.number('+13125550721', service.application_id);
    const sent = await service.send({ to: '+13125550721', from: '+12025550147' });
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received('+13125550721');
    const { data, meta } = await attempts(fax.id);
    assert.equal(meta.total_results, 1);
    const [a] = data;
    assert.deepEqual([a.fax_id, a.number, a.status, a.trunk, a.bit_rate, a.pages_confirmed, a.t30_code, a.failure_reason, a.retry_class],
        [fax.id, 1, 'received', 'carrier', 14400, fax.page_count, 0, null, null]);
    assert.match(a.transport, /^t38/);
    assert.ok(a.started_at <= a.answered_at && a.answered_at <= a.ended_at, JSON.stringify(a));
    const { record } = a;
    assert.deepEqual(record.pages.map((p) => [p.page, p.confirmed, p.compression]), Array.from({ length: fax.page_count }, (_, i) => [i + 1, true, 'MMR']));
    assert.equal(record.remote_ident, '+12025550147');
    assert.deepEqual(record.negotiated, { bit_rate: 14400, ecm: true });
    assert.match(record.transports[0].why, /T\.38/);
    const names = record.dialogue.map((l) => l.split(' ').filter(Boolean).slice(1, 3).join(' '));
    for (const name of ['us DIS', 'far DCS', 'us CFR', 'far PPS-EOP', 'us MCF', 'far DCN'])
        assert.ok(names.includes(name), `${name} in ${JSON.stringify(record.dialogue)}`);
    assert.ok(record.packets.received > 0 && record.phases_ms.c > 0);
    assert.equal(record.resolution, 'fine');
    assert.equal(record.source, '127.0.0.1');
});

test('a busy number and a broken call say what they were and what to do', async () => {
    const busy = await service.send({ to: '+12005550101' });
    const dropped = await service.send({ to: '+12005550107' });
    await service.ended(busy.id);
    await service.ended(dropped.id);
    const [b] = (await attempts(busy.id)).data;
    assert.deepEqual([b.status, b.failure_reason, b.retry_class, b.sip_status, b.answered_at],
        ['failed', 'user_busy', 'busy', 486, null]);
    assert.match(b.advice, /busy/);
    const [d] = (await attempts(dropped.id)).data;
    assert.deepEqual([d.status, d.failure_reason, d.retry_class, d.pages_confirmed],
        ['failed', 'receiver_call_dropped', 'dropped', 1]);
});

test('attempts that are not there, and faxes of others, are not found', async () => {
    const { id } = await service.send({ to: '+12005550100' });
    await service.ended(id);
    for (const path of [`${id}/attempts/2`, `${id}/attempts/0`, `${id}/attempts/x`,
        '01a20be3-a2ab-77fd-be6b-83c996567594/attempts'])
        assert.equal((await service.request('GET', `/v2/faxes/${path}`)).status, 404, path);
    const page = await service.request('GET', `/v2/faxes/${id}/attempts?page[number]=2`);
    assert.deepEqual(page.body.data, []);
});
