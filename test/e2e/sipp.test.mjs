/* The dialogues of SIPp (test/sipp): far ends as they are in the field, one process each, against one service that runs
 * as in production. SIPp has no T.38 and no fax machine: what is proven here is what we say and how the call ends. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
/* Refused before anything is answered: why, what the application says of calls (null: there is no such number), and with what. */
const refusals = [
    ['a number that nobody has', null, 404, 1],
    ['a number without an application', { none: true }, 404, 1],
    ['an application that is not active', { active: false }, 480, 31],
    ['an application without channels', { inbound: { channel_limit: 0 } }, 486, 17],
    ['a caller who is not on the list', { inbound: { answer_callers: ['+4930*'] } }, 480, 31],
    ...[['unavailable', 480, 31], ['busy', 486, 17], ['declined', 603, 21], ['unallocated', 404, 1]].map(([refuse_with, ...with_]) =>
        [`a caller who is refused as ${refuse_with}`, { inbound: { refuse_callers: ['+12025550188'], refuse_with } }, ...with_]),
];
/* By the trunk's option `called_number`: which of the INVITE's numbers the call is for. A trunk each, by its source. */
const places = { 'request-uri': 'number', to: 'to', 'p-called-party-id': 'party', diversion: 'diversion', 'history-info': 'history' };
const own = ['calls-refused', 'calls-cancels']; // scenarios that have tests of their own
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

