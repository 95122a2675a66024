/* Each program is killed in the middle of a fax: the fax ends, truly, and no event is missing. */
import { describe, it as test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Service, until, pagesEqual } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { onePage, twoPages } from './lib/pdf.mjs';

const OWN_FAILURES = ['service_unavailable'];

async function eventTypes(service, id) {
    return (await service.events(id)).map((e) => e.event_type);
}

/* What must hold however it went: the events tell the whole way, once each, and end it once. */
async function checkStory(service, receiver, id) {
    const fax = await service.ended(id);
    const types = await eventTypes(service, id);
    const webhooks = types.filter((t) => t.startsWith('fax.'));
    assert.equal(webhooks[0], 'fax.queued');
    assert.equal(webhooks.filter((t) => t === 'fax.delivered' || t === 'fax.failed').length, 1, types.join(' '));
    assert.equal(webhooks.at(-1), `fax.${fax.status}`);
    assert.equal(new Set(webhooks).size, webhooks.length, `told twice: ${types.join(' ')}`);
    if (fax.status === 'delivered') {
        assert.deepEqual(webhooks, ['fax.queued', 'fax.media.processed', 'fax.sending.started', 'fax.delivered']);
        const [received] = await until('the received pages', () => service.mailbox(fax.to).length && service.mailbox(fax.to));
        pagesEqual(join(service.faxFolder(id), 'pages.tif'), received);
    } else {
        assert.ok(fax.failure_reason, JSON.stringify(fax));
        assert.ok(fax.internal_failure_reason, JSON.stringify(fax));
    }
    await receiver.complete(id);
    assert.deepEqual([...new Set(receiver.types(id))], webhooks, 'webhooks as the events, in their order');
    return fax;
}

async function within(fn, args = ['--paced']) {
    const receiver = await Receiver.start();
    let service = await Service.start({ args });
    try {
        const application = await service.application(receiver.url);
        await fn({ get service() { return service; }, set service(s) { service = s; }, receiver, application });
    } finally {
        await service.end();
        await receiver.end();
    }
}

const underway = (service, id) => until('the page to be under way', async () =>
    (await service.fax(id)).status === 'sending');

/* Calls at line speed are mostly waiting; each test has a service of its own. */
describe('recovery', { concurrency: 4 }, () => {
    for (const name of ['faxwire-line', 'faxwire-modem', 'faxwire-carrier']) {
        test(`kill -9 of ${name} while a page is sent`, async () => within(async (t) => {
            const fax = await t.service.send({ to: '+13125550010', connection_id: t.application.id, quality: 'normal' },
                twoPages(t.service.folder));
            await underway(t.service, fax.id);
            const pid = t.service.child(name);
            process.kill(pid, 'SIGKILL');
            await checkStory(t.service, t.receiver, fax.id);
            await until(`a new ${name}`, () => t.service.child(name) && t.service.child(name) !== pid);
            const next = await t.service.send({ to: '+13125550011', quality: 'normal' }, onePage(t.service.folder));
            assert.equal((await t.service.ended(next.id)).status, 'delivered', 'the service goes on');
        }));
    }

    test('kill -9 of faxwire-modem before a page is confirmed: dialled again and delivered', async () => within(async (t) => {
        const fax = await t.service.send({ to: '+13125550012', connection_id: t.application.id, quality: 'normal' },
                twoPages(t.service.folder));
        await until('the answer', async () => (await eventTypes(t.service, fax.id)).includes('call.answered'));
        process.kill(t.service.child('faxwire-modem'), 'SIGKILL');
        const ended = await checkStory(t.service, t.receiver, fax.id);
        assert.equal(ended.status, 'delivered');
        assert.ok((await eventTypes(t.service, fax.id)).includes('attempt.interrupted'));
    }));

    test('kill -9 of faxwire-render: rendered again', async () => within(async (t) => {
        const fax = await t.service.send({ to: '+13125550013', connection_id: t.application.id, quality: 'very_high' });
        const pid = await until('the renderer', () => t.service.child('faxwire-render'));
        process.kill(pid, 'SIGKILL');
        const ended = await checkStory(t.service, t.receiver, fax.id);
        assert.equal(ended.status, 'delivered');
    }, []));

    for (const [when, ready] of [
        ['right after the answer to POST', async () => true],
        ['while a page is sent', async (service, id) => (await service.fax(id)).status === 'sending'],
        ['after a page was confirmed', async (service, id) => (await eventTypes(service, id)).includes('page.confirmed')],
    ]) {
        test(`kill -9 of faxwire ${when}, then start again`, async () => within(async (t) => {
            const fax = await t.service.send({ to: '+13125550014', connection_id: t.application.id, quality: 'normal' },
                twoPages(t.service.folder));
            await until(when, () => ready(t.service, fax.id));
            const before = { key: t.service.api_key, application: t.service.application_id };
            await t.service.stop('SIGKILL');
            t.service = await Service.start({ data: t.service.folder, args: ['--paced'] });
            assert.equal(t.service.api_key, before.key);
            assert.equal(t.service.application_id, before.application);
            const ended = await checkStory(t.service, t.receiver, fax.id);
            if (when === 'after a page was confirmed' && ended.status === 'failed') {
                assert.ok(OWN_FAILURES.includes(ended.failure_reason), JSON.stringify(ended));
                assert.ok(ended.pages_confirmed >= 1);
            } else assert.equal(ended.status, 'delivered', JSON.stringify(ended));
        }));
    }

    test('SIGTERM in the middle of a fax: clean, nothing left behind, and it goes on at the next start', async () => within(async (t) => {
        const fax = await t.service.send({ to: '+13125550015', connection_id: t.application.id, quality: 'normal' },
                twoPages(t.service.folder));
        await underway(t.service, fax.id);
        const children = t.service.children().map((p) => p.pid);
        assert.ok(children.length >= 3);
        const exit = await t.service.stop('SIGTERM');
        assert.deepEqual(exit, { code: 0, signal: null });
        const alive = new Set(readdirSync('/proc'));
        assert.deepEqual(children.filter((pid) => alive.has(String(pid))), []);
        t.service = await Service.start({ data: t.service.folder, args: ['--paced'] });
        assert.equal((await checkStory(t.service, t.receiver, fax.id)).status, 'delivered');
    }));
});
