/* The dialogues of SIPp (test/sipp): far ends as they are in the field, one process each, against one service that runs
 * as in production. SIPp has no T.38 and no fax machine: what is proven here is what we say and how the call ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { onePage } from './lib/pdf.mjs';
import { Service, until } from './lib/service.mjs';
import { header } from './lib/sip.mjs';

const scenarios = new URL('../sipp/', import.meta.url).pathname;
const hungUp = { reason: 'receiver_call_dropped' }; // by the far end, before there was a fax
const gaveUp = { reason: 'sender_call_dropped' };

/* name, role (the service `calls` or is `called`), what the service reports. `way`: what carried the call, in order. */
const table = [
    // Faxwire calls.
    ['called-image-in-answer', { ...hungUp, way: 't38' }],
    ['called-183-180-before-200', { ...hungUp, way: 't38' }],
    ['called-port-0', { ...hungUp, way: 'audio', why: /answered with G\.711/ }],
    ['called-488', { ...hungUp, way: 'audio', why: /refused with 488/ }],
    ['called-answers-offer-with-audio', { ...hungUp, way: 'audio', why: /answered with G\.711/ }],
    ['called-offerless-reinvite', hungUp],
    ['called-offers-no-address', { ...hungUp, way: 't38' }],
    ['called-offers-bare-booleans', { ...hungUp, way: 't38' }],
    ['called-offers-aliases', { ...hungUp, way: 't38' }],
    ['called-offers-two-udpec', { ...hungUp, way: 't38' }],
    ['called-offers-version-3', { ...hungUp, way: 't38', why: /the far end asked/ }],
    ['called-refresh', { ...hungUp, way: 't38' }],
    ['called-glare', { ...hungUp, way: 't38', why: /we asked/ }],
    ['called-silent-t38-back', { ...hungUp, way: 't38,audio', why: /stayed silent/ }],
    ['called-silent-t38-no-way-back', { reason: 'fax_initial_communication_timeout', way: 't38', detail: /refused with 488/ }],
    ['called-challenges', { ...hungUp, way: 't38' }],
    ['called-prack', { ...hungUp, way: 't38' }],
    ['called-422', hungUp],
    ['called-we-refresh', { ...hungUp, way: 'audio' }],
    ['called-we-refresh-by-reinvite', { ...hungUp, way: 't38' }],
    ['called-does-not-refresh', { reason: 'receiver_call_dropped', way: 'audio', detail: /did not refresh the session/ }],
    ['called-forks', hungUp],
    ['called-byes-cross', { reason: 'receiver_call_dropped', way: 'audio', detail: /did not refresh the session/ }],
    ['called-bye-at-once', hungUp],
    ['called-late-rtp', { ...hungUp, way: 't38' }],
    // Faxwire is called; null: no fax comes of it.
    ['calls-audio-and-image', { ...gaveUp, way: 't38' }],
    ['calls-image-only', { ...gaveUp, way: 't38', why: /came with T\.38/ }],
    ['calls-offerless', { ...gaveUp, way: 'audio', why: /refused with 488/ }],
    ['calls-port-0', null],
    ['calls-with-no-address', { ...gaveUp, way: 't38' }],
    ['calls-with-bare-booleans', { ...gaveUp, way: 't38' }],
    ['calls-with-aliases', { ...gaveUp, way: 't38' }],
    ['calls-with-two-udpec', { ...gaveUp, way: 't38' }],
    ['calls-with-version-3', { ...gaveUp, way: 't38' }],
    ['calls-183-180-before-200', { ...gaveUp, way: 't38' }],
    ['calls-refresh', { ...gaveUp, way: 't38' }],
    ['calls-glare', { ...gaveUp, way: 't38' }],
    ['calls-silent-t38', { ...gaveUp, way: 't38,audio', why: /stayed silent/ }],
    ['calls-challenges', { ...gaveUp, way: 't38' }],
    ['calls-timer', gaveUp],
    ['calls-short-timer', null],
    ['calls-bye-at-once', gaveUp],
    ['calls-prack', gaveUp],
];
const strangers = ['stranger-options', 'stranger-register', 'stranger-invite'];

let folder, service, relay, media, sipPort;
const numbers = new Map(); // of a scenario

async function bound(host = '127.0.0.1', port = 0) {
    const socket = dgram.createSocket('udp4');
    await new Promise((done, failed) => socket.on('error', failed).bind(port, host, done));
    return socket;
}
/* Not one of those that the system gives to whoever asks, for it may before SIPp has it. */
async function freePort(host) {
    for (;;) {
        const port = 12000 + Math.floor(Math.random() * 18000);
        const socket = await bound(host, port).catch(() => null);
        if (!socket) continue;
        await new Promise((done) => socket.close(done));
        return port;
    }
}

