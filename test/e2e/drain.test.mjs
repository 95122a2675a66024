/* SIGTERM: what is in progress finishes, nothing new begins; and a disk that is nearly full takes nothing new. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { Service, until, pagesEqual } from './lib/service.mjs';
import { freePort, serve } from './lib/pair.mjs';
import { join } from 'node:path';
import { pages } from './lib/pdf.mjs';

const FIRST = '+13125550831', SECOND = '+13125550832';
const json = (service) => ({ connection_id: service.application_id, to: '+12005550101', from: '+12025550123', media_url: 'https://example.com/a.pdf' });

function isNotNow(answer, pattern) {
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    assert.equal(answer.headers.get('x-should-retry'), 'true');
    assert.match(answer.headers.get('retry-after'), /^[1-9]\d?$/); // one header, at most a minute
    assert.equal(answer.body.errors[0].code, '10037');
    assert.match(answer.body.errors[0].detail, pattern);
}

test('a call in progress finishes, while new faxes and calls get 503; then the service is gone', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const sender = await serve({ port: a, peer: b, unpaced: false });
    const receiver = await serve({ port: b, peer: a, unpaced: false, env: { FAXWIRE_DRAIN_SECS: '300' } });
    try {
        for (const number of [FIRST, SECOND]) await receiver.number(number, receiver.application_id);
        const key = { 'idempotency-key': 'before-the-stop' };
        const accepted = await receiver.request('POST', '/v2/faxes', { body: json(receiver), headers: key });
        assert.equal(accepted.status, 202);
        await receiver.ended(accepted.body.data.id); // its document is nowhere
        const page = join(sender.folder, 'page.pdf');
        writeFileSync(page, pages(1, 4));
        const going = await sender.send({ to: FIRST, quality: 'normal' }, page);
        await until('pages on the way', async () => (await sender.fax(going.id)).status === 'sending');
        receiver.process.kill('SIGTERM');
        await until('the drain', () => /event=service\.draining/.test(receiver.log));

        isNotNow(await receiver.request('POST', '/v2/faxes', { body: json(receiver) }), /being stopped/);
        isNotNow(await receiver.request('POST', '/v2/faxes', { body: json(receiver), headers: { 'idempotency-key': 'new' } }), /being stopped/);
        const again = await receiver.request('POST', '/v2/faxes', { body: json(receiver), headers: key });
        assert.deepEqual([again.status, again.body.data.id], [202, accepted.body.data.id], 'a repetition is answered as before');
        assert.equal((await receiver.request('GET', '/v2/faxes')).status, 200);
        const late = await sender.ended((await sender.send({ to: SECOND, quality: 'normal' }, page)).id);
        assert.equal(late.status, 'failed');
        const { body } = await sender.request('GET', `/v2/faxes/${late.id}/attempts`);
        assert.equal(body.data.at(-1).sip_status, 503, JSON.stringify(body.data));
        assert.equal(receiver.exit, undefined, 'it ended before its call');

        assert.equal((await sender.ended(going.id)).status, 'delivered');
        assert.deepEqual(await receiver.exited, { code: 0, signal: null });
        assert.match(receiver.log, /event=service\.drained finished=1/);

        // What came in was kept before the end: the next start finds it done.
        const next = await Service.start({ data: receiver.folder });
        try {
            const fax = await next.received(FIRST);
            assert.equal(fax.status, 'received');
            assert.doesNotMatch(next.log, /recover\w*.*fax=/);
            pagesEqual(join(sender.faxFolder(going.id), 'pages.tif'), join(next.faxFolder(fax.id), 'pages.tif'));
        } finally { await next.stop(); }
    } finally {
        await sender.end();
        receiver.process.kill('SIGKILL');
        await receiver.exited;
        rmSync(receiver.folder, { recursive: true, force: true });
    }
});

test('a draining service dials nobody, stops at once at a second signal, and the next start goes on', async () => {
    const service = await Service.start({ args: ['--paced'], env: { FAXWIRE_DRAIN_SECS: '300' } });
    const going = await service.send({ to: '+12005550100', quality: 'normal' });
    await until('pages on the way', async () => (await service.fax(going.id)).status === 'sending');
    const waiting = await service.send({ to: '+12005550100' }); // one call a number
    await until('its pages', async () => (await service.fax(waiting.id)).status === 'media.processed');
    service.process.kill('SIGTERM');
    await until('the drain', () => /event=service\.draining/.test(service.log));
    assert.equal((await service.fax(going.id)).status, 'sending');
    service.process.kill('SIGTERM');
    assert.deepEqual(await service.exited, { code: 0, signal: null });
    assert.doesNotMatch(service.log, /event=service\.drained/);
    const next = await Service.start({ data: service.folder });
    try {
        for (const { id } of [going, waiting]) assert.equal((await next.ended(id)).status, 'delivered');
    } finally { await next.end(); }
});

test('too little free disk: faxes and uploads are refused before anything is taken, the rest is answered', async () => {
    // More than any disk has; the state of the disk is otherwise the real one.
    const service = await Service.start({ env: { FAXWIRE_DISK_FREE_MIN_MB: String(1024 * 1024) } });
    try {
        isNotNow(await service.request('POST', '/v2/faxes', { body: json(service) }), /disk/);
        const form = new FormData();
        form.set('media', new Blob(['%PDF-']), 'a.pdf');
        isNotNow(await service.request('POST', '/v2/media', { body: form }), /disk/);
        const list = await service.request('GET', '/v2/faxes');
        assert.deepEqual([list.status, list.body.meta.total_results], [200, 0]);
    } finally { await service.end(); }
});
