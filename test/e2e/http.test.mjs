/* HTTP itself, byte for byte: what could be read in two ways, what takes too long or is too much, TLS, and browsers. */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { request as httpsRequest } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, until } from './lib/service.mjs';

let service, port, folder, pem;
before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'faxwire-http-'));
    pem = ['cert', 'key'].map((name) => join(folder, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', pem[1], '-out', pem[0], '-days', '2',
        '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    service = await Service.start({ env: { FAXWIRE_HTTP_HEADER_TIMEOUT_SECS: '5', FAXWIRE_HTTP_BODY_TIMEOUT_SECS: '5',
        FAXWIRE_CORS_ORIGINS: 'https://app.example.com, http://localhost:3000' } });
    port = Number(new URL(service.url).port);
});
after(async () => {
    await service?.end();
    rmSync(folder, { recursive: true, force: true });
});

/* A connection of our own: what came, and whether the service closed it. */
class Wire {
    constructor(at = port) {
        this.text = '';
        this.socket = connect(at, '127.0.0.1');
        this.socket.on('data', (part) => { this.text += part.toString('latin1'); });
        this.closed = new Promise((done) => this.socket.on('close', () => { this.isClosed = true; done(); }));
        this.socket.on('end', () => { this.ended = true; });
        this.socket.on('error', (error) => { this.error = error; });
    }
    write(bytes) { if (!this.socket.destroyed) this.socket.write(bytes, 'latin1'); return this; }
    async answer() {
        await until(`an answer, have ${JSON.stringify(this.text)}`, () => this.text.includes('\r\n\r\n') || this.isClosed);
        return { status: Number(/^HTTP\/1\.[01] (\d+)/.exec(this.text)?.[1]),
            header: (name) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(this.text)?.[1] };
    }
    end() { this.socket.destroy(); }
}
const key = () => `Authorization: Bearer ${service.api_key}\r\n`;
const form = () => `${key()}Content-Type: application/x-www-form-urlencoded\r\n`;

