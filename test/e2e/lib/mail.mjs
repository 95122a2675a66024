/* A mail server (SMTP, RFC 5321) that keeps what it takes, and answers as told. */
import { SMTPServer } from 'smtp-server';
import assert from 'node:assert/strict';

/* A refusal with a code of RFC 5321. */
export const refusal = (responseCode, text) => Object.assign(new Error(text), { responseCode });

export class MailServer {
    /* `answer(recipient, n)`: nothing, a refusal, or 'hang': then the message is never answered. */
    static async start({ answer = () => null, ...options } = {}) {
        const mail = new MailServer();
        Object.assign(mail, { messages: [], asked: 0, hanging: 0, connections: 0 });
        mail.answer = answer;
        const said = new WeakMap();
        mail.server = new SMTPServer({
            authOptional: true, logger: false, disableReverseLookup: true, closeTimeout: 100, ...options,
            onConnect(session, done) { mail.connections++; done(); },
            onRcptTo({ address }, session, done) {
                const what = mail.answer(address, ++mail.asked);
                said.set(session, what);
                done(what instanceof Error ? what : null);
            },
            onData(stream, session, done) {
                const parts = [];
                stream.on('data', (part) => parts.push(part));
                stream.on('end', () => {
                    if (said.get(session) === 'hang') { mail.hanging++; return; }
                    mail.messages.push({ from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((r) => r.address),
                        secure: session.secure, user: session.user, ...parse(Buffer.concat(parts).toString('latin1')) });
                    done();
                });
            },
        });
        mail.server.on('error', () => {}); // a client that is killed resets its connection
        await new Promise((done) => mail.server.listen(0, '127.0.0.1', done));
        mail.port = mail.server.server.address().port;
        mail.url = `${options.secure ? 'smtps' : 'smtp'}://127.0.0.1:${mail.port}`;
        return mail;
    }

    of(fax) {
        return this.messages.filter((m) => m.headers['x-faxwire-fax'] === fax);
    }

    end() {
        return new Promise((done) => this.server.close(done));
    }
}

function headersOf(text) {
    const lines = text.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

/* Headers, and the parts of a multipart/mixed (RFC 2046). */
function parse(text) {
    const end = text.indexOf('\r\n\r\n');
    const headers = headersOf(text.slice(0, end));
    const [, boundary] = /^multipart\/mixed;\s*boundary="?([^";]+)"?/i.exec(headers['content-type']) ?? [];
    assert.ok(boundary, headers['content-type']);
    const pieces = text.slice(end + 2).split(`\r\n--${boundary}`);
    assert.match(pieces.at(-1), /^--\s*$/, 'the message is whole');
    const parts = pieces.slice(1, -1).map((piece) => {
        const at = piece.indexOf('\r\n\r\n');
        const of = headersOf(piece.slice(2, at));
        const body = piece.slice(at + 4);
        return { headers: of, body: of['content-transfer-encoding'] === 'base64' ? Buffer.from(body, 'base64') : body };
    });
    return { headers, parts };
}
