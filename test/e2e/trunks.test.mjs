/* Trunks of a service as it runs in production: registration, TLS, DNS, fail-over, reload, strangers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certificates } from './lib/certificates.mjs';
import { bin, Service, until } from './lib/service.mjs';
import { challenge, digestIsRight, header, Names, Peer } from './lib/sip.mjs';

const secret = 's3cret "quoted" pass';
const number = '+12005550100';
let folder;
before(() => { folder = mkdtempSync(join(tmpdir(), 'faxwire-trunks-')); });
after(() => rmSync(folder, { recursive: true, force: true }));

/* A far end with fax machines, by itself. */
async function carrier(name, ...args) {
    const process = spawn(bin('faxwire-carrier'), ['--listen', '127.0.0.1:0', '--mailbox', join(folder, name), ...args],
        { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    process.stdout.on('data', (part) => { out += part; });
    await until('the carrier', () => out.includes('\n'));
    const exited = new Promise((done) => process.on('exit', done));
    const far = {
        port: Number(JSON.parse(out).sip.split(':')[1]),
        has: (count) => until(`${count} faxes at ${name}`, () => far.count() >= count),
        count: () => { try { return readdirSync(join(folder, name, number.slice(1))).filter((f) => f.endsWith('.json')).length; } catch { return 0; } },
        end: () => { process.kill(); return exited; },
    };
    return far;
}

const yaml = (trunks, more = '') => `${more}\ntrunks:\n${trunks.map((t) => '  - ' + Object.entries(t)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? JSON.stringify(value) : value}`).join('\n    ')).join('\n')}\n`;
const trunkTo = (far, more = {}) => ({ name: 'far', host: '127.0.0.1', port: far.port, options_secs: 0, unpaced: true, ...more });

async function trunk(service, name) {
    const answer = await service.request('GET', '/v2/trunks');
    assert.equal(answer.status, 200);
    assert.ok(!JSON.stringify(answer.body).includes(secret.slice(0, 6)));
    return answer.body.data.find((t) => t.name === name);
}
const becomes = (service, name, status) => until(`trunk ${name} ${status}`, async () => {
    const t = await trunk(service, name);
    return t?.status === status && t;
});

async function sends(service, more = {}) {
    const fax = await service.ended((await service.send({ to: number, ...more })).id);
    assert.equal(fax.status, 'delivered', `${fax.failure_reason}: ${fax.internal_failure_reason}`);
    return fax;
}
const eventsOf = async (service, fax, type) => (await service.events(fax.id)).filter((e) => e.event_type === type).map((e) => e.payload);

test('registers with MD5 or SHA-256, takes 423 and the time that it is given, refreshes, and says how it stands', async () => {
    for (const algorithm of ['MD5', 'SHA-256']) {
        const states = [];
        const registrar = await Peer.start((request, reply) => {
            if (!request.startsWith('REGISTER')) return reply('405 No', ['Allow: REGISTER']);
            const expires = Number(header(request, 'Expires'));
            if (!header(request, 'Authorization')) return reply('401 Unauthorized', [challenge('WWW-Authenticate', algorithm)]);
            assert.ok(digestIsRight(request, 'Authorization', { username: 'fax', password: secret.replaceAll('"', ''), algorithm }));
            states.push(expires);
            if (expires > 0 && expires < 600) return reply('423 Interval Too Brief', ['Min-Expires: 600']);
            reply('200 OK', [`Contact: ${header(request, 'Contact')};expires=${expires ? 4 : 0}`]);
        });
        const service = await Service.start({
            config: yaml([trunkTo(registrar, { username: 'fax', register: true, register_secs: 60, from_domain: 'pbx.example' })]),
            env: { FAXWIRE_TRUNK_FAR_PASSWORD: secret.replaceAll('"', '') },
        });
        try {
            const up = await becomes(service, 'far', 'up');
            assert.equal(up.registration, 'registered');
            assert.ok(Date.parse(up.registered_until) > Date.now() - 4000);
            assert.equal(up.last_error, null);
            assert.match(header(registrar.all('REGISTER')[0], 'To'), /<sip:fax@pbx\.example>/);
            assert.ok(states[0] === 60 && states[1] === 600, `asked for ${states}`);
            const soFar = states.length;
            await until('a refresh', () => states.length > soFar); // of the four seconds that were granted
            assert.equal((await trunk(service, 'far')).registration, 'registered');
        } finally {
            await service.end();
        }
        await until('the farewell', () => states.at(-1) === 0);
        await registrar.end();
    }
});

test('a refused registration is told, tried again, and its trunk comes last', async () => {
    let refuse = true;
    const registrar = await Peer.start((request, reply) => {
        if (request.startsWith('INVITE')) return reply('486 Busy Here');
        if (refuse) return reply('403 Forbidden');
        reply('200 OK', [`Contact: ${header(request, 'Contact')};expires=60`]);
    });
    const far = await carrier('registered');
    const service = await Service.start({
        config: yaml([trunkTo(registrar, { from_user: 'fax', register: true }), trunkTo(far, { name: 'plain', priority: 7 })]),
    });
    try {
        const down = await until('the refusal', async () => { const t = await trunk(service, 'far'); return t.registration === 'failed' && t; });
        assert.equal(down.status, 'down');
        assert.equal(down.last_error.sip_status, 403);
        const fax = await sends(service);
        assert.equal((await eventsOf(service, fax, 'call.answered'))[0].trunk, 'plain');
        refuse = false;
        await becomes(service, 'far', 'up');
        const busy = await service.ended((await service.send({ to: number })).id);
        assert.equal(busy.failure_reason, 'user_busy'); // by the first one again
    } finally {
        await service.end();
        await registrar.end();
        await far.end();
    }
});

test('TLS: a certificate is verified by its name, and one that is not right is no trunk', async () => {
    const of = certificates(folder);
    const both = (name) => { writeFileSync(join(folder, `${name}.both`), of(name).cert + of(name).key); return join(folder, `${name}.both`); };
    const secured = async (name) => {
        const far = await carrier(`tls-${name}`, '--tls-certificate', both(name), '--tls-ca', join(folder, 'ca.pem'));
        return { ...far, port: far.port + 1 };
    };
    const right = await secured('right'), wrong = await secured('wrong'), named = await secured('named');
    const asked = [];
    const names = await Names.start({ 'sip.example A': ['127.0.0.1'] });
    const watched = await Peer.start((request, reply) => { asked.push(request); reply('486 Busy Here'); },
        { transport: 'tls', ...of('named'), SNICallback: (name, done) => { asked.push(name); done(null, null); } });
    writeFileSync(join(folder, 'resolv-tls.conf'), `nameserver 127.0.0.1\nport ${names.port}\n`);
    const common = `tls_ca_file: ${join(folder, 'ca.pem')}\ntls_certificate: ${both('right')}\nresolv_conf: ${join(folder, 'resolv-tls.conf')}`;
    const over = (far, more) => trunkTo(far, { transport: 'tls', ...more });
    const service = await Service.start({ config: yaml([over(right)], common) });
    try {
        const fax = await sends(service); // both ends ask for the other's certificate: its re-INVITE comes over TLS too
        await right.has(1);
        assert.equal((await eventsOf(service, fax, 'call.transport')).at(-1).transport, 't38-unpaced');
        const tried = async (trunks) => {
            service.configure(yaml(trunks, common));
            service.process.kill('SIGHUP');
            await until('the new table', async () => (await service.request('GET', '/v2/trunks')).body.data.map((t) => t.name).join() === trunks.map((t) => t.name).join());
            return service.ended((await service.send({ to: number })).id);
        };
        const refused = await tried([over(wrong, { name: 'wrong' })]);
        assert.equal(refused.status, 'failed');
        assert.equal(wrong.count(), 0);
        assert.match((await trunk(service, 'wrong')).last_error.text, /TLS.*mismatch/i);
        const elsewhere = await tried([over(wrong, { name: 'wrong2' }), over(right, { name: 'right2', priority: 3 })]);
        assert.equal(elsewhere.status, 'delivered');
        assert.equal((await eventsOf(service, elsewhere, 'call.trunk_left'))[0].trunk, 'wrong2');
        assert.equal((await tried([over(wrong, { name: 'unverified', tls_verify: false })])).status, 'delivered');
        assert.equal((await tried([over(named, { name: 'by-name', host: 'sip.example' })])).status, 'delivered');
        assert.equal((await tried([over(watched, { name: 'watched', host: 'sip.example' })])).failure_reason, 'user_busy');
        assert.equal(asked[0], 'sip.example'); // the server name
        assert.match(header(asked[1], 'Contact'), /^<sip:127\.0\.0\.1:\d+;transport=tls>$/);
    } finally {
        await service.end();
        for (const far of [right, wrong, named, names, watched]) await far.end();
    }
});

test('without configured authorities those of the system count, which do not know ours', async () => {
    const of = certificates(folder);
    writeFileSync(join(folder, 'own.both'), of('right').cert + of('right').key);
    const far = await carrier('tls-own', '--tls-certificate', join(folder, 'own.both'));
    const service = await Service.start({ config: yaml([trunkTo({ port: far.port + 1 }, { transport: 'tls' })]) });
    try {
        const fax = await service.ended((await service.send({ to: number })).id);
        assert.equal(fax.status, 'failed');
        assert.match((await trunk(service, 'far')).last_error.text, /TLS.*(issuer|self.signed|verify)/i);
    } finally {
        await service.end();
        await far.end();
    }
});

test('a host is found by NAPTR and SRV, in their order, and the next one is tried when the first is dead', async () => {
    const far = await carrier('dns');
    const dead = await new Promise((done) => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); }); });
    const names = await Names.start({
        'sip.example NAPTR': [{ order: 10, preference: 1, service: 'SIP+D2T', target: '_sip._tcp.sip.example' }, { order: 10, preference: 2, service: 'SIP+D2U', target: '_sip._udp.sip.example' }],
        '_sip._tcp.sip.example SRV': [{ priority: 1, port: dead, target: 'a.sip.example' }, { priority: 2, port: far.port, target: 'b.sip.example' }],
        'a.sip.example A': ['127.0.0.1'],
        'b.sip.example A': ['127.0.0.1'],
    });
    writeFileSync(join(folder, 'resolv-dns.conf'), `nameserver 127.0.0.1\nport ${names.port}\n`);
    const service = await Service.start({ config: yaml([{ name: 'far', host: 'sip.example', options_secs: 0, unpaced: true }], `resolv_conf: ${join(folder, 'resolv-dns.conf')}`) });
    try {
        await sends(service);
        await far.has(1);
        for (const asked of ['sip.example NAPTR', '_sip._tcp.sip.example SRV', 'b.sip.example A']) assert.ok(names.asked.includes(asked), `${asked} of ${names.asked}`);
    } finally {
        await service.end();
        await far.end();
        await names.end();
    }
});

test('503 moves the attempt to the next trunk; the record and the events say so', async () => {
    const far = await carrier('next');
    const full = await Peer.start((request, reply) => reply('503 Service Unavailable', ['Retry-After: 30', 'Reason: Q.850;cause=34']));
    const service = await Service.start({ config: yaml([trunkTo(full, { name: 'full' }), trunkTo(far, { name: 'spare', priority: 1, transport: 'tcp' })]) });
    try {
        const fax = await sends(service);
        assert.equal(fax.attempt_count, 1);
        const left = await eventsOf(service, fax, 'call.trunk_left');
        assert.deepEqual(left.map(({ trunk: name, sip_status, q850 }) => ({ name, sip_status, q850 })), [{ name: 'full', sip_status: 503, q850: 34 }]);
        const attempts = (await service.request('GET', `/v2/faxes/${fax.id}/attempts`)).body.data;
        assert.equal(attempts[0].trunk, 'spare');
        assert.equal(attempts[0].record.trunks_left[0].trunk, 'full');
        const again = await sends(service); // it had asked for half a minute
        assert.equal((await eventsOf(service, again, 'call.trunk_left')).length, 0);
        assert.equal(full.all('INVITE').length, 1);
    } finally {
        await service.end();
        await full.end();
        await far.end();
    }
});

test('SIGHUP changes the trunks and no call: one in progress goes on as it began', async () => {
    const first = await carrier('before'), second = await carrier('after');
    const service = await Service.start({ config: yaml([trunkTo(first, { name: 'before' })]) });
    try {
        const slow = await service.send({ to: '+12005550116' }); // rings for 20 s
        await until('the slow call', async () => (await service.events(slow.id)).some((e) => e.event_type === 'call.ringing'));
        service.configure('trunks: [ { name: broken } ]');
        service.process.kill('SIGHUP');
        await until('the refusal of a bad file', () => service.log.includes('kept=the old trunks'));
        assert.equal((await trunk(service, 'before')).name, 'before');
        service.configure(yaml([trunkTo(second, { name: 'after' })]));
        service.process.kill('SIGHUP');
        await until('the new trunk', async () => await trunk(service, 'after'));
        assert.equal(await trunk(service, 'before'), undefined);
        const quick = await sends(service);
        assert.equal((await eventsOf(service, quick, 'call.answered'))[0].trunk, 'after');
        const ended = await service.ended(slow.id);
        assert.equal(ended.status, 'delivered');
        assert.equal((await eventsOf(service, ended, 'call.answered'))[0].trunk, 'before');
    } finally {
        await service.end();
        await first.end();
        await second.end();
    }
});

test('strangers get no answer, and their floods cost no call', async () => {
    const far = await carrier('flood');
    const service = await Service.start({ config: yaml([trunkTo(far)]) });
    const stranger = dgram.createSocket('udp4');
    let heard = 0;
    stranger.on('message', () => { heard += 1; });
    await new Promise((done) => stranger.bind(0, '127.0.0.2', done));
    try {
        const port = Number(/line\.ready.*port=(\d+)/.exec(service.log)[1]);
        const say = (method, n) => stranger.send([`${method} sip:100@127.0.0.1 SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.2:${stranger.address().port};branch=z9hG4bKx${n}`,
            'Max-Forwards: 70', `From: <sip:scanner@127.0.0.2>;tag=${n}`, 'To: <sip:100@127.0.0.1>', `Call-ID: x${n}@127.0.0.2`, `CSeq: ${n} ${method}`,
            `Contact: <sip:scanner@127.0.0.2:${stranger.address().port}>`, 'User-Agent: friendly-scanner', 'Content-Length: 0', '', ''].join('\r\n'), port, '127.0.0.1');
        let sent = 0;
        const flood = setInterval(() => { for (let i = 0; i < 40; i++) say(['OPTIONS', 'INVITE', 'REGISTER', 'BYE'][sent % 4], sent += 1); }, 10);
        const faxes = await Promise.all(Array.from({ length: 6 }, () => service.send({ to: number })));
        const ended = await Promise.all(faxes.map((fax) => service.ended(fax.id)));
        await until('a flood that is one', () => sent >= 4000);
        clearInterval(flood);
        assert.deepEqual(ended.map((fax) => fax.status), Array(6).fill('delivered'));
        /* A connection is closed before a word is said. */
        const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
        await new Promise((done) => socket.on('close', done).on('error', () => {}));
        await sends(service); // the line has been through all of it
        assert.equal(heard, 0);
    } finally {
        stranger.close();
        await service.end();
        await far.end();
    }
});
