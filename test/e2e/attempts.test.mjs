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
