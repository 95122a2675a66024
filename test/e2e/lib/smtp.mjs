/* A mail client (RFC 5321), as bare as possible: what it sends is what was written. */
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';

/* The last answer: { code, text }. */
export async function submit(port, { from, to, message }) {
    const socket = connect(port, '127.0.0.1');
    let text = '', wake = () => {};
    socket.on('data', (part) => { text += part; wake(); });
    socket.on('close', () => { socket.gone = true; wake(); });
    socket.on('error', () => {});
    const answer = async () => {
        for (;;) {
            const line = /^(\d{3}) .*\r\n/m.exec(text);
            if (line) {
                text = text.slice(line.index + line[0].length);
                return { code: Number(line[1]), text: line[0].trim() };
            }
            if (socket.gone) throw new Error('the mail server hung up');
            await new Promise((done) => { wake = done; });
        }
    };
    let last = await answer();
    for (const line of ['EHLO test.example', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', message.replace(/^\./gm, '..') + '\r\n.']) {
        socket.write(line + '\r\n');
        last = await answer();
        if (last.code >= 400) break;
    }
    socket.end('QUIT\r\n');
    return last;
}

const wrapped = (bytes) => bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n');

/* A message with attachments: [{ file, type }]. */
export function compose({ from, id, subject = 'fax', text = 'Hello,\r\nhere it is.', files = [], headers = [] }) {
    const boundary = '=_part_of_the_test';
    const attached = files.map(({ file, type = 'application/pdf' }) => [`--${boundary}`, `Content-Type: ${type}`, 'Content-Transfer-Encoding: base64',
        'Content-Disposition: attachment; filename="x"', '', wrapped(readFileSync(file))].join('\r\n'));
    return [...headers, `From: ${from}`, 'To: fax <nobody@fax.example>', `Subject: ${subject}`, ...(id ? [`Message-ID: <${id}>`] : []), 'MIME-Version: 1.0',
        `Content-Type: multipart/mixed; boundary="${boundary}"`, '', `--${boundary}`, 'Content-Type: text/plain; charset=utf-8', '', text,
        ...attached, `--${boundary}--`, ''].join('\r\n');
}
