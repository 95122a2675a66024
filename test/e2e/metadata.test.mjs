/* Metadata: what a client writes on a fax, to find it by. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Receiver } from './lib/receiver.mjs';
import { Service } from './lib/service.mjs';

let service, receiver;
before(async () => {
    service = await Service.start();
    receiver = await Receiver.start();
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

const send = (metadata) => service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id,
    to: '+12005550101', from: '+12025550123', media_url: 'http://127.0.0.1:1/a.pdf', metadata } });
const list = async (query) => {
    const { status, body } = await service.request('GET', `/v2/faxes?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.meta.total_results, body.data.length);
    return body.data.map((f) => f.id);
};

test('it is shown with the fax, told by its webhooks and events, taken over by a resend', async () => {
    const application = await service.application(receiver.url);
    const metadata = { case: '4711', ward: 'Süd "2"' };
    const { id } = await service.send({ to: '+12005550101', connection_id: application.id, metadata: JSON.stringify(metadata) });
    assert.deepEqual((await service.ended(id)).metadata, metadata);
    await receiver.complete(id);
    for (const event of await service.events(id)) assert.deepEqual(event.payload.metadata, metadata, event.event_type);
    const again = (await service.request('POST', `/v2/faxes/${id}/actions/resend`, { body: {} })).body.data;
    assert.deepEqual(again.metadata, metadata);
    assert.equal((await send()).body.data.metadata, null);
});

test('a list has those faxes that have all that is asked for', async () => {
    const ids = [];
    for (const metadata of [{ job: 'a', step: '1' }, { job: 'a', step: '2' }, { job: 'b', step: '1' }])
        ids.push((await send(metadata)).body.data.id);
    assert.deepEqual(await list('filter[metadata][job]=a'), [ids[1], ids[0]]);
    assert.deepEqual(await list('filter[metadata][job]=a&sort=created_at'), [ids[0], ids[1]]);
    assert.deepEqual(await list('filter[metadata][job]=a&filter[metadata][step]=1'), [ids[0]]);
    assert.deepEqual(await list('filter[metadata][job]=c'), []);
    await service.ended(ids[0]);
    assert.deepEqual(await list('filter[metadata][step]=1&filter[status]=failed&filter[metadata][job]=a'), [ids[0]]);
    await service.request('DELETE', `/v2/faxes/${ids[0]}`);
    assert.deepEqual(await list('filter[metadata][job]=a'), [ids[1]]);
});

test('it is small, and of texts', async () => {
    const many = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
    for (const good of [{}, many(16), { ['k'.repeat(40)]: 'v'.repeat(500) }, { empty: '' }])
        assert.equal((await send(good)).status, 202, JSON.stringify(good));
    for (const bad of [many(17), { ['k'.repeat(41)]: 'v' }, { k: 'v'.repeat(501) }, { 'a b': 'v' }, { '': 'v' }, { k: 7 }, { k: null }, ['k'], 7]) {
        const { status, body } = await send(bad);
        assert.deepEqual([status, body.errors?.[0].source.pointer], [422, '/metadata'], JSON.stringify(bad));
    }
    for (const bad of ['filter[metadata]=a', 'filter[metadata][]=a', 'filter[metadata][a][b]=a', 'filter[metadata][a%20b]=a'])
        assert.equal((await service.request('GET', `/v2/faxes?${bad}`)).status, 400, bad);
});
