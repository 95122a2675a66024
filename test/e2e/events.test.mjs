/* Events without a public URL: a program that only asks learns what webhooks tell, all of it, once. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';

let service, receiver;
before(async () => {
    service = await Service.start();
    receiver = await Receiver.start();
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

const feed = async (query) => {
    const answer = await service.request('GET', `/v2/events?${new URLSearchParams(query)}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
};

/* Asks until `done`, from a cursor; what came and the cursor behind it. */
async function follow(query, done) {
    const events = [];
    let after = query.after ?? '0';
    while (!done(events)) {
        const { data, meta } = await feed({ ...query, after, wait: 30 });
        events.push(...data);
        after = meta.cursor;
    }
    return { events, cursor: after };
}

test('pollers see what the webhooks told, each event once, in order', async () => {
    const application = await service.application(receiver.url);
    const count = 12;
    const ends = (events) => events.filter((e) => /^fax\.(delivered|failed)$/.test(e.event_type)).length >= count;
    const pollers = [1, 3, 100].map((limit) => follow({ limit }, ends));
    const faxes = await Promise.all(Array.from({ length: count }, (_, i) =>
        service.send({ to: i % 3 ? '+12005550100' : '+12005550101', connection_id: application.id })));
    const seen = await Promise.all(pollers);
    const ids = seen.map((s) => s.events.map((e) => e.id));
    assert.equal(new Set(ids[0]).size, ids[0].length, 'nothing twice');
    assert.deepEqual(ids[1], ids[0]);
    assert.deepEqual(ids[2], ids[0]);
    for (const { id } of faxes) {
        const told = (await receiver.complete(id)).map((hook) => hook.event.data);
        const asked = seen[0].events.filter((e) => e.payload.fax_id === id);
        assert.deepEqual(asked.map(({ seq, ...event }) => event), told, id);
        for (const event of asked) assert.ok(Number.isInteger(event.seq));
    }
    const calls = await feed({ 'filter[event_type]': 'call.answered,page.confirmed', limit: 250 });
    assert.ok(calls.data.length > 0);
    for (const e of calls.data) assert.match(e.event_type, /^(call\.answered|page\.confirmed)$/);
});

test('a consumer goes on where it acknowledged, over a kill of the service', async () => {
    const acknowledge = async (cursor) => {
        const answer = await service.request('POST', '/v2/events/actions/acknowledge', { body: { consumer: 'desk', cursor } });
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        assert.equal(answer.body.data.cursor, cursor);
    };
    const all = (await feed({ limit: 250 })).data;
    const begin = await feed({ consumer: 'desk', limit: 2 });
    assert.deepEqual(begin.data, all.slice(0, 2));
    assert.equal(begin.meta.more, true);
    await acknowledge(begin.meta.cursor);
    await service.stop('SIGKILL');
    service = await Service.start({ data: service.folder });
    assert.deepEqual((await feed({ consumer: 'desk', limit: 250 })).data, all.slice(2));
    const late = feed({ after: 'latest', wait: 60 });
    const fax = await service.send({ to: '+12005550100' });
    const { data } = await late;
    for (const event of data) assert.equal(event.payload.fax_id, fax.id);
    await service.ended(fax.id);
});

test('a stop answers those who wait, with nothing lost', async () => {
    await service.stop();
    service = await Service.start({ data: service.folder, args: ['--log-level', 'debug'] });
    const { meta } = await feed({ after: 'latest' });
    const before = Date.now();
    const waiting = Array.from({ length: 5 }, () => feed({ after: meta.cursor, wait: 60 }));
    await until('all to wait', () => service.log.split('events.waiting').length > 5);
    await service.stop();
    for (const answer of await Promise.all(waiting)) assert.deepEqual(answer, { data: [], meta: { cursor: meta.cursor, more: false } });
    assert.ok(Date.now() - before < 50_000);
    service = await Service.start({ data: service.folder });
    const fax = await service.send({ to: '+12005550100' });
    const { events } = await follow({ after: meta.cursor }, (got) => got.some((e) => e.event_type === 'fax.delivered'));
    assert.deepEqual(events.map((e) => e.event_type), ['fax.queued', 'fax.media.processed', 'fax.sending.started', 'fax.delivered']);
    await until('the end', async () => (await service.fax(fax.id)).status === 'delivered');
});
