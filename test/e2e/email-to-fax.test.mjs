/* E-mail to fax: a real mail server's pipe into `faxwire mail`, a real call, and the result by mail. */
import { describe, it as test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { Service, bin, until } from './lib/service.mjs';
import { MailServer, refusal } from './lib/mail.mjs';
import { compose, submit } from './lib/smtp.mjs';
import { onePage, twoPages } from './lib/pdf.mjs';

const GOOD = '+12005550100', BOSS = 'Boss@Office.example', FROM = 'fax@faxwire.example', NUMBER = '+13125550851';
const settings = (mail) => ({ FAXWIRE_SMTP_URL: mail.url, FAXWIRE_SMTP_FROM: FROM, FAXWIRE_SMTP_RETRY_FIRST_MS: '50', FAXWIRE_SMTP_RETRY_MAX_SECS: '1' });

/* What a mail server does with the code of a pipe (sysexits.h): 75 is tried again, the rest goes back. */
async function pipe(args, message, env = {}) {
    const { FAXWIRE_URL, FAXWIRE_API_KEY, ...clean } = process.env;
    const child = spawn(bin('faxwire'), ['mail', ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...clean, ...env } });
    let out = '', error = '';
    child.stdout.on('data', (part) => { out += part; });
    child.stderr.on('data', (part) => { error += part; });
    child.stdin.on('error', () => {}); // it need not read all
    child.stdin.end(message);
    const code = await new Promise((done) => child.on('close', done));
    return { code, id: out.trim(), error };
}

