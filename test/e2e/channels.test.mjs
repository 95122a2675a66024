/* More faxes than the trunks have channels: those beyond wait as faxes, where they can be seen, not as calls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, until } from './lib/service.mjs';
import { header, Peer } from './lib/sip.mjs';

test('no more calls are begun than there are channels, nobody fails for want of one, and a reload counts', async () => {
    const held = []; // calls that ring
    const seen = new Set();
    let most = 0;
    const trunk = await Peer.start((request, reply) => {
        if (!request.startsWith('INVITE')) return;
        reply('180 Ringing');
        if (seen.has(header(request, 'Call-ID'))) return; // again, by a machine that is slow
        seen.add(header(request, 'Call-ID'));
        held.push(reply);
        most = Math.max(most, held.length);
    });
    const config = (channels) => `calls_max: 16\ntrunks:\n  - { name: far, host: 127.0.0.1, port: ${trunk.port}, options_secs: 0, channels: ${channels} }\n`;
    const service = await Service.start({ config: config(2) });
    const statuses = async (faxes) => (await Promise.all(faxes.map((fax) => service.fax(fax.id)))).map((fax) => fax.status).sort();
    try {
        const letter = join(service.folder, 'letter.txt');
        writeFileSync(letter, 'one line');
        const faxes = await Promise.all(Array.from({ length: 7 }, (_, i) =>
            service.send({ to: `+1312555010${i}`, quality: 'normal' }, letter)));
        await until('two calls', () => held.length === 2);
        await until('five that wait', async () => (await statuses(faxes)).join() === [...Array(5).fill('media.processed'), 'originated', 'originated'].join());
        for (const reply of held.splice(0)) reply('486 Busy Here');
        await until('the next two', () => held.length === 2);
        assert.equal(most, 2);
        service.configure(config(3));
        service.process.kill('SIGHUP');
        await until('a third one', () => held.length === 3);
        const answering = setInterval(() => { for (const reply of held.splice(0)) reply('486 Busy Here'); }, 20);
        for (const fax of faxes) {
            const ended = await service.ended(fax.id);
            assert.deepEqual([ended.failure_reason, ended.attempt_count], ['user_busy', 1], JSON.stringify(ended));
        }
        clearInterval(answering);
        assert.equal(most, 3);
    } finally {
        await service.end();
        await trunk.end();
    }
});