test('what two readers would read differently is refused with 400, and the connection closed', async () => {
    const get = (headers) => `GET /v2/faxes HTTP/1.1\r\n${headers}${key()}\r\n`;
    const post = (headers, body = 'a=1') => `POST /v2/faxes HTTP/1.1\r\nHost: a\r\n${form()}${headers}\r\n${body}`;
    const shapes = {
        'both lengths': post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '3\r\na=1\r\n0\r\n\r\n'),
        'both, the other way': post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '3\r\na=1\r\n0\r\n\r\n'),
        'two lengths': post('Content-Length: 3\r\nContent-Length: 3\r\n'),
        'unequal lengths': post('Content-Length: 3\r\nContent-Length: 4\r\n'),
        'lengths in a list': post('Content-Length: 3, 3\r\n'),
        'a negative length': post('Content-Length: -3\r\n'),
        'a signed length': post('Content-Length: +3\r\n'),
        'a hexadecimal length': post('Content-Length: 0x3\r\n'),
        'an endless length': post('Content-Length: 99999999999999999999\r\n'),
        'an unknown encoding': post('Transfer-Encoding: gzip\r\n'),
        'two encodings': post('Transfer-Encoding: gzip, chunked\r\n', '3\r\na=1\r\n0\r\n\r\n'),
        'an encoding twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '3\r\na=1\r\n0\r\n\r\n'),
        'an encoding in disguise': post('Transfer-Encoding: xchunked\r\n', '3\r\na=1\r\n0\r\n\r\n'),
        'an encoding in HTTP/1.0': post('Transfer-Encoding: chunked\r\n', '3\r\na=1\r\n0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
        'two hosts': get('Host: a\r\nHost: b\r\n'),
        'no host': get(''),
        'a NUL': get('Host: a\r\nX-Odd: a\0b\r\n'),
        'a NUL in a name': get('Host: a\r\nX\0Odd: 1\r\n'),
        'a bare LF': get('Host: a\r\nX-Odd: a\nX-More: b\r\n'),
        'a NUL in the target': get('Host: a\r\n').replace('faxes', 'fa\0xes'),
        'a bare CR': get('Host: a\r\nX-Odd: a\rContent-Length: 5\r\n'),
        'a space before the colon': get('Host: a\r\nContent-Length : 0\r\n'),
        'a name with a bracket': get('Host: a\r\nX(y): 1\r\n'),
        'a line with no colon': get('Host: a\r\nodd line\r\n'),
        'a folded header': get('Host: a\r\nX-Odd: one\r\n two\r\n'),
        'a folded value that was empty': get('Host: a\r\nX-Odd:\r\n\tone\r\n'),
        'an encoding in a second line': post('Transfer-Encoding:\r\n chunked\r\n', '3\r\na=1\r\n0\r\n\r\n'),
        'a chunk that is none': post('Transfer-Encoding: chunked\r\n', 'xyz\r\na=1\r\n0\r\n\r\n'),
    };
    for (const [name, bytes] of Object.entries(shapes)) {
        const wire = new Wire().write(bytes);
        const { status, header } = await wire.answer();
        const wanted = name === 'an endless length' ? 413 : 400; // that one is only too long
        assert.equal(status, wanted, `${name}: ${wire.text}`);
        await wire.closed;
        assert.match(header('request-id') ?? '', /^[0-9a-f-]{36}$/, `${name}: ${wire.text}`);
        assert.equal(header('x-request-id'), header('request-id'), name);
        assert.match(wire.text, /"errors":\[\{/, `${name}: in the words of the API`);
        await until(`the log of ${name}`, () => service.log.includes(`request=${header('request-id')}`));
        /* The HTTP library puts the head of some refusals twice; nothing but a refusal comes. */
        for (const [, code] of wire.text.matchAll(/HTTP\/1\.1 (\d+)/g)) assert.equal(Number(code), wanted, `${name}: ${wire.text}`);
    }
    assert.equal((await service.request('GET', '/v2/faxes')).body.meta.total_results, 0);
});

test('a second request behind a refused one is not read', async () => {
    const smuggled = `GET /health HTTP/1.1\r\nHost: a\r\n\r\n`;
    const wire = new Wire().write(`POST /v2/faxes HTTP/1.1\r\nHost: a\r\n${form()}Content-Length: ${smuggled.length}\r\n`
        + `Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`);
    await wire.closed;
    assert.equal(wire.text.split('HTTP/1.1 ').length, 2);
    assert.match(wire.text, /^HTTP\/1\.1 400 /);
});

test('413 is told while the body still comes', async () => {
    const json = new Wire().write(`POST /v2/faxes HTTP/1.1\r\nHost: a\r\n${key()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    /* It never ends by itself. */
    const feed = setInterval(() => json.write(chunk), 5);
    const { status, header } = await json.answer();
    clearInterval(feed);
    assert.equal(status, 413, json.text);
    assert.match(header('request-id'), /^[0-9a-f-]{36}$/);
    assert.equal(header('x-request-id'), header('request-id'));
    await until('its body', () => json.text.includes(']}'));
    assert.equal(JSON.parse(json.text.slice(json.text.indexOf('\r\n\r\n') + 4)).errors[0].title, 'Payload Too Large');
    await until('the end', () => json.ended);
    json.end();

    const announced = new Wire().write(`POST /v2/faxes HTTP/1.1\r\nHost: a\r\n${key()}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000000\r\n\r\n`);
    assert.equal((await announced.answer()).status, 413, 'before any of it');
    announced.end();
});

test('a header or a body that drips is cut off, and holds nobody else up', async () => {
    const drip = (wire, text) => {
        const timer = setInterval(() => wire.write(text), 300);
        wire.closed.then(() => clearInterval(timer));
        return wire;
    };
    const silent = new Wire();
    const header = drip(new Wire().write('GET /v2/faxes HTTP/1.1\r\nHost: a\r\nX-Slow: '), 'a');
    const body = drip(new Wire().write(`POST /v2/faxes HTTP/1.1\r\nHost: a\r\n${form()}Content-Length: 100000\r\n\r\n`), 'a');
    assert.equal((await service.request('GET', '/v2/faxes')).status, 200);
    await Promise.all([silent.closed, header.closed]);
    assert.equal(silent.text + header.text, '');
    const { status, header: of } = await body.answer();
    assert.equal(status, 408, body.text);
    assert.match(of('request-id'), /^[0-9a-f-]{36}$/);
    await body.closed;
    assert.match(service.log, /event=http\.too_slow/);
});

test('headers and targets have a ceiling', async () => {
    const head = new Wire().write(`GET /v2/faxes HTTP/1.1\r\nHost: a\r\n${`X-Long: ${'a'.repeat(1000)}\r\n`.repeat(200)}\r\n`);
    const { status, header } = await head.answer();
    assert.ok([400, 413, 431].includes(status), head.text);
    assert.match(header('request-id'), /^[0-9a-f-]{36}$/);
    const target = new Wire().write(`GET /v2/faxes?a=${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n${key()}\r\n`);
    assert.ok([400, 414].includes((await target.answer()).status), target.text);
    const query = new Wire().write(`GET /v2/faxes?${'a=1&'.repeat(100)} HTTP/1.1\r\nHost: a\r\n${key()}\r\n`);
    assert.equal((await query.answer()).status, 400);
    for (const wire of [head, target, query]) wire.end();
});

test('every answer has its id in two headers and in a log line', async () => {
    const ask = [['GET', '/health'], ['GET', '/v2/faxes'], ['GET', '/v2/nothing'], ['PATCH', '/v2/faxes'], ['GET', '/v2/faxes/x'],
        ['POST', '/v2/faxes'], ['OPTIONS', '/v2/faxes'], ['HEAD', '/v2/faxes'], ['DELETE', '/v2/media/x']];
    const seen = new Set();
    for (const [method, path] of [...ask, ...ask]) {
        const { headers } = await fetch(service.url + path, { method, headers: { authorization: `Bearer ${service.api_key}` } });
        const id = headers.get('request-id');
        assert.match(id, /^[0-9a-f-]{36}$/, `${method} ${path}`);
        assert.equal(headers.get('x-request-id'), id);
        await until(`the log of ${method} ${path}`, () => service.log.includes(`request=${id}`));
        seen.add(id);
    }
    assert.equal(seen.size, 2 * ask.length);
    const refused = await fetch(`${service.url}/v2/faxes`);
    assert.equal(refused.status, 401);
    assert.ok(refused.headers.get('request-id'));
});

test('HEAD is GET without a body; OPTIONS tells the methods', async () => {
    const headers = { authorization: `Bearer ${service.api_key}` };
    const [head, get] = await Promise.all(['HEAD', 'GET'].map((method) => fetch(`${service.url}/v2/faxes`, { method, headers })));
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
    assert.equal(head.headers.get('content-length'), get.headers.get('content-length'));
    const options = await fetch(`${service.url}/v2/faxes`, { method: 'OPTIONS' });
    assert.equal(options.status, 204);
    assert.equal(options.headers.get('allow'), 'POST, GET, HEAD, OPTIONS');
    assert.equal((await fetch(`${service.url}/v2/nothing`, { method: 'OPTIONS' })).status, 404);
    const all = new Wire().write('OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.equal((await all.answer()).status, 204);
});

test('browsers of the origins that were configured may ask, others not', async () => {
    const preflight = (origin, path = '/v2/faxes') => fetch(service.url + path, { method: 'OPTIONS', headers: { origin,
        'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } });
    for (const origin of ['https://app.example.com', 'http://localhost:3000']) {
        const { status, headers } = await preflight(origin);
        assert.equal(status, 204);
        assert.equal(headers.get('access-control-allow-origin'), origin);
        assert.match(headers.get('access-control-allow-methods'), /POST/);
        for (const name of ['authorization', 'content-type', 'idempotency-key'])
            assert.ok(headers.get('access-control-allow-headers').toLowerCase().includes(name));
        assert.match(headers.get('vary'), /origin/i);
        assert.equal(headers.get('access-control-allow-credentials'), null);
        const answer = await fetch(`${service.url}/v2/faxes`, { headers: { origin, authorization: `Bearer ${service.api_key}` } });
        assert.equal(answer.headers.get('access-control-allow-origin'), origin);
        assert.match(answer.headers.get('access-control-expose-headers'), /request-id/);
        const error = await fetch(`${service.url}/v2/faxes`, { headers: { origin } });
        assert.equal(error.headers.get('access-control-allow-origin'), origin, 'a page may read why not');
    }
    for (const origin of ['https://evil.example', 'https://app.example.com.evil.example', 'https://app.example.co', 'null', 'http://app.example.com'])
        assert.equal((await preflight(origin)).headers.get('access-control-allow-origin'), null, origin);
    const closed = await Service.start();
    const { headers } = await fetch(`${closed.url}/v2/faxes`, { method: 'OPTIONS', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' } });
    assert.equal(headers.get('access-control-allow-origin'), null, 'off by default');
    await closed.end();
});

test('HTTPS with a certificate of the operator', async () => {
    const secure = await Service.start({ env: { FAXWIRE_TLS_CERT: pem[0], FAXWIRE_TLS_KEY: pem[1], FAXWIRE_HTTP_HEADER_TIMEOUT_SECS: '5' } });
    assert.match(secure.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const ca = readFileSync(pem[0]);
    const ask = (method, path, body, type) => new Promise((done, failed) => {
        const request = httpsRequest(secure.url + path, { method, ca, headers: { authorization: `Bearer ${secure.api_key}`,
            ...(type ? { 'content-type': type } : {}) } }, (answer) => {
            let text = '';
            answer.on('data', (part) => { text += part; });
            answer.on('end', () => done({ status: answer.statusCode, body: text && JSON.parse(text) }));
        });
        request.on('error', failed);
        request.end(body);
    });
    const document = readFileSync(new URL('../../doc/sample.pdf', import.meta.url));
    const media = await ask('POST', '/v2/media', Buffer.concat([Buffer.from('--x\r\nContent-Disposition: form-data; name="media_name"\r\n\r\na\r\n'
        + '--x\r\nContent-Disposition: form-data; name="media"; filename="a.pdf"\r\n\r\n'), document, Buffer.from('\r\n--x--\r\n')]), 'multipart/form-data; boundary=x');
    assert.equal(media.status, 201, JSON.stringify(media.body));
    const sent = await ask('POST', '/v2/faxes', JSON.stringify({ connection_id: secure.application_id, from: '+12025550123', to: '+12005550100',
        media_name: 'a', store_preview: true }), 'application/json');
    assert.equal(sent.status, 202, JSON.stringify(sent.body));
    const fax = await until('the end', async () => {
        const { data } = (await ask('GET', `/v2/faxes/${sent.body.data.id}`)).body;
        return data.status === 'delivered' && data;
    });
    assert.match(fax.preview_url, /^https:/);
    const versions = await Promise.all(['TLSv1.1', 'TLSv1.2', 'TLSv1.3'].map((version) => new Promise((done) => {
        const socket = tlsConnect({ port: Number(new URL(secure.url).port), host: '127.0.0.1', ca, minVersion: version, maxVersion: version,
            ciphers: 'DEFAULT@SECLEVEL=0' }, () => { socket.destroy(); done('taken'); });
        socket.on('error', () => done('refused'));
    })));
    assert.deepEqual(versions, ['refused', 'taken', 'taken']);
    const plain = new Wire(Number(new URL(secure.url).port)).write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    await plain.closed;
    assert.doesNotMatch(plain.text, /200/);
    const silent = new Wire(Number(new URL(secure.url).port));
    await silent.closed; // a handshake has its time too
    await secure.end();
});

/* The same as in the clear: in the middle of a body, over TLS. */
test('over TLS too a body that is too long or too slow is told so while it comes', async () => {
    const secure = await Service.start({ env: { FAXWIRE_TLS_CERT: pem[0], FAXWIRE_TLS_KEY: pem[1], FAXWIRE_HTTP_BODY_TIMEOUT_SECS: '2' } });
    const ask = (version, headers) => {
        const socket = tlsConnect({ port: Number(new URL(secure.url).port), host: '127.0.0.1', ca: readFileSync(pem[0]), minVersion: version, maxVersion: version });
        const wire = { socket, text: '' };
        socket.on('data', (part) => { wire.text += part; });
        socket.on('end', () => { wire.ended = true; });
        socket.on('error', () => {});
        socket.write(`POST /v2/faxes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${secure.api_key}\r\n${headers}\r\n`);
        return wire;
    };
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const long = ask(version, 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n');
        const feed = setInterval(() => long.socket.destroyed || long.socket.write(`10000\r\n${' '.repeat(0x10000)}\r\n`), 5);
        await until(`413, have ${long.text}`, () => long.text.includes(']}'));
        clearInterval(feed);
        assert.match(long.text, /^HTTP\/1\.1 413 /);
        const silent = ask(version, 'Content-Type: application/json\r\nContent-Length: 1000\r\n');
        await until(`408, have ${silent.text}`, () => silent.text.includes(']}'));
        assert.match(silent.text, /^HTTP\/1\.1 408 [^]*request-id: [0-9a-f-]{36}/);
        await until('the end of it', () => silent.ended);
        for (const wire of [long, silent]) wire.socket.destroy();
    }
    await secure.end();
});

test('a renewed certificate is shown after SIGHUP; one that does not fit changes nothing', async () => {
    const make = (name) => execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(folder, 'live-key'),
        '-out', join(folder, 'live-cert'), '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    make('first');
    const secure = await Service.start({ env: { FAXWIRE_TLS_CERT: join(folder, 'live-cert'), FAXWIRE_TLS_KEY: join(folder, 'live-key') } });
    const shown = () => new Promise((done, failed) => {
        const socket = tlsConnect({ port: Number(new URL(secure.url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
            done(socket.getPeerCertificate().subject.CN);
            socket.destroy();
        });
        socket.on('error', failed);
    });
    assert.equal(await shown(), 'first');
    writeFileSync(join(folder, 'live-cert'), readFileSync(pem[0]));
    secure.process.kill('SIGHUP');
    await until('the refusal', () => /event=certificate\.kept field=tls_cert/.test(secure.log));
    assert.equal(await shown(), 'first');
    make('second');
    secure.process.kill('SIGHUP');
    await until('the new one', async () => await shown() === 'second');
    await secure.end();
});

test('what cannot work with TLS and origins is told at the start', async () => {
    const odd = join(folder, 'odd');
    writeFileSync(odd, 'no certificate');
    for (const [env, word] of [[{ FAXWIRE_TLS_CERT: pem[0] }, 'tls_key'], [{ FAXWIRE_TLS_CERT: odd, FAXWIRE_TLS_KEY: pem[1] }, 'tls_cert'],
        [{ FAXWIRE_TLS_CERT: join(folder, 'none'), FAXWIRE_TLS_KEY: pem[1] }, 'tls_cert'], [{ FAXWIRE_CORS_ORIGINS: 'app.example.com' }, 'cors_origins'],
        [{ FAXWIRE_CORS_ORIGINS: 'https://app.example.com/' }, 'cors_origins']])
        await assert.rejects(Service.start({ env }), (error) => error.message.includes(word), JSON.stringify(env));
});
