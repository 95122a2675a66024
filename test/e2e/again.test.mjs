/* Dialling again: only when asked, by cause, by a plainer way, and no page twice. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { Service, until } from './lib/service.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => { await service?.end(); });

const rule = (max) => ({ delay_secs: 1, max });
const attempts = async (id) => (await service.request('GET', `/v2/faxes/${id}/attempts`)).body.data;
/* A form carries the policy as JSON. */
const send = (to, retry, more = {}) => service.send({ to, ...(retry ? { retry: typeof retry === 'string' ? retry : JSON.stringify(retry) } : {}), ...more });

test('nobody is dialled again unless it was asked for', async () => {
    const fax = await send('+12005550101');
    assert.equal(fax.retry, null);
    const ended = await service.ended(fax.id);
    assert.deepEqual([ended.status, ended.attempt_count], ['failed', 1]);
});

test('a network that has no room is called again, and takes the third call', async () => {
    const fax = await send('+12005550114', { congestion: rule(5) });
    assert.equal(fax.retry.congestion.max, 5);
    const ended = await service.ended(fax.id);
    assert.deepEqual([ended.status, ended.attempt_count], ['delivered', 3], JSON.stringify(ended));
    assert.deepEqual((await attempts(fax.id)).map((a) => [a.number, a.status, a.retry_class]),
        [[1, 'failed', 'congestion'], [2, 'failed', 'congestion'], [3, 'delivered', null]]);
    const events = (await service.events(fax.id)).map((e) => e.event_type);
    assert.equal(events.filter((e) => e === 'attempt.failed').length, 2);
    assert.equal(events.filter((e) => e === 'fax.failed').length, 0);
    assert.equal(events.at(-1), 'fax.delivered');
});

test('a busy number is given up after as many dials as were allowed, and not before the delay', async () => {
    const fax = await send('+12005550101', { busy: rule(2) });
    const ended = await service.ended(fax.id);
    assert.deepEqual([ended.status, ended.failure_reason, ended.attempt_count], ['failed', 'user_busy', 3]);
    assert.match(ended.internal_failure_reason, /not dialled again: it came to this 3 times/);
    const times = (await attempts(fax.id)).map((a) => [Date.parse(a.started_at), Date.parse(a.ended_at)]);
    for (let i = 1; i < times.length; i++) assert.ok(times[i][0] - times[i - 1][1] >= 1000, JSON.stringify(times));
});

test('a number that does not exist, or declines, is never dialled again', async () => {
    for (const to of ['+12005550103', '+12005550104']) {
        const ended = await service.ended((await send(to, 'hylafax')).id);
        assert.equal(ended.attempt_count, 1, to);
    }
});

test('a fax goes on at the first page that did not arrive, and no page arrives twice', async () => {
    const to = '+12005550107'; // hangs up in page 2 of each call
    const fax = await send(to, { dropped: rule(5), max_tries: 9, partial: 'resume', ladder: false });
    const ended = await service.ended(fax.id);
    assert.deepEqual([ended.status, ended.page_count, ended.pages_confirmed], ['delivered', 3, 3], JSON.stringify(ended));
    assert.deepEqual((await attempts(fax.id)).map((a) => [a.first_page, a.pages_confirmed]), [[1, 1], [2, 1], [3, 1]]);
    assert.equal(ended.attempt_count, 3);
});

test('pages that arrived are not sent again when nobody allowed it', async () => {
    const ended = await service.ended((await send('+12005550107', 'standard')).id);
    assert.deepEqual([ended.status, ended.attempt_count, ended.pages_confirmed], ['failed', 1, 1]);
    assert.match(ended.internal_failure_reason, /1 pages have arrived/);
});

test('after trouble of the machines the next call goes a plainer way', async () => {
    const fax = await send('+12005550108', { protocol: rule(3), max_tries: 4, total_secs: 600 }, { quality: 'normal' });
    await until('the second call', async () => (await attempts(fax.id)).length >= 2);
    const ways = (await attempts(fax.id)).map((a) => a.record.way);
    assert.equal(ways[0], 't38');
    assert.notEqual(ways[1], 't38');
    await service.request('POST', `/v2/faxes/${fax.id}/actions/cancel`);
    assert.equal((await service.ended(fax.id)).status, 'failed');
});

test('a fax that waits for its next call says when, and is cancelled at once', async () => {
    const { id } = await send('+12005550101', { busy: { delay_secs: 3600, max: 1 } });
    const waiting = await until('the wait', async () => {
        const fax = await service.fax(id);
        return fax.attempt_count === 1 && fax.status === 'media.processed' && fax;
    });
    assert.ok(Date.parse(waiting.next_attempt_at) - Date.now() > 3_500_000, waiting.next_attempt_at);
    await service.request('POST', `/v2/faxes/${id}/actions/cancel`);
    const ended = await service.ended(id);
    assert.deepEqual([ended.status, ended.failure_reason, ended.attempt_count], ['failed', 'sender_canceled', 1]);
});

test('an application has a policy for those that name none; a request has the last word', async () => {
    const app = await service.application('http://127.0.0.1:9/', { retry: { busy: rule(1) } });
    assert.equal(app.retry.busy.max, 1);
    const own = await service.ended((await send('+12005550101', null, { connection_id: app.id })).id);
    assert.equal(own.attempt_count, 2);
    const none = await service.ended((await send('+12005550101', 'none', { connection_id: app.id })).id);
    assert.equal(none.attempt_count, 1);
});

test('a policy that is none is refused, and the answer says what is wrong', async () => {
    for (const [retry, what, below = ''] of [['often', /policy/], ['{"max_dials":0}', /max_dials/, '/max_dials'],
        ['{"no_fax":{"delay_secs":60}}', /delay_secs/, '/no_fax/delay_secs'], ['{', /policy/]]) {
        const form = new FormData();
        for (const [name, value] of Object.entries({ connection_id: service.application_id, from: '+12025550123', to: '+12005550100', retry, media_url: 'http://127.0.0.1/x.pdf' }))
            form.set(name, value);
        const answer = await service.request('POST', '/v2/faxes', { body: form });
        assert.equal(answer.status, 422, retry);
        assert.match(answer.body.errors[0].detail, what);
        assert.equal(answer.body.errors[0].source.pointer, `/retry${below}`);
    }
    const all = await service.request('POST', '/v2/faxes', { body: { connection_id: service.application_id, from: '+12025550123', to: '+12005550100',
        media_url: 'http://127.0.0.1/x.pdf', retry: { max_dials: 0, ladder: 'yes', busy: { max: -1, delay: 3 } } } });
    assert.deepEqual(all.body.errors.map((e) => e.source.pointer).sort(),
        ['/retry/busy/delay', '/retry/busy/max', '/retry/ladder', '/retry/max_dials'], 'every fault in one answer');
});
