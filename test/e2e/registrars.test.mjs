/* Registrars: found by DNS, one after the other when the first is gone, over TLS, over IPv6. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certificates } from './lib/certificates.mjs';
import { Service, until } from './lib/service.mjs';
import { challenge, digestIsRight, header, Names, Peer } from './lib/sip.mjs';

const secret = 'open sesame';
let folder;
before(() => { folder = mkdtempSync(join(tmpdir(), 'faxwire-registrars-')); });
after(() => rmSync(folder, { recursive: true, force: true }));

/* Registers for as many seconds as it says, whoever knows the password; and refuses calls, so that they can be told. */
const registrar = (options = {}, seconds = 4) => Peer.start((request, reply) => {
    if (request.startsWith('INVITE')) return reply('486 Busy Here');
    if (!header(request, 'Authorization')) return reply('401 Unauthorized', [challenge('WWW-Authenticate', 'SHA-256')]);
    assert.ok(digestIsRight(request, 'Authorization', { username: 'fax', password: secret, algorithm: 'SHA-256' }));
    const expires = Number(header(request, 'Expires')) ? seconds : 0;
    return reply('200 OK', [`Contact: ${header(request, 'Contact')};expires=${expires}`]);
}, options);

async function serve(names, trunk, more = '') {
    const path = join(folder, `resolv-${names.port}.conf`);
    writeFileSync(path, `nameserver 127.0.0.1\nport ${names.port}\n`);
    return Service.start({
        config: `resolv_conf: ${path}\n${more}\ntrunks:\n  - { name: far, host: sip.example, username: fax, register: true, register_secs: 60, options_secs: 0, ${trunk} }\n`,
        env: { FAXWIRE_TRUNK_FAR_PASSWORD: secret },
    });
}
const state = async (service) => (await service.request('GET', '/v2/trunks')).body.data[0];
const registered = (service) => until('a registration', async () => (await state(service)).registration === 'registered');

test('when the registrar that SRV names first is gone, the next one is registered with, and takes the calls', async () => {
    const first = await registrar(), second = await registrar();
    const names = await Names.start({
        '_sip._udp.sip.example SRV': [{ priority: 1, port: first.port, target: 'a.sip.example' }, { priority: 2, port: second.port, target: 'b.sip.example' }],
        'a.sip.example A': ['127.0.0.1'],
        'b.sip.example A': ['127.0.0.1'],
    });
    const service = await serve(names, 'from_domain: pbx.example');
    let firstEnded = false;
    try {
        await registered(service);
        assert.equal(second.all('REGISTER').length, 0);
        assert.match(header(first.all('REGISTER')[0], 'To'), /<sip:fax@pbx\.example>/);
        await first.end();
        firstEnded = true;
        await until('the second one', () => second.all('REGISTER').some((request) => header(request, 'Authorization')));
        await registered(service);
        const fax = await service.ended((await service.send({ to: '+13125550100' })).id);
        assert.equal(fax.failure_reason, 'user_busy', fax.internal_failure_reason);
        assert.equal(second.all('INVITE').length, 1);
    } finally {
        await service.end();
        if (!firstEnded) await first.end();
        await second.end();
        await names.end();
    }
});

test('REGISTER over TLS: to a registrar whose certificate is right for its name, and to no other', async () => {
    const of = certificates(folder);
    const common = `tls_ca_file: ${join(folder, 'ca.pem')}`;
    const right = await registrar({ transport: 'tls', ...of('named') }), wrong = await registrar({ transport: 'tls', ...of('wrong') });
    const names = await Names.start({ 'sip.example A': ['127.0.0.1'] });
    const good = await serve(names, `transport: tls, port: ${right.port}`, common);
    try {
        await registered(good);
        assert.match(header(right.all('REGISTER').at(-1), 'Contact'), /^<sip:127\.0\.0\.1:\d+;transport=tls>/);
        const soFar = right.all('REGISTER').length;
        await until('a refresh', () => right.all('REGISTER').length > soFar);
        const fax = await good.ended((await good.send({ to: '+13125550100' })).id);
        assert.equal(fax.failure_reason, 'user_busy', fax.internal_failure_reason);
    } finally {
        await good.end();
        await right.end();
    }
    const bad = await serve(names, `transport: tls, port: ${wrong.port}`, common);
    try {
        const t = await until('the refusal', async () => { const now = await state(bad); return now.registration === 'failed' && now; });
        assert.match(t.last_error.text, /TLS.*mismatch/i);
        assert.equal(wrong.heard.length, 0, 'not a word to somebody else');
    } finally {
        await bad.end();
        await wrong.end();
        await names.end();
    }
});

const six = Object.values(networkInterfaces()).flat().some((at) => at.address === '::1');
test('a registrar with an IPv6 address alone (AAAA), behind SRV', { skip: six ? false : 'this machine has no ::1' }, async () => {
    const far = await registrar({ host: '::1' });
    const names = await Names.start({
        '_sip._udp.sip.example SRV': [{ priority: 1, port: far.port, target: 'six.sip.example' }],
        'six.sip.example AAAA': [`${'0'.repeat(31)}1`],
    });
    const service = await serve(names, 'priority: 1', 'sip_host: "::1"');
    try {
        await registered(service);
        assert.match(header(far.all('REGISTER')[0], 'Contact'), /^<sip:\[::1\]:\d+/);
        assert.ok(names.asked.includes('six.sip.example AAAA'), String(names.asked));
        const fax = await service.ended((await service.send({ to: '+13125550100' })).id);
        assert.equal(fax.failure_reason, 'user_busy', fax.internal_failure_reason);
    } finally {
        await service.end();
        await far.end();
        await names.end();
    }
});
