/* Whole calls over IPv6, as both ends write its addresses: in brackets in SIP, bare in SDP. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { onePage } from './lib/pdf.mjs';
import { pair } from './lib/pair.mjs';
import { bin, pagesEqual, Service, until } from './lib/service.mjs';

const has = Object.values(networkInterfaces()).flat().some((at) => at.address === '::1');
const skip = has ? false : 'this machine has no ::1';
const eventsOf = async (service, fax, type) => (await service.events(fax.id)).filter((e) => e.event_type === type).map((e) => e.payload);

async function delivered(service, to) {
    const fax = await service.send({ to, quality: 'normal' }, onePage(service.folder));
    const ended = await service.ended(fax.id);
    assert.equal(ended.status, 'delivered', JSON.stringify(ended));
    return fax;
}

test('a carrier at [::1] gets a fax over T.38 and one over G.711', { skip }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faxwire-ipv6-'));
    const carrier = spawn(bin('faxwire-carrier'), ['--listen', '[::1]:0', '--mailbox', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
    const exited = new Promise((done) => carrier.on('exit', done));
    let service, out = '';
    carrier.stdout.on('data', (part) => { out += part; });
    try {
        await until('the carrier', () => out.includes('\n'));
        const [, port] = /^\[::1\]:(\d+)$/.exec(JSON.parse(out).sip);
        service = await Service.start({ config: `sip_host: "::1"\ntrunks:\n  - { name: far, host: "::1", port: ${port}, options_secs: 5 }\n` });
        await until('the answer to OPTIONS', async () => (await service.request('GET', '/v2/trunks')).body.data[0].status === 'up', 30_000);
        const sent = await Promise.all([delivered(service, '+12005550100'), delivered(service, '+12005550106')]);
        for (const [i, fax] of sent.entries()) { // the second one refuses T.38
            assert.deepEqual((await eventsOf(service, fax, 'call.transport')).map((p) => p.transport), [i === 0 ? 't38' : 'audio']);
            const box = join(folder, fax.to.slice(1));
            const tiffs = await until('the received file', () => {
                try { const found = readdirSync(box).filter((f) => f.endsWith('.tif')); return found.length && found; } catch { return 0; }
            });
            pagesEqual(join(service.faxFolder(fax.id), 'pages.tif'), join(box, tiffs.sort().at(-1)));
        }
    } finally {
        await service?.end();
        carrier.kill();
        await exited;
        rmSync(folder, { recursive: true, force: true });
    }
});

test('two services at [::1] fax each other', { skip }, async () => {
    const services = await pair({ both: { host: '::1' } });
    try {
        const numbers = ['+13125550801', '+13125550802'];
        for (const [i, service] of services.entries())
            await service.number(numbers[i], service.application_id);
        await Promise.all(services.map(async (service, i) => {
            const fax = await service.send({ to: numbers[1 - i], from: `+1202555100${i}`, quality: 'normal' }, onePage(service.folder));
            assert.equal((await service.ended(fax.id)).status, 'delivered');
            const received = await services[1 - i].receivedFrom(fax.from);
            assert.equal(received.status, 'received', JSON.stringify(received));
            pagesEqual(join(service.faxFolder(fax.id), 'pages.tif'), join(services[1 - i].faxFolder(received.id), 'pages.tif'));
        }));
    } finally {
        for (const service of services) await service.end();
    }
});
