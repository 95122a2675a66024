/* A slow disk: a page is confirmed once it is on it, and not before. The syncs of the receiving service take longer
 * (see test/tools/slow_disk.c); both services' are recorded by one clock. A modem syncs the page's file, then by
 * fdatasync the line of its journal, then the confirmation leaves; the sender's modem writes its own line once it has
 * heard that. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, pagesEqual, until } from './lib/service.mjs';
import { freePort, serve } from './lib/pair.mjs';
import { twoPages } from './lib/pdf.mjs';

const TO = '+13125550821', library = join(build, 'test/tools/slow-disk.so');
/* A sanitizer's runtime wants to be the first that is loaded. */
const sanitized = execFileSync('ldd', [join(build, 'bin/faxwire-modem')], { encoding: 'latin1' }).includes('libasan');
const skip = sanitized && 'a sanitizer is built in, and nothing can be loaded before it';
let folder, sender, receiver, callers = 0;

/* The syncs of all modems of one service, in the order in which they began. */
function syncs(side) {
    return readFileSync(join(folder, `${side}.log`), 'latin1').trim().split('\n').map((line) => line.split(' '))
        .filter(([program]) => program === 'faxwire-modem')
        .map(([, call, began, ended]) => ({ call, began: Number(began), ended: Number(ended) }))
        .sort((a, b) => a.began - b.began);
}
const slow = (modem, others = 0) => writeFileSync(join(folder, 'receiver.ms'), `${modem} ${others}\n`);

before(async () => {
    if (skip) return;
    folder = mkdtempSync(join(tmpdir(), 'faxwire-slow-'));
    const [a, b] = [await freePort(), await freePort()];
    const env = (side) => {
        for (const kind of ['ms', 'log']) writeFileSync(join(folder, `${side}.${kind}`), kind === 'ms' ? '0 0\n' : '');
        return { LD_PRELOAD: library, FAXWIRE_SLOW_DISK: join(folder, `${side}.ms`),
            FAXWIRE_SLOW_DISK_LOG: join(folder, `${side}.log`) };
    };
    const common = { unpaced: false, more: 'modems: 1' };
    sender = await serve({ port: a, peer: b, ...common, env: env('sender') });
    receiver = await serve({ port: b, peer: a, ...common, env: env('receiver') });
    await receiver.number(TO, receiver.application_id);
});
after(async () => {
    await sender?.end();
    await receiver?.end();
    if (folder) rmSync(folder, { recursive: true, force: true });
});

const attempts = async (id) => (await sender.request('GET', `/v2/faxes/${id}/attempts`)).body.data;

/* One call of two pages, and what became of it on both sides, with the syncs of that call. */
async function call() {
    const from = `+1202555${4000 + callers++}`;
    const before = { sender: syncs('sender').length, receiver: syncs('receiver').length };
    const sent = await sender.send({ to: TO, from, quality: 'normal' }, twoPages(sender.folder));
    const attempt = await until('a call that ended', async () => (await attempts(sent.id)).find((x) => x.ended_at));
    await sender.request('POST', `/v2/faxes/${sent.id}/actions/cancel`); // or it dials again
    const path = `/v2/faxes?filter[direction][eq]=inbound&filter[from][eq]=${encodeURIComponent(from)}`;
    return { sent, attempt, arrived: async () => (await receiver.request('GET', path)).body.data[0],
        journal: (side) => syncs(side).slice(before[side]).filter((s) => s.call === 'fdatasync'),
        files: () => syncs('receiver').slice(before.receiver).filter((s) => s.call === 'fsync') };
}

async function arrivesWhole(delay) {
    const one = await call();
    assert.equal(one.attempt.pages_confirmed, 2, JSON.stringify(one.attempt));
    inOrder(one, delay);
    const fax = await ended(one);
    assert.deepEqual([fax.status, fax.page_count, fax.partial_content], ['received', 2, false], JSON.stringify(fax));
    pagesEqual(join(sender.faxFolder(one.sent.id), 'pages.tif'), join(receiver.faxFolder(fax.id), 'pages.tif'));
}

/* Page for page: its file is synced before its line, and its line before the sender has heard of it. */
function inOrder({ attempt, journal, files }, delay) {
    const [told, kept] = [journal('sender'), journal('receiver')];
    for (let page = 0; page < attempt.pages_confirmed; page++) {
        assert.ok(kept[page].ended - kept[page].began >= delay * 1000, JSON.stringify(kept[page]));
        assert.ok(kept[page].ended <= told[page].began, JSON.stringify([page, kept[page], told[page]]));
        const after = page > 0 ? kept[page - 1].ended : 0;
        assert.ok(files().some((f) => f.began >= after && f.ended <= kept[page].began), `no sync of the file: ${page}`);
    }
}

const ended = ({ arrived }) => until('what arrived', async () => {
    const fax = await arrived();
    return ['received', 'failed'].includes(fax?.status) && fax;
});

/* The first page syncs two files and their folder twice, the others two files: at 1.5 s a sender has asked again. */
for (const delay of [300, 1500]) {
    test(`syncs of ${delay} ms: nothing fails, and no page is confirmed before it is synced`, { skip }, async () => {
        slow(delay, Math.min(delay, 300));
        await arrivesWhole(delay);
    });
}

test('syncs longer than any sender waits: it gives up, and knows of no page that is not there', { skip }, async (t) => {
    slow(20000);
    const one = await call();
    t.diagnostic(`${one.attempt.pages_confirmed} pages confirmed: ${one.attempt.internal_failure_reason}`);
    assert.ok(one.attempt.answered_at && one.attempt.pages_confirmed < 2, JSON.stringify(one.attempt));
    assert.notEqual(one.attempt.status, 'delivered');
    inOrder(one, 20000);
    slow(0);
    const fax = await ended(one);
    assert.ok((fax.page_count ?? 0) >= one.attempt.pages_confirmed, JSON.stringify([one.attempt, fax]));
});

test('a store as slow takes no call: refused before it is answered', { skip }, async () => {
    slow(0, 20000);
    const { attempt } = await call();
    slow(0);
    const { answered_at, sip_status, pages_confirmed } = attempt;
    assert.deepEqual([answered_at, sip_status, pages_confirmed], [null, 503, 0], JSON.stringify(attempt));
});

test('the disk is itself again: so is the service', { skip }, async () => {
    await until('an answer', async () => (await receiver.request('POST', '/v2/phone_numbers',
        { body: { phone_number: '+13125550822', connection_id: receiver.application_id } })).status === 201);
    await arrivesWhole(0);
});
