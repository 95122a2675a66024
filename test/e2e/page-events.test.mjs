/* fax.page.received: each page is told of when it is on disk and confirmed, once and in order, with a link to its
 * picture; also those of a call that breaks or that a program dies in. At line speed, so that there is a middle. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './lib/pdf.mjs';
import { Receiver } from './lib/receiver.mjs';
import { Service, until } from './lib/service.mjs';

const PAGES = 4;
const NUMBERS = { whole: '+13125550741', modem: '+13125550742', service: '+13125550743', quiet: '+13125550744' };
let service, receiver, document;

before(async () => {
    receiver = await Receiver.start();
    service = await Service.start({ args: ['--paced'] });
    document = join(service.folder, 'pages.pdf');
    writeFileSync(document, pages(PAGES, 2));
    const telling = await service.application(receiver.url, { inbound: { page_events: true } });
    assert.equal(telling.inbound.page_events, true);
    const quiet = await service.application(receiver.url);
    for (const number of Object.values(NUMBERS)) await service.number(number, number === NUMBERS.quiet ? quiet.id : telling.id);
});
after(async () => {
    await service?.end();
    await receiver?.end();
});

const send = (to) => service.send({ to, quality: 'normal' }, document);
const told = (to) => receiver.hooks.map((h) => h.event.data).filter((e) => e.payload.to === to && e.event_type === 'fax.page.received');
const firstPage = (to) => until(`the first page to ${to}`, () => told(to)[0]);

/* Of links that an earlier run of the service made, too: it may have had another port. */
async function picture(url) {
    const { pathname, search } = new URL(url);
    const answer = await fetch(`${service.url}${pathname}${search}`); // no key: the link is enough
    assert.equal(answer.status, 200, url);
    assert.equal(answer.headers.get('content-type'), 'image/png');
    return Buffer.from(await answer.arrayBuffer());
}

/* What was told of a fax that is over: started, then its pages, then the rest. */
async function inOrder(id, count) {
    const hooks = (await receiver.complete(id)).map((h) => h.event.data);
    assert.deepEqual(hooks.map((e) => e.event_type), ['fax.receiving.started', ...Array(count).fill('fax.page.received'),
        'fax.media.processing.started', 'fax.received']);
    const told = hooks.filter((e) => e.event_type === 'fax.page.received');
    assert.deepEqual(told.map((e) => e.payload.page), told.map((_, i) => i + 1));
    for (const e of told) assert.equal(e.payload.status, 'receiving');
    return told;
}

test('a page is told of and can be seen while the next is on the line', async () => {
    const sent = await send(NUMBERS.whole);
    const first = await firstPage(NUMBERS.whole);
    const id = first.payload.fax_id;
    const early = await picture(first.payload.page_url);
    assert.equal((await service.fax(id)).status, 'receiving'); // the picture came before the end
    const last = first.payload.page_url.replace('page-1', `page-${PAGES}`);
    assert.equal((await fetch(last)).status, 403); // signed is the page, too
    assert.equal((await service.request('GET', `/v2/faxes/${id}/pages/${PAGES}.png`)).status, 404); // not confirmed yet
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    await service.received(NUMBERS.whole);

    const all = await inOrder(id, PAGES);
    assert.deepEqual(await picture(first.payload.page_url), early); // the same out of the document
    for (const e of all) assert.ok((await picture(`${e.payload.page_url}&width=864`)).length > 100);
    const feed = (await service.request('GET', '/v2/events?filter[event_type]=fax.page.received')).body.data
        .filter((e) => e.payload.fax_id === id);
    assert.deepEqual(feed.map((e) => [e.id, e.payload.page]), all.map((e) => [e.id, e.payload.page]));
    await picture(feed[0].payload.page_url);
});

test('who did not ask for it is not told', async () => {
    await service.ended((await send(NUMBERS.quiet)).id);
    const fax = await service.received(NUMBERS.quiet);
    await inOrder(fax.id, 0);
    assert.equal((await service.events(fax.id)).filter((e) => e.event_type === 'page.received').length, PAGES);
});

/* Of the fax whose first page was told: what came of it, and whether that was told. */
async function cutOff(to, cut) {
    const sent = await send(to);
    const { payload } = await firstPage(to);
    await cut();
    await service.request('POST', `/v2/faxes/${sent.id}/actions/cancel`);
    const fax = await until('the end of what came in', async () => {
        const now = await service.fax(payload.fax_id);
        return ['received', 'failed'].includes(now.status) && now;
    });
    assert.equal(fax.status, 'received', JSON.stringify(fax));
    assert.equal(fax.partial_content, true);
    for (const e of await inOrder(fax.id, fax.page_count)) await picture(e.payload.page_url);
}

test('a modem is killed: every page that is delivered was told of', () =>
    cutOff(NUMBERS.modem, () => { 
        for (const { pid, command } of service.children())
            if (command.endsWith('faxwire-modem')) process.kill(pid, 'SIGKILL');
    }));

test('the service is killed: so are those that it had no time for', () => cutOff(NUMBERS.service, async () => {
    const data = service.folder;
    await service.stop('SIGKILL');
    service = await Service.start({ data, args: ['--paced'] });
}));
