/* Where a fax stands in the queue, and when it is expected to be dialled. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service, until } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => service?.end());

const get = async (id) => (await service.request('GET', `/v2/faxes/${id}`)).body.data;
const place = ({ queue_position, expected_start_at }) => [queue_position, expected_start_at];
const rings = '+12005550116'; // for 20 s

test('behind a call to the same number faxes have their places, and see them get better', async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) {
        ids.push((await service.send({ to: rings })).id);
        await until('it to wait or to ring', async () => (await get(ids[i])).status !== 'queued');
    }
    await until('the first to ring', async () => (await get(ids[0])).status === 'originated');
    const before = Date.now();
    const [first, second, third] = await Promise.all(ids.map(get));
    assert.deepEqual(place(first), [null, null]);
    assert.deepEqual([second.queue_position, third.queue_position], [1, 2]);
    const [next, last] = [second, third].map((fax) => Date.parse(fax.expected_start_at));
    assert.ok(next > before && last > next, `${before} ${next} ${last}`);
    assert.equal((await service.request('POST', `/v2/faxes/${ids[1]}/actions/cancel`)).status, 202);
    const ended = await service.ended(ids[1]);
    assert.deepEqual(place(await get(ended.id)), [null, null]);
    assert.equal((await get(ids[2])).queue_position, 1);
    for (const id of [ids[0], ids[2]]) await service.request('POST', `/v2/faxes/${id}/actions/cancel`);
});

test('what waits for its time is expected then', async () => {
    const send_at = new Date(Date.now() + 3600_000).toISOString();
    const { id } = await service.send({ to: '+12005550100', send_at });
    const fax = await until('its pages', async () => { const fax = await get(id); return fax.status === 'media.processed' && fax; });
    assert.equal(Date.parse(fax.expected_start_at), Date.parse(send_at));
    assert.equal(fax.queue_position, 1);
    const listed = (await service.request('GET', '/v2/faxes?filter[status]=media.processed')).body.data;
    assert.deepEqual(listed.map((one) => 'queue_position' in one), [false], 'a list does not count for each');
});
