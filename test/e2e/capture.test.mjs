/* A call as the network sees it: the dissectors of a third party find nothing malformed. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Service, until } from './lib/service.mjs';

const capture = (path) => {
    const run = spawn('tshark', ['-i', 'lo', '-w', path, '-q', 'udp'], { stdio: ['ignore', 'ignore', 'pipe'] });
    run.log = '';
    run.stderr.on('data', (part) => { run.log += part; });
    run.ended = new Promise((done) => run.on('exit', done));
    return run;
};

test('a T.38 call has no malformed T.38, T.30 or SIP frame', async (t) => {
    const service = await Service.start();
    const path = join(service.folder, 'call.pcapng');
    const run = capture(path);
    try {
        const started = await until('the capture', () => /Capturing on/.test(run.log) || run.exitCode !== null);
        if (run.exitCode !== null) {
            t.skip('capturing on the loopback interface is not permitted here');
            return;
        }
        assert.ok(started);
        const fax = await service.send({ to: '+12005550100' });
        assert.equal((await service.ended(fax.id)).status, 'delivered');
        run.kill('SIGINT');
        await run.ended;
        const read = (...args) => spawnSync('tshark', ['-r', path, '-o', 'udp.try_heuristic_first:TRUE', ...args],
            { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout.trim().split('\n').filter(Boolean);
        assert.ok(read('-Y', 'sip').length >= 6, 'the dialogue is there');
        assert.ok(read('-Y', 't38').length > 10, 'and T.38');
        assert.deepEqual(malformed(read), []);
    } finally {
        if (run.exitCode === null) run.kill('SIGKILL');
        await service.end();
    }
});

/* The known false alarms of the dissector: it takes the repeated end of a fragment for a new one, and a last
 * packet of G.711 that crossed the switch (20 ms: 12 octets of RTP and 160 of sound, RFC 3551; with the marker bit, if it
 * is the first as well) for UDPTL. */
const malformed = (read) => read('-Y', '(_ws.malformed || t38.malformed || t30.bad_length || (t38 && _ws.expert.severity == "Error"))' +
    ' && !(udp.length == 180 && (udp.payload[0:2] == 80:00 || udp.payload[0:2] == 80:08 || udp.payload[0:2] == 80:80' +
    ' || udp.payload[0:2] == 80:88))',
    '-T', 'fields', '-e', 'frame.number', '-e', '_ws.expert.message', '-e', '_ws.col.Info')
    .filter((line) => !/RECEIVED END OF FRAGMENT/i.test(line));
