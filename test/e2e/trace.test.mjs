/* The packets of a call, kept when that was asked for: read by somebody else's dissectors. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Service } from './lib/service.mjs';
import { header, Peer } from './lib/sip.mjs';

let service;
before(async () => { service = await Service.start(); });
after(async () => { await service?.end(); });

const fetchTrace = (at, id, number = 1, key = at.api_key) =>
    fetch(`${at.url}/v2/faxes/${id}/attempts/${number}/trace`, { headers: { authorization: `Bearer ${key}` } });

/* What tshark says of it; `fields` for each packet that `filter` leaves. */
async function trace(at, id) {
    const got = await fetchTrace(at, id);
    assert.equal(got.status, 200);
    assert.equal(got.headers.get('content-type'), 'application/vnd.tcpdump.pcap');
    const path = join(at.folder, `${id}.pcap`);
    writeFileSync(path, Buffer.from(await got.arrayBuffer()));
    return (filter, ...fields) => {
        const run = spawnSync('tshark', ['-r', path, '-o', 'udp.try_heuristic_first:TRUE', '-Y', filter, '-T', 'fields',
            ...fields.flatMap((field) => ['-e', field])], { encoding: 'utf8', maxBuffer: 1 << 28 });
        assert.equal(run.status, 0, run.stderr);
        return run.stdout.split('\n').slice(0, -1).map((line) => line.split('\t'));
    };
}

/* The false alarms of the dissectors are those of capture.test.mjs; sound of both ends may cross the switch. */
const faults = (read) => read('(_ws.malformed || t38.malformed || t30.bad_length || ip.checksum.status == "Bad" || ip.bogus_ip_length || (t38 && _ws.expert.severity == "Error"))' +
    ' && !(udp.length == 180 && udp.payload[0:1] == 80)', 'frame.number', '_ws.expert.message')
    .filter((line) => !/RECEIVED END OF FRAGMENT/i.test(line[1]));

/* SIP and T.38 both ways, from the first INVITE to the BYE. */
function isWholeCall(read) {
    const methods = read('sip.Method', 'sip.Method', 'sip.to.tag').map(([method, tag]) => `${method}${method === 'INVITE' && tag ? ' again' : ''}`);
    for (const method of ['INVITE', 'INVITE again', 'ACK', 'BYE']) assert.ok(methods.includes(method), `${method} in ${methods}`);
    assert.ok(read('sip.Status-Code == 200 && sip.CSeq.method == "INVITE"', 'frame.number').length >= 2);
    assert.ok(read('sip.Method == "INVITE" && sdp.media.media == "image"', 'frame.number').length >= 1, 'T.38 is asked for');
    const ways = new Set(read('t38', 'udp.srcport').map(String));
    assert.equal(ways.size, 2, `T.38 from ${[...ways]}`);
    assert.ok(read('t30', 'frame.number').length > 0, 'T.30 inside of it');
    assert.deepEqual(faults(read), []);
}

test('a fax sent with trace has the packets of its call: SIP and T.38 both ways, nothing malformed', async () => {
    const fax = await service.send({ to: '+12005550100', trace: 'true' });
    assert.equal(fax.trace, true);
    assert.equal((await service.ended(fax.id)).status, 'delivered');
    const attempt = (await service.request('GET', `/v2/faxes/${fax.id}/attempts/1`)).body.data;
    assert.equal(attempt.record.trace, true);
    const read = await trace(service, fax.id);
    isWholeCall(read);
    const [first] = read('sip.Method == "INVITE"', 'frame.time_epoch');
    assert.ok(Math.abs(Number(first[0]) * 1000 - Date.parse(attempt.started_at)) < 60_000, 'its times are those of the call');
});

test('sound is there too, both ways', async () => {
    const fax = await service.ended((await service.send({ to: '+12005550105', trace: 'true' })).id);
    assert.equal(fax.status, 'failed');
    const read = await trace(service, fax.id);
    const ways = new Set(read('udp.length == 180', 'udp.srcport').map(String));
    assert.equal(ways.size, 2);
    assert.deepEqual(faults(read), []);
});

test('without trace there is none; others cannot fetch one; it goes with its fax', async () => {
    const plain = await service.send({ to: '+12005550101' });
    const fax = await service.send({ to: '+12005550101', trace: 'true' });
    assert.equal(plain.trace, false);
    for (const { id } of [plain, fax]) await service.ended(id);
    assert.equal((await fetchTrace(service, plain.id)).status, 404);
    assert.equal((await fetchTrace(service, fax.id, 2)).status, 404);
    assert.equal((await fetchTrace(service, fax.id, 1, 'KEYnone')).status, 401);
    assert.ok((await trace(service, fax.id))('sip.Status-Code == 486', 'frame.number').length >= 1);
    const folder = service.faxFolder(fax.id);
    assert.ok(existsSync(join(folder, 'trace-1.pcap')));
    assert.equal((await service.request('DELETE', `/v2/faxes/${fax.id}`)).status, 204);
    assert.equal((await fetchTrace(service, fax.id)).status, 404);
    assert.ok(!existsSync(folder));
});

test('an application that asks for it has the packets of the calls that come in', async () => {
    const application = await service.application('http://127.0.0.1:9/', { inbound: { trace: true } });
    assert.equal(application.inbound.trace, true);
    await service.number('+13125550711', application.id);
    const sent = await service.send({ to: '+13125550711' });
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received('+13125550711');
    assert.equal(fax.status, 'received');
    assert.equal(fax.trace, true);
    isWholeCall(await trace(service, fax.id));
});

test('passwords cannot be tried against a trace: what proves them is blanked', async () => {
    const trunk = await Peer.start((request, reply) => {
        if (!header(request, 'Proxy-Authorization'))
            return reply('407 Proxy Authentication Required', ['Proxy-Authenticate: Digest realm="secret-realm", nonce="abcdef123456", qop="auth"']);
        reply('486 Busy Here');
    });
    const other = await Service.start({
        config: `trunks:\n  - { name: far, host: 127.0.0.1, port: ${trunk.port}, username: someone, options_secs: 0 }\n`,
        env: { FAXWIRE_TRUNK_FAR_PASSWORD: 'hunter2' },
    });
    try {
        const fax = await other.ended((await other.send({ to: '+13125550100', trace: 'true' })).id);
        assert.equal(fax.failure_reason, 'user_busy');
        const bytes = Buffer.from(await (await fetchTrace(other, fax.id)).arrayBuffer()).toString('latin1');
        assert.match(bytes, /Proxy-Authorization: Digest x+/);
        for (const [, digest] of trunk.heard.join('\n').matchAll(/response="([0-9a-f]+)"/g)) assert.ok(!bytes.includes(digest));
        assert.ok(!bytes.includes('someone"'));
        const read = await trace(other, fax.id);
        assert.equal(read('sip.Method == "INVITE"', 'frame.number').length, 2);
        assert.deepEqual(faults(read), []);
    } finally {
        await other.end();
        await trunk.end();
    }
});
