/* Lists of faxes by status, and oldest first: ours beyond the contract. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service } from './lib/service.mjs';

let service;
const ids = [];
before(async () => {
    service = await Service.start();
    for (const to of ['+12005550100', '+12005550101', '+12005550100'])
        ids.push((await service.send({ to })).id);
    for (const id of ids)
        await service.ended(id);
});
after(async () => service?.end());

const list = async (query) => {
    const { status, body } = await service.request('GET', `/v2/faxes?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return { ids: body.data.map((f) => f.id), total: body.meta.total_results };
};

test('a list by status has those faxes only, and their number', async () => {
    assert.deepEqual(await list('filter[status]=failed'), { ids: [ids[1]], total: 1 });
    assert.deepEqual(await list('filter[status][eq]=delivered'), { ids: [ids[2], ids[0]], total: 2 });
    assert.deepEqual(await list('filter[status]=delivered,failed&page[size]=2'), { ids: [ids[2], ids[1]], total: 3 });
    assert.deepEqual(await list('filter[status]=queued'), { ids: [], total: 0 });
    assert.deepEqual(await list(`filter[status]=delivered&filter[to]=${encodeURIComponent('+12005550101')}`), { ids: [], total: 0 });
});

test('a list may begin with the oldest', async () => {
    assert.deepEqual((await list('sort=created_at')).ids, ids);
    assert.deepEqual((await list('sort=-created_at')).ids, [...ids].reverse());
    assert.deepEqual(await list('sort=created_at&page[size]=2&page[number]=2'), { ids: [ids[2]], total: 3 });
});

test('a status or an order that there is not is told by its name', async () => {
    for (const [query, parameter] of [['filter[status]=lost', 'filter[status]'], ['filter[status]=', 'filter[status]'],
        ['filter[status]=failed,', 'filter[status]'], ['filter[status][eq]=failed,gone', 'filter[status][eq]'], ['sort=to', 'sort']]) {
        const { status, body } = await service.request('GET', `/v2/faxes?${query}`);
        assert.equal(status, 400, query);
        assert.equal(body.errors[0].source.parameter, parameter);
    }
});
