/* Barcodes on received pages: told with the fax when its application asks for them; whatever becomes of the program that
 * reads them, the fax is received, once. */
import { describe, it as test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Receiver } from './lib/receiver.mjs';
import { Service, bin, build, until } from './lib/service.mjs';
import { QR, code128, drawn, qr } from './lib/barcodes.mjs';
import { onePage } from './lib/pdf.mjs';

const [URL_, LATIN1] = Object.keys(QR);
const CODES = [
    { page: 1, type: 'qr_code', data: URL_ },
    { page: 1, type: 'code_128', data: 'FAX-4711' },
    { page: 3, type: 'code_128', data: 'last page' },
    { page: 3, type: 'qr_code', data_base64: Buffer.from('Müller & Söhne', 'latin1').toString('base64') },
];
const ENV = { FAXWIRE_RETENTION_LOOK_SECS: '1', FAXWIRE_LINK_TTL_SECS: '1' };
const NUMBERS = { asks: '+13125550881', silent: '+13125550882' };
const here = spawnSync(bin('faxwire-barcode'), ['--check'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }).status === 0;
const unless = here ? false : 'libzbar is not installed';

/* On the second page there is nothing. */
function letter(folder, word = 'FAX-4711') {
    const path = join(folder, `codes-${word}.pdf`);
    writeFileSync(path, drawn([[...qr(QR[URL_], 72, 600), ...code128(word, 72, 400)], ['72 72 300 40 re'],
        [...code128('last page', 72, 600), ...qr(QR[LATIN1], 300, 300)]]));
    return path;
}

let froms = 0;
async function arrived(service, to, file, quality = 'normal') {
    const from = `+1202555${4000 + froms++}`;
    const sent = await service.send({ to, from, quality }, file);
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.receivedFrom(from);
    assert.equal(fax.status, 'received', JSON.stringify(fax));
    return fax;
}
const told = async (receiver, id) => {
    const all = (await receiver.complete(id)).filter((h) => h.event.data.event_type === 'fax.received');
    assert.equal(all.length, 1);
    return all[0].event.data.payload;
};

describe('codes are told of', { skip: unless }, () => {
    let service, receiver, application;
    before(async () => {
        receiver = await Receiver.start();
        service = await Service.start({ env: ENV });
        application = await service.application(receiver.url, { inbound: { barcodes: true } });
        assert.equal(application.inbound.barcodes, true);
        await service.number(NUMBERS.asks, application.id);
        await service.number(NUMBERS.silent, (await service.application(receiver.url)).id);
    });
    after(async () => {
        await service?.end();
        await receiver?.end();
    });

    for (const quality of ['normal', 'high', 'very_high'])
        test(`by webhook, by GET and in the feed: ${quality}`, async () => {
            const fax = await arrived(service, NUMBERS.asks, letter(service.folder), quality);
            assert.deepEqual(fax.barcodes, CODES);
            assert.deepEqual((await told(receiver, fax.id)).barcodes, CODES);
            const feed = (await service.request('GET', '/v2/events?filter[event_type]=fax.received')).body.data;
            assert.deepEqual(feed.find((e) => e.payload.fax_id === fax.id).payload.barcodes, CODES);
        });

    test('where there are none the list is empty; who did not ask is told of none', async () => {
        const without = await arrived(service, NUMBERS.asks, onePage(service.folder));
        assert.deepEqual(without.barcodes, []);
        assert.deepEqual((await told(receiver, without.id)).barcodes, []);
        const silent = await arrived(service, NUMBERS.silent, letter(service.folder));
        assert.ok(!('barcodes' in silent));
        assert.ok(!('barcodes' in await told(receiver, silent.id)));
        const list = (await service.request('GET', '/v2/faxes?filter[direction][eq]=outbound')).body.data;
        assert.ok(list.length > 0 && list.every((fax) => !('barcodes' in fax)));
    });

    test('it is switched off as it was switched on', async () => {
        const change = async (barcodes) => (await service.request('PATCH', `/v2/fax_applications/${application.id}`, { body: { inbound: { barcodes } } }));
        assert.equal((await change('perhaps')).status, 422);
        assert.equal((await change(false)).body.data.inbound.barcodes, false);
        assert.ok(!('barcodes' in await arrived(service, NUMBERS.asks, letter(service.folder))));
        assert.equal((await change(true)).body.data.inbound.barcodes, true);
    });

    /* Files of the service that have these bytes. */
    const found = (mark, folder = service.folder) => readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        try {
            if (statSync(path).isDirectory()) return found(mark, path);
            return !name.endsWith('.pdf') && readFileSync(path).includes(mark) ? [path] : [];
        } catch { return []; } // gone this moment
    });

    test('they go with the fax, and with its documents', async () => {
        const kept = [];
        for (const word of ['WORD-OF-THE-DELETED', 'WORD-OF-THE-PURGED']) {
            kept.push(await arrived(service, NUMBERS.asks, letter(service.folder, word)));
            await told(receiver, kept.at(-1).id);
            assert.equal(kept.at(-1).barcodes[1].data, word);
            assert.ok(found(word).length > 0);
        }
        assert.equal((await service.request('DELETE', `/v2/faxes/${kept[0].id}`)).status, 204);
        await until('the deleted ones to be gone', () => found('WORD-OF-THE-DELETED').length === 0);
        await service.request('PATCH', `/v2/fax_applications/${application.id}`, { body: { retention: { inbound_days: 0 } } });
        await until('the purged ones to be gone', () => found('WORD-OF-THE-PURGED').length === 0);
        const fax = await service.fax(kept[1].id);
        assert.ok(fax.documents_purged_at);
        assert.ok(!('barcodes' in fax));
        const events = await service.events(fax.id);
        assert.equal(events.length > 3, true);
        assert.equal(JSON.stringify(events).includes('barcodes'), false);
    });
});

