/* What a user sees of his webhooks: every try, by what it said and was told. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => service?.end());

const deliveries = async (query = '') => (await service.request('GET', `/v2/webhook_deliveries${query}`)).body;

test('a receiver that fails first: every try is in the log', async () => {
    const receiver = await Receiver.start((hook, before) => (before < 2 ? 503 : 200));
    const application = await service.application(receiver.url);
    const fax = await service.send({ to: '+12005550100', connection_id: application.id });
    await receiver.complete(fax.id);
    const queued = await until('the log of the first event', async () => {
        const { data } = await deliveries(`?filter[webhook][contains]=${fax.id}&filter[event_type]=fax.queued&filter[status][eq]=delivered`);
        return data[0];
    });
    assert.equal(queued.record_type, 'webhook_delivery');
    assert.equal(queued.status, 'delivered');
    assert.equal(queued.webhook.payload.fax_id, fax.id);
    assert.equal(queued.webhook.event_type, 'fax.queued');
    assert.equal(queued.next_attempt_at, null);
    assert.deepEqual(queued.attempts.map((a) => [a.attempt, a.status, a.http.response.status]),
        [[3, 'delivered', 200], [2, 'failed', 503], [1, 'failed', 503]]);
    const [third, , first] = queued.attempts;
    assert.deepEqual(first.errors, [75599]);
    assert.equal(third.errors, undefined);
    assert.equal(first.http.request.url, receiver.url);
    const sent = new Map(first.http.request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    for (const name of ['telnyx-signature-ed25519', 'telnyx-timestamp', 'content-type', 'user-agent', 'host', 'content-length'])
        assert.equal(sent.get(name), receiver.hooks[0].headers[name], name);
    assert.ok(first.http.response.headers.some(([name]) => name.toLowerCase() === 'date'));
    assert.ok(first.started_at <= first.finished_at && first.finished_at <= third.started_at);
    const { body, status } = await service.request('GET', `/v2/webhook_deliveries/${queued.id.toUpperCase()}`);
    assert.equal(status, 200);
    assert.deepEqual(body.data, queued);
    await receiver.end();
});

test('the list is in pages, filters are checked', async () => {
    const all = await deliveries('?page[size]=1');
    assert.equal(all.data.length, 1);
    assert.equal(all.meta.total_results, all.meta.total_pages);
    assert.ok(all.meta.total_results >= 4);
    assert.equal((await deliveries('?filter[status][eq]=failed')).meta.total_results, 0);
    assert.equal((await deliveries('?filter[event_type]=fax.queued,fax.nothing')).meta.total_results, 1);
    assert.equal((await deliveries('?filter[attempts][contains]=503')).meta.total_results, 1);
    assert.equal((await deliveries('?filter[started_at][gte]=2100-01-01T00:00:00Z')).meta.total_results, 0);
    for (const query of ['filter[status][eq]=lost', 'filter[colour]=red', 'filter[started_at][gte]=soon'])
        assert.equal((await service.request('GET', `/v2/webhook_deliveries?${query}`)).status, 400, query);
    assert.equal((await service.request('GET', '/v2/webhook_deliveries/7f000001-0000-4000-8000-000000000000')).status, 404);
    assert.equal((await service.request('GET', '/v2/webhook_deliveries', { key: null })).status, 401);
});

test('an application without a URL is told nothing, and nothing is logged of it', async () => {
    const before = (await deliveries()).meta.total_results;
    const fax = await service.send({ to: '+12005550100' }); // the first application has no URL
    await service.ended(fax.id);
    assert.equal((await deliveries()).meta.total_results, before);
    assert.ok(!service.log.includes('webhook.given_up'), 'no warning');
});

test('the public key has two names', async () => {
    const [one, other] = await Promise.all(['/v2/public_key', '/v2/webhook_public_key'].map((path) => service.request('GET', path)));
    assert.deepEqual(other.body, one.body);
    assert.equal(one.body.data.public_key, service.public_key);
});
