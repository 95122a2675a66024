/* Test numbers whose far ends fail, each in its way: what the sender reports; and those whose machines can do less. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bin, Service, pagesEqual, until } from './lib/service.mjs';
import { writeFileSync } from 'node:fs';
import { onePage, pages } from './lib/pdf.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => { await service?.end(); });

const attempt = async (id) => (await service.request('GET', `/v2/faxes/${id}/attempts`)).body.data[0];

/* number: [failure_reason, raw code, pages confirmed of 3, retry class] */
const failures = {
    '+12005550105': ['receiver_call_dropped', /hung up/, 0, 'no_fax'],
    '+12005550108': ['fax_signaling_error', /T\.30 code 6/, 0, 'protocol'],
    '+12005550110': ['fax_signaling_error', /T\.30 code 6/, 0, 'protocol'],
    '+12005550113': ['receiver_no_response', /T\.30 code 21/, 2, 'dropped'],
};
test('far ends that fail: the reason, the raw code, the pages, and whether to dial again', async () => {
    const faxes = await Promise.all(Object.keys(failures).map((to) => service.send({ to })));
    for (const fax of faxes) {
        const [reason, raw, pages, retry] = failures[fax.to];
        const ended = await service.ended(fax.id, 120_000);
        const a = await attempt(fax.id);
        assert.equal(a.status, 'failed', JSON.stringify(ended));
        assert.equal(a.failure_reason, reason, JSON.stringify(a));
        assert.match(a.internal_failure_reason, raw);
        assert.equal(a.pages_confirmed, pages, fax.to);
        assert.equal(a.retry_class, retry);
        assert.ok(a.advice.length > 10);
    }
});

test('a number that is full twice, one that rings for long, one that agrees on T.38 and is silent', async () => {
    const [full, slow, silent] = await Promise.all(['+12005550114', '+12005550116', '+12005550121'].map((to) =>
        service.send({ to, quality: 'normal' }, onePage(service.folder))));
    const refused = await service.ended(full.id);
    const first = await attempt(full.id);
    assert.deepEqual([refused.failure_reason, first.sip_status, first.q850_cause, first.retry_class],
        ['service_unavailable', 503, 41, 'congestion'], JSON.stringify(first));
    assert.equal((await service.ended((await service.send({ to: '+12005550114' })).id)).failure_reason, 'service_unavailable');
    assert.equal((await service.ended((await service.send({ to: '+12005550114' })).id)).status, 'delivered');

    const rang = await service.ended(slow.id);
    assert.equal(rang.status, 'delivered', JSON.stringify(rang));
    const ringing = await attempt(slow.id);
    assert.ok(Date.parse(ringing.answered_at) - Date.parse(ringing.started_at) >= 20_000, 'not before it had rung for 20 s');
    assert.deepEqual(ringing.record.sip_progress, [180]);

    const mute = await service.ended(silent.id, 240_000);
    const unheard = await attempt(silent.id);
    assert.equal(mute.failure_reason, 'fax_initial_communication_timeout', JSON.stringify(unheard));
    assert.equal(unheard.record.packets.received, 0);
    assert.match(unheard.transport, /^t38/);
});