/* The programs in a folder of their own, with a reader that does what the file `mode` says. */
describe('whatever the reader does, the fax is received', () => {
    let programs, service, receiver, application;
    const start = async (data) => {
        service = await Service.start({ data, command: [join(programs, 'faxwire'), 'dev', '--data', data, '--listen', '127.0.0.1:0'] });
    };
    const mode = (text) => writeFileSync(join(programs, 'mode'), text);
    const began = () => existsSync(join(programs, 'began'));
    before(async () => {
        programs = mkdtempSync(join(tmpdir(), 'faxwire-programs-'));
        for (const name of readdirSync(join(build, 'bin'))) copyFileSync(join(build, 'bin', name), join(programs, name));
        rmSync(join(programs, 'faxwire-barcode'));
        writeFileSync(join(programs, 'faxwire-barcode'), `#!/bin/sh
[ "$3" = --check ] && { [ "$(cat ${programs}/mode)" = none ] && exit 2; exit 0; }
> ${programs}/began
case "$(cat ${programs}/mode)" in
    crash) kill -SEGV $$ ;;
    lie) echo '[{"page":99,"type":"itf","data":"1"}]' ;;
    hang) while [ "$(cat ${programs}/mode)" = hang ]; do sleep 0.1; done ;;
    none) exit 2 ;;
esac
echo '[{"page":1,"type":"itf","data":"1234"}]'
`);
        chmodSync(join(programs, 'faxwire-barcode'), 0o700);
        mode('read');
        receiver = await Receiver.start();
        await start(mkdtempSync(join(tmpdir(), 'faxwire-')));
        application = await service.application(receiver.url, { inbound: { barcodes: true } });
        await service.number(NUMBERS.asks, application.id);
    });
    after(async () => {
        await service?.end();
        await receiver?.end();
        rmSync(programs, { recursive: true, force: true });
    });

    for (const [what, why] of [['crash', 'signal 11'], ['lie', 'no sense'], ['none', 'refused to work']])
        test(`without them after a ${what}, and the log says why`, async () => {
            mode(what);
            const fax = await arrived(service, NUMBERS.asks, onePage(service.folder));
            assert.equal(fax.barcodes, null);
            assert.equal((await told(receiver, fax.id)).barcodes, null);
            assert.match(service.log, new RegExp(`barcodes.not_read fax=${fax.id} why="[^"]*${why}`));
        });

    test('where libzbar is not installed nobody can ask for them', async () => {
        mode('none');
        for (const [method, path] of [['POST', '/v2/fax_applications'], ['PATCH', `/v2/fax_applications/${application.id}`]]) {
            const answer = await service.request(method, path, { body: { application_name: 'x', webhook_event_url: receiver.url, inbound: { barcodes: true } } });
            assert.equal(answer.status, 422);
            assert.equal(answer.body.errors[0].source.pointer, '/inbound/barcodes');
            assert.match(answer.body.errors[0].detail, /libzbar0/);
        }
        const off = await service.request('POST', '/v2/fax_applications', { body: { application_name: 'x', webhook_event_url: receiver.url, inbound: { barcodes: false } } });
        assert.equal(off.status, 201);
    });

    test('killed while they are read: it is received after the next start, with them, and told once', async () => {
        mode('hang');
        rmSync(join(programs, 'began'), { force: true });
        const from = '+12025554999';
        const sent = await service.send({ to: NUMBERS.asks, from, quality: 'normal' }, onePage(service.folder));
        assert.equal((await service.ended(sent.id)).status, 'delivered');
        await until('the reader to begin', began);
        const id = (await service.request('GET', `/v2/faxes?filter[from][eq]=${encodeURIComponent(from)}&filter[direction][eq]=inbound`)).body.data[0].id;
        assert.equal((await service.fax(id)).status, 'media.processing');
        const data = service.folder;
        await service.stop('SIGKILL');
        mode('read');
        await start(data);
        const fax = await service.receivedFrom(from);
        assert.equal(fax.status, 'received', JSON.stringify(fax));
        assert.deepEqual(fax.barcodes, [{ page: 1, type: 'itf', data: '1234' }]);
        assert.deepEqual((await told(receiver, fax.id)).barcodes, fax.barcodes);
        assert.equal((await service.events(fax.id)).filter((e) => e.event_type === 'fax.received').length, 1);
    });

    test('a stop does not wait for them', async () => {
        mode('hang');
        rmSync(join(programs, 'began'), { force: true });
        const from = '+12025554998';
        await service.ended((await service.send({ to: NUMBERS.asks, from, quality: 'normal' }, onePage(service.folder))).id);
        await until('the reader to begin', began);
        const data = service.folder, before = Date.now();
        await service.stop();
        assert.ok(Date.now() - before < 20_000);
        mode('read');
        await start(data);
        assert.deepEqual((await service.receivedFrom(from)).barcodes, [{ page: 1, type: 'itf', data: '1234' }]);
    });
});
