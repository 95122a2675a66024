/* What calls teach about a number is used, shown, and can be changed. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { onePage } from './lib/pdf.mjs';
import { Service, until } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => { await service?.end(); });

const path = (number) => `/v2/destinations/${encodeURIComponent(number)}`;
const call = (method, number, body) => service.request(method, path(number), body ? { body } : {});
const ways = async (id) => (await service.request('GET', `/v2/faxes/${id}/attempts`)).body.data.map((a) => a.record.way);

test('a number where T.38 is known to be bad is called over G.711 at once', async () => {
    const to = '+13125550006'; // it would take T.38
    assert.equal((await call('GET', to)).status, 404);
    const made = await call('PATCH', to, { t38_bad: true });
    assert.equal(made.status, 200);
    assert.deepEqual([made.body.data.number, made.body.data.parked, made.body.data.facts.t38_bad.count], [to, false, 1]);
    const fax = await service.send({ to, quality: 'normal' }, onePage(service.folder));
    const ended = await service.ended(fax.id, 180_000);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    assert.deepEqual(await ways(fax.id), ['audio']);
    const carried = (await service.events(fax.id)).filter((e) => e.event_type === 'call.transport').map((e) => e.payload.transport);
    assert.ok(!carried.some((transport) => transport.startsWith('t38')), String(carried));
    assert.deepEqual((await call('PATCH', to, { t38_bad: false })).body.data.facts, {});
});

test('a number where V.17 is known to be bad gets no more than 9600 bit/s, on the line as the far end hears it too', async () => {
    const to = '+13125550007';
    assert.equal((await call('PATCH', to, { v17_bad: true })).status, 200);
    const slow = await service.ended((await service.send({ to })).id);
    assert.equal(slow.status, 'delivered');
    const [attempt] = (await service.request('GET', `/v2/faxes/${slow.id}/attempts`)).body.data;
    assert.equal(attempt.record.way, 't38_slow');
    assert.deepEqual(rates(attempt), [9600]);
    const heard = () => JSON.parse(readFileSync(service.mailbox(to, '.json').at(-1), 'utf8')).bit_rate;
    await until('the far end to write it down', () => service.mailbox(to, '.json').length === 1);
    assert.equal(heard(), 9600);

    assert.equal((await call('PATCH', to, { v17_bad: false })).status, 200);
    const quick = await service.ended((await service.send({ to })).id);
    assert.deepEqual(rates((await service.request('GET', `/v2/faxes/${quick.id}/attempts`)).body.data[0]), [14400]);
    await until('the far end to write it down', () => service.mailbox(to, '.json').length === 2);
    assert.equal(heard(), 14400);
});

/* Of a call: its own, that of its pages and that of each DCS that went out, once each. */
const rates = ({ bit_rate, record }) => [...new Set([bit_rate, ...record.pages.map((p) => p.bit_rate),
    ...record.dialogue.filter((l) => l.includes('us DCS')).map((l) => Number(/(\d+) bit\/s/.exec(l)[1]))])];

test('a number where a person answered twice is parked until somebody clears it', async () => {
    const to = '+12005550105';
    const ended = await Promise.all([1, 2].map(async () => service.ended((await service.send({ to })).id)));
    for (const fax of ended) assert.equal(fax.status, 'failed');
    const { data } = (await call('GET', to)).body;
    assert.deepEqual([data.parked, data.facts.human.count], [true, 2]);
    assert.ok(Date.parse(data.facts.human.expires_at) > Date.now());
    const refused = await service.ended((await service.send({ to })).id);
    assert.deepEqual([refused.status, refused.failure_reason, refused.attempt_count], ['failed', 'destination_invalid', 0]);
    assert.match(refused.internal_failure_reason, /parked/);
    const list = (await service.request('GET', '/v2/destinations')).body;
    assert.deepEqual(list.data.filter((d) => d.parked).map((d) => d.number), [to]);
    const cleared = (await call('PATCH', to, { parked: false })).body.data;
    assert.deepEqual([cleared.parked, cleared.facts], [false, {}]);
    assert.equal((await call('DELETE', to)).status, 204);
    assert.equal((await call('GET', to)).status, 404);
    assert.equal((await call('DELETE', to)).status, 404);
});

test('what is no number, and what is no fact, is refused', async () => {
    assert.equal((await call('PATCH', 'nobody', { parked: true })).status, 404);
    assert.equal((await call('PATCH', '+12005550100', { parked: 'perhaps' })).status, 422);
});