const sipPortOf = (by) => Number(/line\.ready.*port=(\d+)/.exec(by.log)[1]);
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
async function sipp(name, { host = '127.0.0.1', args = [], port, to = relay.port, file = join(scenarios, `${name}.xml`) } = {}) {
    const errors = join(folder, `${name}.${port}.errors`);
    const process = spawn('sipp', ['127.0.0.1:' + to, '-sf', file, '-i', host, '-p', String(port),
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
    sipPort = sipPortOf(service);
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

const list = async (to, by = service) =>
    (await by.request('GET', `/v2/faxes?filter[direction][eq]=inbound&filter[to][eq]=${encodeURIComponent(to)}`)).body.data;

async function whenCalling(name, expected) {
    const to = numbers.get(name);
    const { code, text } = await sipp(name, { port: await freePort(), args: ['-key', 'number', to] });
    assert.equal(code, 0, `${name}: ${text.slice(0, 3000)}`);
    if (!expected) {
        assert.deepEqual(await list(to), []);
        return;
    }
    const fax = await until(`the fax to ${to}`, async () => (await list(to))[0]);
    await reports(fax.id, expected);
}

/* A scenario file each, for SIPp wants to read the status there. `fax`: there are others to that number. */
async function refused(by, { number, status, cause, fax = false }) {
    const port = await freePort(), file = join(folder, `calls-refused.${port}.xml`);
    writeFileSync(file, readFileSync(join(scenarios, 'calls-refused.xml'), 'latin1').replace('{status}', status).replace('{cause}', cause));
    const { code, text } = await sipp('calls-refused', { file, port, to: sipPortOf(by), args: ['-key', 'number', number] });
    assert.equal(code, 0, `${number}: ${text.slice(0, 3000)}`);
    if (!fax) assert.deepEqual(await list(number, by), []);
}

/* A call that rings for as long as the test likes; `called` has a number for each place of its INVITE. */
async function ringing(by, called, host = '127.0.0.1') {
    const port = await freePort(host), call = `rings-${port}@far.example`;
    const ended = sipp('calls-cancels', { host, port, to: sipPortOf(by), args: ['-cid_str', call,
        ...Object.entries(called).flatMap(([place, number]) => ['-key', place, number])] });
    const rings = async () => (await Promise.all(Object.values(called).map((to) => list(to, by)))).flat().find((f) => f.status === 'initiated');
    const fax = await Promise.race([until('a call that rings', rings), ended.then(({ text }) => Promise.reject(new Error(text.slice(0, 3000))))]);
    return { fax, giveUp: async () => {
        const word = await bound(host);
        const via = `SIP/2.0/UDP ${host}:${word.address().port};branch=z9hG4bK${port}`;
        await new Promise((done) => word.send(`OPTIONS sip:far@${host}:${port} SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:test@${host}>;tag=1\r\n` +
            `To: <sip:far@${host}>\r\nCall-ID: ${call}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n`, port, host, done));
        const { code, text } = await ended;
        await new Promise((done) => word.close(done));
        assert.equal(code, 0, text.slice(0, 3000));
    } };
}

test('every scenario is in the table', () => {
    const files = readdirSync(scenarios).filter((f) => f.endsWith('.xml')).map((f) => f.slice(0, -4)).sort();
    assert.deepEqual(files, [...table.map(([name]) => name), ...own, ...strangers].sort());
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

/* A service on which calls ring until they are given up, with two places for them. */
const withTwoPlaces = (more = '') => Service.start({ env: { FAXWIRE_DRAIN_SECS: '60' }, config: `modems: 1
calls_max: 2
answer_delay_ms: 60000
trunks:
${Object.keys(places).map((place, i) => `  - name: ${place}\n    host: 127.0.0.${i + 1}\n    options_secs: 0\n    called_number: ${place}\n`).join('')}${more}` });

test('calls that are refused, before anything is answered', { concurrency: 6 }, async (t) => {
    await Promise.all(refusals.map(([why, says, status, cause], i) => t.test(`${why}: ${status}`, async () => {
        const number = `+1312556${1000 + i}`;
        if (says) await service.number(number, says.none ? null : (await service.application('http://127.0.0.1:9/', says)).id);
        await refused(service, { number, status, cause });
    })));
});

test('a call that rings holds its place, is given up by its caller, and leaves a failed fax', async () => {
    const by = await withTwoPlaces();
    try {
        const limited = (await by.application('http://127.0.0.1:9/', { inbound: { channel_limit: 1 } })).id;
        const [held, other, free] = ['+13125570001', '+13125570002', '+13125570003'];
        for (const number of [held, other]) await by.number(number, limited);
        await by.number(free, by.application_id);
        const everywhere = (number) => Object.fromEntries(Object.values(places).map((place) => [place, number]));
        const { fax, giveUp } = await ringing(by, everywhere(held));
        await refused(by, { number: other, status: 486, cause: 17 });
        const second = await ringing(by, everywhere(free));
        await refused(by, { number: free, status: 503, cause: 34, fax: true });
        await second.giveUp();
        await giveUp();
        const ended = await by.ended(fax.id);
        assert.deepEqual([ended.status, ended.failure_reason, ended.page_count ?? 0], ['failed', 'sender_canceled', 0], JSON.stringify(ended));
        assert.match(ended.internal_failure_reason, /gave up before the answer/);

        // The places are free again; a service that is being stopped takes nothing, and waits for what it has.
        const last = await ringing(by, everywhere(free));
        by.process.kill('SIGTERM');
        await until('draining', () => by.log.includes('service.draining'));
        await refused(by, { number: held, status: 503, cause: 41, fax: true });
        assert.equal(by.exit, undefined);
        await last.giveUp();
        assert.deepEqual(await by.exited, { code: 0, signal: null });
        assert.match(by.log, /service\.drained finished=1/);
    } finally {
        await by.end();
    }
});

test('the trunk says which of the numbers of an INVITE is the called one', async () => {
    const by = await withTwoPlaces();
    try {
        const called = {}, applications = {};
        for (const [i, place] of Object.values(places).entries()) {
            called[place] = `+1312558000${i}`;
            applications[place] = (await by.application('http://127.0.0.1:9/')).id;
            await by.number(called[place], applications[place]);
        }
        for (const [i, place] of Object.values(places).entries()) {
            const { fax, giveUp } = await ringing(by, called, `127.0.0.${i + 1}`);
            assert.deepEqual([fax.to, fax.connection_id], [called[place], applications[place]], place);
            await giveUp();
            await by.ended(fax.id);
        }
    } finally {
        await by.end();
    }
});

/* The database refuses the row by a trigger; that the disk is nearly full is said by a limit that no disk can meet. */
test('no store or no disk: refused before anything is answered', async () => {
    const by = await withTwoPlaces();
    try {
        const number = '+13125590001';
        await by.number(number, by.application_id);
        const inDatabase = (sql) => execFileSync('python3', ['-c', 'import sqlite3, sys; sqlite3.connect(sys.argv[1], 30).execute(sys.argv[2])',
            join(by.folder, 'faxwire.db'), sql]);
        inDatabase("CREATE TRIGGER no BEFORE INSERT ON fax BEGIN SELECT RAISE(ABORT, 'no'); END");
        await refused(by, { number, status: 503, cause: 41 });
        inDatabase('DROP TRIGGER no');
        const { fax, giveUp } = await ringing(by, { number, to: number, party: number, diversion: number, history: number });
        await giveUp();
        await by.ended(fax.id);
    } finally {
        await by.end();
    }
    const full = await withTwoPlaces('disk_free_min_mb: 1048576\n');
    try {
        await full.number('+13125590002', full.application_id);
        await refused(full, { number: '+13125590002', status: 503, cause: 42 });
    } finally {
        await full.end();
    }
});