const listens = (port) => readFileSync('/proc/net/udp', 'latin1').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `);

/* The trunk: to the outside one far end, inside the SIPp that has the called number or the call. What is repeated because
 * somebody is slow stays here, and so does 100: SIPp would take either amiss. */
async function startRelay() {
    const socket = await bound();
    const ports = new Map(), calls = new Map(), seen = new Set();
    socket.on('error', () => {});
    socket.on('message', (bytes, from) => {
        const text = bytes.toString('latin1');
        const call = header(text, 'Call-ID');
        const ours = from.port === sipPort;
        const called = /^[A-Z]+ sips?:([^@;>]+)@/.exec(text)?.[1];
        if (!calls.has(call)) calls.set(call, ours ? ports.get(called) : from.port);
        if (seen.has(text) || text.startsWith('SIP/2.0 100')) return;
        seen.add(text);
        socket.send(bytes, ours ? calls.get(call) ?? 9 : sipPort, '127.0.0.1');
    });
    return { socket, ports, port: socket.address().port };
}

/* A far end's media: it says nothing, but for late RTP when it hears UDPTL. */
async function startMedia() {
    const socket = await bound();
    const rtp = Buffer.concat([Buffer.from([0x80, 0, 0, 9, 0, 0, 0, 160, 1, 2, 3, 4]), Buffer.alloc(160, 0xFF)]);
    socket.heard = { rtp: 0, udptl: 0 };
    socket.on('message', (bytes, from) => {
        const isRtp = bytes.length === 172 && bytes[0] === 0x80;
        socket.heard[isRtp ? 'rtp' : 'udptl']++;
        if (!isRtp) socket.send(rtp, from.port, from.address);
    });
    return socket;
}

/* Exit code 0 means that all went as the scenario says. */
async function sipp(name, { host = '127.0.0.1', args = [], port, to = relay.port } = {}) {
    const errors = join(folder, `${name}.${port}.errors`);
    const process = spawn('sipp', ['127.0.0.1:' + to, '-sf', join(scenarios, `${name}.xml`), '-i', host, '-p', String(port),
        '-m', '1', '-nostdin', '-trace_err', '-error_file', errors, '-recv_timeout', '60000', '-timeout', '110', '-timeout_error',
        '-key', 'media', String(media.address().port), '-key', 'trunk', `127.0.0.1:${relay.port}`, ...args], { stdio: ['ignore', 'ignore', 'ignore'], cwd: folder });
    const code = await new Promise((done) => process.on('exit', done));
    let text = '';
    try { text = readFileSync(errors, 'latin1'); } catch { /* there was nothing to say */ }
    return { code, text };
}

before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'faxwire-sipp-'));
    relay = await startRelay();
    media = await startMedia();
    service = await Service.start({ config: `modems: 2\ncalls_max: 64
answer_delay_ms: 200
trunks:
  - name: far
    host: 127.0.0.1
    port: ${relay.port}
    username: fax
    password: secret
    options_secs: 0
    t38_after_answer_ms: 1500
    session_expires_secs: 1800
` });
    sipPort = Number(/line\.ready.*port=(\d+)/.exec(service.log)[1]);
    for (const [i, [name]] of table.entries()) {
        numbers.set(name, `+1312555${1000 + i}`);
        if (name.startsWith('calls-')) await service.number(numbers.get(name), service.application_id);
    }
});
after(async () => {
    await service?.end();
    relay?.socket.close();
    media?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
});

async function reports(id, expected) {
    const fax = await service.ended(id);
    assert.equal(fax.failure_reason, expected.reason, JSON.stringify(fax));
    if (expected.detail) assert.match(fax.internal_failure_reason, expected.detail);
    const told = (await service.events(id)).filter((e) => e.event_type === 'call.transport').map((e) => e.payload);
    assert.equal(told.map((t) => t.transport).join(), expected.way ?? '', JSON.stringify(told));
    if (expected.why) assert.match(told.at(-1).why, expected.why);
}

async function whenCalled(name, expected) {
    const port = await freePort();
    relay.ports.set(numbers.get(name), port);
    const far = sipp(name, { port });
    await until('SIPp', () => listens(port));
    const fax = await service.send({ to: numbers.get(name), quality: 'normal' }, onePage(folder));
    const { code, text } = await far;
    assert.equal(code, 0, `${name}: ${text.slice(0, 3000)}`);
    await reports(fax.id, expected);
}

async function whenCalling(name, expected) {
    const to = numbers.get(name);
    const { code, text } = await sipp(name, { port: await freePort(), args: ['-key', 'number', to] });
    assert.equal(code, 0, `${name}: ${text.slice(0, 3000)}`);
    const list = async () => (await service.request('GET', `/v2/faxes?filter[direction][eq]=inbound&filter[to][eq]=${encodeURIComponent(to)}`)).body.data;
    if (!expected) {
        assert.deepEqual(await list(), []);
        return;
    }
    const fax = await until(`the fax to ${to}`, async () => (await list())[0]);
    await reports(fax.id, expected);
}

test('every scenario is in the table', () => {
    const files = readdirSync(scenarios).filter((f) => f.endsWith('.xml')).map((f) => f.slice(0, -4)).sort();
    assert.deepEqual(files, [...table.map(([name]) => name), ...strangers].sort());
});

test('far ends as SIPp plays them', { concurrency: 12 }, async (t) => {
    await Promise.all(table.map(([name, expected]) => t.test(name, () =>
        (name.startsWith('called-') ? whenCalled : whenCalling)(name, expected))));
    assert.ok(media.heard.rtp > 0 && media.heard.udptl > 0);
});

test('strangers, by ones and by floods, hear nothing, and the service goes on', { concurrency: 4 }, async (t) => {
    await Promise.all(strangers.flatMap((name) => ['1', '400'].map((count) => t.test(`${name}, ${count} times`, async () => {
        const { code, text } = await sipp(name, { host: '127.0.0.2', to: sipPort, port: await freePort('127.0.0.2'), args: ['-m', count, '-r', '200', '-l', '500'] });
        assert.equal(code, 0, text.slice(0, 2000)); // a single answer would be unexpected
    }))));
    assert.match(service.log, /sip\.turned_away/);
    await whenCalled('called-bye-at-once', hungUp);
});
