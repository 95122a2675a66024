/* A full disk: what cannot be kept is not confirmed, so the sender knows. The receiving service's data lies on a small
 * tmpfs, in a mount namespace of its own; its files are seen through /proc. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, until } from './lib/service.mjs';
import { freePort, serve } from './lib/pair.mjs';
import { pages } from './lib/pdf.mjs';

const TO = '+13125550811', MB = 1024 * 1024;
const onTmpfs = (command, data) => ['unshare', '-rm', 'sh', '-c',
    'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"', data, ...command];
const possible = (() => {
    try {
        execFileSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'], { stdio: 'ignore' });
        return true;
    } catch { return false; }
})();

class Disk {
    constructor(service) { this.root = join('/proc', String(service.process.pid), 'root', service.folder); }

    free() {
        const { bavail, bsize } = statfsSync(this.root);
        return bavail * bsize;
    }

    fillUpTo(left) { writeFileSync(join(this.root, 'filler'), Buffer.alloc(Math.max(0, this.free() - left), 1)); }

    empty() { rmSync(join(this.root, 'filler'), { force: true }); }

    folderOf(fax) {
        const shards = join(this.root, 'faxes');
        return readdirSync(shards).map((s) => join(shards, s, fax)).find((path) => existsSync(path));
    }
}

async function start() {
    const [a, b] = [await freePort(), await freePort()];
    const sender = await serve({ port: a, peer: b });
    const receiver = await serve({ port: b, peer: a, wrap: onTmpfs, env: { FAXWIRE_DISK_FREE_MIN_MB: '2' } });
    await receiver.number(TO, receiver.application_id);
    return { sender, receiver, disk: new Disk(receiver) };
}

const attempts = async (service, id) => (await service.request('GET', `/v2/faxes/${id}/attempts`)).body.data;

test('a full disk is a failure that the sender sees, before the answer or between two pages',
    { skip: possible ? false : 'no user namespaces here' }, async (t) => {
        const { sender, receiver, disk } = await start();
        try {
            const document = join(sender.folder, 'many.pdf');
            writeFileSync(document, pages(40, 46));

            // Too little for a call: 503 before it is answered, and no fax there.
            disk.fillUpTo(1.5 * MB);
            const early = await sender.send({ to: TO, from: '+12025550181', quality: 'normal' }, document);
            const refused = await until('the refusal', async () => (await attempts(sender, early.id)).find((x) => x.sip_status));
            assert.equal(refused.sip_status, 503, JSON.stringify(refused));
            await sender.request('POST', `/v2/faxes/${early.id}/actions/cancel`);
            disk.empty();

            // Enough to begin with, and then not: the pages up to there are confirmed, kept, and delivered.
            disk.fillUpTo(2.4 * MB);
            const sent = await sender.send({ to: TO, from: '+12025550182', quality: 'very_high' }, document);
            const call = await until('a call that ended', async () => (await attempts(sender, sent.id)).find((x) => x.answered_at && x.ended_at));
            await sender.request('POST', `/v2/faxes/${sent.id}/actions/cancel`);
            assert.notEqual(call.status, 'delivered', JSON.stringify(call));
            t.diagnostic(`${call.pages_confirmed} of 40 pages confirmed, then: ${call.internal_failure_reason}`);
            disk.empty();
            const list = await until('all that came to end', async () => {
                const { body } = await receiver.request('GET', '/v2/faxes?filter[direction][eq]=inbound');
                return body.data.every((f) => ['received', 'failed'].includes(f.status)) && body.data;
            });
            const got = list.filter((f) => f.from === '+12025550182');
            assert.equal(list.filter((f) => f.from === '+12025550181' && f.status === 'received' && !f.page_count).length, 0);
            const fax = got.find((f) => f.page_count >= call.pages_confirmed);
            assert.ok(fax, `${call.pages_confirmed} confirmed; ${JSON.stringify(got)}`);
            if (call.pages_confirmed > 0) {
                assert.equal(fax.status, 'received', JSON.stringify(fax));
                assert.equal(fax.partial_content, true);
                execFileSync(join(build, 'test/tools/pages-part'),
                    [join(sender.faxFolder(sent.id), 'pages.tif'), String(call.first_page), join(disk.folderOf(fax.id), 'pages.tif')]);
            }
            assert.ok(call.pages_confirmed < 40);
        } finally {
            await sender.end();
            await receiver.end();
        }
    });