test('the carrier makes the network as bad as it is told, for any number', async () => {
    const mailbox = join(service.folder, 'bad');
    const carrier = spawn(bin('faxwire-carrier'), ['--listen', '127.0.0.1:0', '--mailbox', mailbox, '--loss', '4', '--duplicate', '10',
        '--delay', '40', '--jitter', '60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const exited = new Promise((done) => carrier.on('exit', done));
    let out = '', far;
    carrier.stdout.on('data', (part) => { out += part; });
    try {
        await until('the carrier', () => out.includes('\n'));
        const port = JSON.parse(out).sip.split(':')[1];
        far = await Service.start({ config: `trunks:\n  - { name: far, host: 127.0.0.1, port: ${port}, options_secs: 0 }\n` });
        const fax = await far.send({ to: '+13125550100', quality: 'normal' }, onePage(far.folder));
        const ended = await far.ended(fax.id, 240_000);
        assert.equal(ended.status, 'delivered', JSON.stringify(ended));
        const { record } = (await far.request('GET', `/v2/faxes/${fax.id}/attempts/1`)).body.data;
        assert.ok(record.packets.recovered > 0, JSON.stringify(record.packets)); // lost ones, or late ones
    } finally {
        await far?.end();
        carrier.kill();
        await exited;
    }
});

test('a page that is never good is told each time it went over the line', async () => {
    const fax = await service.send({ to: '+12005550110' });
    await service.ended(fax.id, 120_000);
    const { record } = await attempt(fax.id);
    assert.ok(record.pages.length > 1 && record.pages.every((p) => p.page === 1 && !p.confirmed));
    assert.ok(record.dialogue.some((l) => l.includes('far RTN')), JSON.stringify(record.dialogue));
});

/* number: [coding, ECM] */
const machines = {
    '+12005550120': ['MR', false], '+12005550123': ['MMR', true], '+12005550124': ['MH', false],
    '+12005550125': ['MR', true],
};
test('machines that can do less get every page, pixel for pixel, in what they can', async () => {
    const faxes = await Promise.all(Object.keys(machines).map((to) => service.send({ to, quality: 'high' })));
    for (const fax of faxes) {
        const [coding, ecm] = machines[fax.to];
        const ended = await service.ended(fax.id);
        assert.equal(ended.status, 'delivered', JSON.stringify(ended));
        const { record } = await attempt(fax.id);
        assert.deepEqual([...new Set(record.pages.map((p) => p.compression))], [coding], fax.to);
        assert.match(record.dialogue.find((l) => l.includes('us  DCS')), ecm ? /, ECM/ : /no ECM/);
        const [received] = await until('the received file', () => service.mailbox(fax.to).length
            && service.mailbox(fax.to));
        pagesEqual(join(service.faxFolder(fax.id), 'pages.tif'), received);
    }
});

test('a machine with A4 paper gets a longer page on sheets, and a page counts when its last one has arrived', async () => {
    const path = join(service.folder, 'legal.pdf');
    writeFileSync(path, String(pages(2, 60)).replaceAll('0 0 612 792', '0 -216 612 792')); // text down to the end of 14 inches
    const fax = await service.send({ to: '+12005550129' }, path);
    const ended = await service.ended(fax.id);
    assert.deepEqual([ended.status, ended.page_count, ended.pages_confirmed], ['delivered', 2, 2], JSON.stringify(ended));
    assert.deepEqual(ended.pages.map((p) => p.height), [2726, 2726]);
    const { record } = await attempt(fax.id);
    assert.deepEqual(record.pages.map((p) => [p.page, p.confirmed]), [[1, true], [1, true], [2, true], [2, true]]);
    for (const page of record.pages) assert.ok(page.rows <= 2286 && page.rows > 1200, JSON.stringify(page));
    const letter = await service.ended((await service.send({ to: '+12005550129' }, onePage(service.folder))).id);
    assert.equal((await attempt(letter.id)).record.pages.length, 1);
});

test('a bad network between: packets lost, late, twice and out of order, over T.38 and G.711', async () => {
    const faxes = await Promise.all(['+12005550126', '+12005550127'].map((to) =>
        service.send({ to, quality: 'normal' }, onePage(service.folder))));
    for (const fax of faxes) {
        const ended = await service.ended(fax.id, 180_000);
        assert.equal(ended.status, 'delivered', JSON.stringify(ended));
        const [received] = await until('the received file', () => service.mailbox(fax.to).length
            && service.mailbox(fax.to));
        pagesEqual(join(service.faxFolder(fax.id), 'pages.tif'), received);
    }
    const { record } = await attempt(faxes[0].id);
    assert.ok(record.packets.recovered > 0, JSON.stringify(record.packets));
});