describe('mail comes by a server', () => {
    let service, result, gateway, folder, key, arguments_, application;
    const gate = { lastCode: null, lost: 0 }; // lost: answers of the pipe that the mail server does not get to hear
    before(async () => {
        result = await MailServer.start({ disabledCommands: ['STARTTLS', 'AUTH'] });
        service = await Service.start({ env: settings(result) });
        folder = mkdtempSync(join(tmpdir(), 'faxwire-gate-'));
        key = join(folder, 'key');
        writeFileSync(key, `${service.api_key}\n`, { mode: 0o600 });
        application = (await service.application('http://127.0.0.1:9/', { email_to_fax: { senders: ['boss@office.example', '@desk.example'] } })).id;
        await service.number(NUMBER, application);
        arguments_ = () => ['--url', service.url, '--key-file', key, '--application', application];
        gateway = new SMTPServer({ authOptional: true, logger: false, disableReverseLookup: true, closeTimeout: 100, disabledCommands: ['STARTTLS'],
            onData(stream, session, done) {
                const parts = [];
                stream.on('data', (part) => parts.push(part));
                stream.on('end', async () => {
                    const { mailFrom, rcptTo } = session.envelope;
                    const { code, error } = await pipe([...arguments_(), `--sender=${mailFrom.address}`, rcptTo[0].address], Buffer.concat(parts));
                    gate.lastCode = code;
                    if (code === 0 && gate.lost-- > 0) return done(refusal(451, 'the pipe was cut off'));
                    done(code === 0 ? null : refusal(code === 75 ? 451 : 550, error.trim().replace(/\n/g, ' ')));
                });
            } });
        gateway.on('error', () => {});
        await new Promise((done) => gateway.listen(0, '127.0.0.1', done));
        gate.lost = 0;
    });
    after(async () => {
        await new Promise((done) => gateway.close(done));
        await service?.end();
        await result?.end();
        rmSync(folder, { recursive: true, force: true });
    });
    const send = (mail, to = `${GOOD}@fax.example`, from = BOSS) => submit(gateway.server.address().port, { from, to, message: compose({ from, ...mail }) });
    const faxes = async () => (await service.request('GET', `/v2/faxes?filter[direction]=outbound&filter[from]=${encodeURIComponent(NUMBER)}&page[size]=100`)).body;
    const newest = async () => (await faxes()).data[0];
    const told = (id) => until(`the mail about ${id}`, () => result.of(id)[0]).catch((e) => { throw new Error(`${e.message}\n${service.log.slice(-3000)}`); });

    test('attachments are faxed in order, from the number of the application, and the sender hears that they arrived', async () => {
        const answer = await send({ id: 'one@office.example', files: [{ file: twoPages(folder) }, { file: onePage(folder) }] });
        assert.equal(answer.code, 250, answer.text);
        const { id } = await newest();
        const fax = await service.ended(id);
        assert.deepEqual([fax.status, fax.page_count, fax.from, fax.to, fax.result_email], ['delivered', 3, NUMBER, GOOD, 'boss@office.example']);
        const mail = await told(id);
        assert.deepEqual([mail.from, mail.to], [FROM, ['boss@office.example']]);
        assert.equal(mail.headers.subject, `Fax to ${GOOD} delivered, 3 pages`);
        assert.equal(mail.headers['in-reply-to'], '<one@office.example>');
        assert.equal(mail.headers['auto-submitted'], 'auto-generated');
        assert.equal(mail.parts.length, 1);
        assert.match(mail.parts[0].body, /Pages that arrived: 3 of 3/);
        await until('the event', async () => (await service.events(id)).find((e) => e.event_type === 'email.result_sent'));
        assert.ok(!(await service.events(id)).some((e) => e.event_type === 'fax.email.delivered'));
    });

    test('the server heard no answer and sends again: one fax, as long as it lasts', async () => {
        const before = (await faxes()).meta.total_results;
        gate.lost = 2;
        for (const code of [451, 451, 250])
            assert.equal((await send({ id: 'again@office.example', files: [{ file: onePage(folder) }] })).code, code);
        assert.equal((await faxes()).meta.total_results, before + 1);
        const { id } = await newest();
        await service.ended(id);
        await told(id);
        assert.equal((await send({ id: 'again@office.example', files: [{ file: onePage(folder) }] })).code, 250);
        assert.equal((await faxes()).meta.total_results, before + 1, 'also after its end');
        assert.equal((await send({ files: [{ file: onePage(folder) }] })).code, 250, 'without a Message-ID');
        assert.equal((await send({ files: [{ file: onePage(folder) }] })).code, 250);
        assert.equal((await faxes()).meta.total_results, before + 2, 'the same message is the same fax');
    });

    test('one that fails comes back with plain advice', async () => {
        assert.equal((await send({ id: 'busy@desk.example', files: [{ file: onePage(folder) }] }, '+12005550101@fax.example', 'me@desk.example')).code, 250);
        const { id } = await newest();
        assert.equal((await service.ended(id)).failure_reason, 'user_busy');
        const mail = await told(id);
        assert.equal(mail.headers.subject, 'Fax to +12005550101 was not delivered');
        assert.match(mail.parts[0].body, /busy/i);
        assert.deepEqual(mail.to, ['me@desk.example']);
        const archive = join(folder, 'archive.zip');
        writeFileSync(archive, Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(400, 7)]));
        assert.equal((await send({ id: 'zip@desk.example', files: [{ file: archive, type: 'application/zip' }] }, undefined, 'me@desk.example')).code, 250);
        const other = await newest();
        assert.equal((await service.ended(other.id)).failure_reason, 'file_format_invalid');
        assert.match((await told(other.id)).parts[0].body, /Reason: file_format_invalid/);
    });

    test('told once, whatever happens to the mail server and to us', async () => {
        let refused = 0;
        result.answer = () => { refused++; return refusal(451, 'later'); };
        assert.equal((await send({ id: 'late@office.example', files: [{ file: onePage(folder) }] })).code, 250);
        const { id } = await newest();
        assert.equal((await service.ended(id)).status, 'delivered');
        await until('a refusal', () => refused > 0);
        await service.stop('SIGKILL');
        result.answer = () => null;
        service = await Service.start({ data: service.folder, env: settings(result) });
        await told(id);
        await until('the event', async () => (await service.events(id)).find((e) => e.event_type === 'email.result_sent'));
        assert.equal(result.of(id).length, 1);
    });

    test('the service is away: the mail stays in the queue, and is faxed once it is there', async () => {
        await service.stop();
        const mail = { id: 'away@office.example', files: [{ file: onePage(folder) }] };
        assert.equal((await send(mail)).code, 451);
        assert.equal(gate.lastCode, 75);
        service = await Service.start({ data: service.folder, env: settings(result) });
        assert.equal((await send(mail)).code, 250);
        assert.equal((await service.ended((await newest()).id)).status, 'delivered');
    });

    test('who may not, what is no number, and what cannot be faxed goes back, with the reason', async () => {
        const before = (await faxes()).meta.total_results;
        const file = onePage(folder);
        const refused = async (answer, code, word) => {
            const { code: said, text } = await answer;
            assert.equal(said, 550, text);
            assert.match(text, word);
            assert.equal(gate.lastCode, code);
        };
        await refused(send({ files: [{ file }] }, undefined, 'stranger@evil.example'), 77, /may not/);
        await refused(send({ from: 'boss@office.example', files: [{ file }] }, undefined, 'stranger@evil.example'), 77, /may not/);
        await refused(send({ from: 'stranger@evil.example', files: [{ file }] }), 77, /stranger@evil.example may not/);
        await refused(send({ files: [{ file }] }, 'desk@fax.example'), 67, /number/);
        await refused(send({ files: [], text: ' ' }), 65, /nothing/);
        await refused(send({ headers: ['Auto-Submitted: auto-replied'], files: [{ file }] }), 77, /machines/);
        assert.equal((await faxes()).meta.total_results, before);
    });

    test('the command: headers in place of arguments, the text first, and nothing lost by a wrong line', async () => {
        const headers = [`Return-Path: <${BOSS}>`, `Delivered-To: ${GOOD}@fax.example`];
        const message = compose({ from: BOSS, id: 'headers@office.example', headers, files: [{ file: onePage(folder) }] });
        const { code, id, error } = await pipe([...arguments_(), '--body', 'first', '--from', '+12025550199', '--no-result'], message);
        assert.equal(code, 0, error);
        const fax = await service.ended(id);
        assert.deepEqual([fax.status, fax.page_count, fax.from, fax.result_email], ['delivered', 2, '+12025550199', null]);
        assert.deepEqual(result.of(id), []);
        for (const [args, env] of [[['--application', application], {}], [['--url', service.url], {}], [[...arguments_(), '--body', 'x'], {}],
            [['--url', service.url, '--application', application], { FAXWIRE_API_KEY: 'KEY_wrong' }],
            [[...arguments_().slice(0, 4), '--application', '1'], {}], [[...arguments_(), '--nonsense'], {}]]) {
            const run = await pipe(args, message, env);
            assert.equal(run.code, 75, `${args}: ${run.error}`);
            assert.ok(run.error);
        }
    });
});
