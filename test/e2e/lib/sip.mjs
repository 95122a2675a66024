/* A SIP peer for tests, written without our stack: reads messages as text, over UDP, TCP or TLS. */
import { createHash, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';

export const header = (message, name) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(message.split('\r\n\r\n')[0])?.[1].trim() ?? '';
export const bodyOf = (message) => message.slice(message.indexOf('\r\n\r\n') + 4);
export const methodOf = (message) => message.slice(0, message.indexOf(' '));

/* An answer to `request`. */
export function answer(request, status, headers = [], body = '') {
    const tag = /;tag=/.test(header(request, 'To')) || status.startsWith('100') ? '' : ';tag=peer';
    const vias = request.split('\r\n').filter((line) => /^via:/i.test(line));
    return [`SIP/2.0 ${status}`, ...vias, `From: ${header(request, 'From')}`, `To: ${header(request, 'To')}${tag}`,
        `Call-ID: ${header(request, 'Call-ID')}`, `CSeq: ${header(request, 'CSeq')}`, ...headers,
        `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

/* True when the digest of `request` is right (RFC 7616 clause 3.4.1), in the other party's own computation. */
export function digestIsRight(request, headerName, { username, password, algorithm }) {
    const given = header(request, headerName);
    const field = (name) => new RegExp(`(?:^|[ ,])${name}="?([^",]*)"?`).exec(given)?.[1] ?? '';
    const hash = (text) => createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5').update(text).digest('hex');
    const a1 = hash(`${username}:${field('realm')}:${password}`);
    const a2 = hash(`${methodOf(request)}:${field('uri')}`);
    const want = hash([a1, field('nonce'), field('nc'), field('cnonce'), field('qop'), a2].join(':'));
    return field('username') === username && field('response') === want;
}
export const challenge = (name, algorithm) =>
    `${name}: Digest realm="r", nonce="${randomBytes(8).toString('hex')}", algorithm=${algorithm}, qop="auth"`;

/* Whole messages out of a stream. */
class Framer {
    text = '';
    push(part) {
        this.text += part;
        const whole = [];
        for (;;) {
            this.text = this.text.replace(/^(\r\n)+/, '');
            const end = this.text.indexOf('\r\n\r\n');
            const size = end < 0 ? 0 : Number(header(this.text.slice(0, end + 4), 'Content-Length') || 0);
            if (end < 0 || this.text.length < end + 4 + size) return whole;
            whole.push(this.text.slice(0, end + 4 + size));
            this.text = this.text.slice(end + 4 + size);
        }
    }
}

/* `on(request, reply, peer)` is called for every request but ACK; all messages are kept in `heard`. */
export class Peer {
    heard = [];
    sockets = new Set();

    static async start(on, { transport = 'udp', host = '127.0.0.1', port = 0, ...secure } = {}) {
        const peer = new Peer();
        const take = (message, send) => {
            peer.heard.push(message);
            if (!message.startsWith('SIP/2.0') && methodOf(message) !== 'ACK') on(message, (...args) => send(answer(message, ...args)), peer);
        };
        if (transport === 'udp') {
            peer.server = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
            peer.server.on('message', (bytes, from) => take(bytes.toString('latin1'), (text) => peer.server.send(text, from.port, from.address)));
            await new Promise((done) => peer.server.bind(port, host, done));
        } else {
            const accept = (socket) => {
                const framer = new Framer();
                peer.sockets.add(socket);
                socket.on('error', () => {});
                socket.on('data', (part) => framer.push(part.toString('latin1')).forEach((m) => take(m, (text) => socket.write(text))));
            };
            peer.server = transport === 'tls' ? tls.createServer(secure, accept) : net.createServer(accept);
            peer.server.on('tlsClientError', () => {});
            await new Promise((done) => peer.server.listen(port, host, done));
        }
        peer.port = peer.server.address().port;
        return peer;
    }

    all(method) { return this.heard.filter((message) => methodOf(message) === method); }

    async end() {
        for (const socket of this.sockets) socket.destroy();
        await new Promise((done) => this.server.close(done));
    }
}

/* A name server: `records` maps "NAME TYPE" to arrays of what is answered. */
export class Names {
    static async start(records) {
        const names = new Names();
        names.asked = [];
        names.socket = dgram.createSocket('udp4');
        names.socket.on('message', (query, from) => {
            let at = 12;
            const labels = [];
            for (; query[at]; at += query[at] + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
            const type = { 1: 'A', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR' }[query.readUInt16BE(at + 1)] ?? '?';
            const key = `${labels.join('.').toLowerCase()} ${type}`;
            names.asked.push(key);
            const found = (records[key] ?? []).map((record) => Names.record(query.subarray(12, at + 1), type, record));
            const head = Buffer.alloc(12);
            query.copy(head, 0, 0, 2);
            head.writeUInt16BE(found.length || Object.keys(records).some((k) => k.startsWith(`${labels.join('.').toLowerCase()} `)) ? 0x8580 : 0x8583, 2);
            head.writeUInt16BE(1, 4);
            head.writeUInt16BE(found.length, 6);
            names.socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...found]), from.port, from.address);
        });
        await new Promise((done) => names.socket.bind(0, '127.0.0.1', done));
        names.port = names.socket.address().port;
        return names;
    }

    static name(text) {
        return Buffer.concat([...text.split('.').filter(Boolean).map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
    }

    static record(owner, type, value) {
        const text = (s) => Buffer.from([s.length, ...Buffer.from(s)]);
        const u16 = (n) => Buffer.from([n >> 8, n & 255]);
        const data = {
            A: () => Buffer.from(value.split('.').map(Number)),
            AAAA: () => Buffer.from(value, 'hex'), // 32 digits
            SRV: () => Buffer.concat([u16(value.priority), u16(value.weight ?? 0), u16(value.port), Names.name(value.target)]),
            NAPTR: () => Buffer.concat([u16(value.order), u16(value.preference), text('s'), text(value.service), text(''), Names.name(value.target)]),
        }[type]();
        return Buffer.concat([owner, u16({ A: 1, AAAA: 28, SRV: 33, NAPTR: 35 }[type]), u16(1), Buffer.from([0, 0, 0, 1]), u16(data.length), data]);
    }

    end() { return new Promise((done) => this.socket.close(done)); }
}
