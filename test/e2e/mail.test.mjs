/* Received faxes go on by e-mail, to a real mail server that takes, refuses, hangs. */
import { describe, it as test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, bin, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { MailServer, refusal } from './lib/mail.mjs';
import { onePage } from './lib/pdf.mjs';

const FROM = 'fax@faxwire.example', DESK = 'desk@office.example';
const settings = (mail, more = {}) => ({ FAXWIRE_SMTP_URL: mail.url, FAXWIRE_SMTP_FROM: FROM, FAXWIRE_SMTP_RETRY_FIRST_MS: '50',
    FAXWIRE_SMTP_RETRY_MAX_SECS: '1', ...more });

/* A number whose faxes go to `recipient`. */
async function desk(service, number, hook, recipient = DESK, more = {}) {
    const application = await service.application(hook, more);
    const set = await service.request('PATCH', `/v2/fax_applications/${application.id}`,
        { body: { application_name: 'desk', webhook_event_url: hook, fax_email_recipient: recipient } });
    assert.equal(set.status, 200, JSON.stringify(set.body));
    await service.number(number, application.id);
}

async function arrive(service, to) {
    const sent = await service.send({ to, from: '+12025550144', quality: 'normal' }, onePage(service.folder));
    assert.equal((await service.ended(sent.id)).status, 'delivered');
    const fax = await service.received(to);
    assert.equal(fax.status, 'received', JSON.stringify(fax));
    return fax;
}

const eventsOf = async (service, fax, type) => (await service.events(fax.id)).filter((e) => e.event_type === type);
const event = (service, fax, type) => until(`${type} of ${fax.id}`, async () => (await eventsOf(service, fax, type))[0])
    .catch((error) => { throw new Error(`${error.message}\n${service.log.slice(-3000)}`); });

/* One message, with the very document, and told once, by event and by webhook. */
async function checkDelivered(service, receiver, mail, fax, { file = 'received.pdf', type = 'application/pdf' } = {}) {
    const told = await event(service, fax, 'fax.email.delivered');
    assert.equal(told.payload.page_count, 1);
    const [hook] = await until('the webhook', () => {
        const hooks = receiver.taken(fax.id).filter((h) => h.event.data.event_type === 'fax.email.delivered');
        return hooks.length && hooks;
    });
    const { payload } = hook.event.data;
    assert.deepEqual([payload.fax_id, payload.status, payload.direction, payload.page_count], [fax.id, 'received', 'inbound', 1]);
    const document = readFileSync(join(service.faxFolder(fax.id), file));
    if (type === 'application/pdf') assert.deepEqual(Buffer.from(await (await fetch(payload.media_url)).arrayBuffer()), document);
    const [message, ...others] = mail.of(fax.id);
    assert.deepEqual(others, []);
    assert.deepEqual([message.from, message.to], [FROM, [DESK]]);
    assert.equal(message.headers.from, `<${FROM}>`);
    assert.equal(message.headers.to, `<${DESK}>`);
    assert.equal(message.headers['message-id'], `<${fax.id}@faxwire.example>`);
    assert.match(message.headers.subject, /^Fax from \+12025550144 to \+1\d{10}, 1 page$/);
    assert.ok(Math.abs(Date.parse(message.headers.date) - Date.parse(fax.created_at)) < 600_000, message.headers.date);
    const [text, attached, ...more] = message.parts;
    assert.deepEqual(more, []);
    assert.ok(text.body.includes(fax.id));
    assert.ok(attached.headers['content-type'].startsWith(type), attached.headers['content-type']);
    assert.match(attached.headers['content-disposition'], new RegExp(`attachment;.*fax-${fax.id}\\.`));
    assert.ok(attached.body.equals(document), 'the attachment is the document, byte for byte');
    assert.equal((await eventsOf(service, fax, 'fax.email.delivered')).length, 1);
    assert.deepEqual(receiver.types(fax.id).slice(-2), ['fax.received', 'fax.email.delivered']);
    return message;
}

describe('a mail server without TLS on this machine', () => {
    let service, receiver, mail;
    before(async () => {
        receiver = await Receiver.start();
        mail = await MailServer.start({ disabledCommands: ['STARTTLS', 'AUTH'] });
        service = await Service.start({ env: settings(mail) });
        await desk(service, '+13125550801', receiver.url);
        await desk(service, '+13125550802', receiver.url, DESK, { inbound: { media_format: 'tiff' } });
    });
    after(async () => {
        await service?.end();
        await mail?.end();
        await receiver?.end();
    });

    test('it says 451 at first, then takes the fax', async () => {
        let refused = 0;
        mail.answer = () => (refused++ < 2 ? refusal(451, 'try again later') : null);
        await checkDelivered(service, receiver, mail, await arrive(service, '+13125550801'));
        assert.equal(refused, 3);
    });

    test('as TIFF where the application says so', async () => {
        mail.answer = () => null;
        await checkDelivered(service, receiver, mail, await arrive(service, '+13125550802'), { file: 'pages.tif', type: 'image/tiff' });
    });

    test('an address that is refused for good is given up at once', async () => {
        const asked = mail.asked;
        mail.answer = () => refusal(550, 'no such mailbox');
        const fax = await arrive(service, '+13125550801');
        const gone = await event(service, fax, 'email.given_up');
        assert.match(gone.payload.detail, /550/);
        assert.equal(mail.asked, asked + 1);
        assert.deepEqual(await eventsOf(service, fax, 'fax.email.delivered'), []);
    });

    test('it hangs: webhooks are told as ever; the service is killed, starts again, and the fax is sent and told once', async () => {
        mail.answer = () => 'hang';
        const fax = await arrive(service, '+13125550801');
        await until('the message to hang', () => mail.hanging > 0);
        const other = await arrive(service, '+13125550802');
        await receiver.complete(other.id);
        mail.answer = () => refusal(451, 'try again later');
        await service.stop('SIGKILL');
        const asked = mail.asked;
        service = await Service.start({ data: service.folder, env: settings(mail) });
        await until('both to be refused for now', () => mail.asked > asked + 1);
        await service.stop('SIGKILL');
        mail.answer = () => null;
        service = await Service.start({ data: service.folder, env: settings(mail) });
        await checkDelivered(service, receiver, mail, fax);
        await checkDelivered(service, receiver, mail, other, { file: 'pages.tif', type: 'image/tiff' });
    });

    test('a server that takes its time over one domain holds up no other', async () => {
        mail.answer = (address) => (address === DESK ? 'hang' : null);
        await desk(service, '+13125550803', receiver.url, 'other@else.example');
        const hanging = mail.hanging;
        for (let i = 0; i < 3; i++) await arrive(service, '+13125550801');
        await until('those that may hang at a time', () => mail.hanging === hanging + 2); // half of four connections
        const fax = await arrive(service, '+13125550803');
        await event(service, fax, 'fax.email.delivered');
        assert.equal(mail.of(fax.id).length, 1);
        assert.equal(mail.hanging, hanging + 2);
        mail.answer = () => null;
        await service.stop('SIGKILL'); // the hanging ones are sent by the next
        service = await Service.start({ data: service.folder, env: settings(mail) });
        await until('all of them', () => mail.messages.filter((m) => m.to[0] === DESK).length >= 3);
    });

    test('a fax that is deleted while its mail waits is not sent any more', async () => {
        mail.answer = () => refusal(451, 'try again later');
        const asked = mail.asked;
        const fax = await arrive(service, '+13125550801');
        await until('a try', () => mail.asked > asked);
        assert.equal((await service.request('DELETE', `/v2/faxes/${fax.id}`)).status, 204);
        const after = mail.asked;
        const other = await arrive(service, '+13125550801');
        await until('two tries that end after the deletion', () => mail.asked > after + 1); // so one began after it
        mail.answer = () => null;
        await checkDelivered(service, receiver, mail, other);
        assert.deepEqual(mail.of(fax.id), []);
    });
});

describe('TLS', () => {
    let folder, pem, receiver;
    before(async () => {
        receiver = await Receiver.start();
        folder = mkdtempSync(join(tmpdir(), 'faxwire-mail-'));
        pem = ['cert', 'key'].map((name) => join(folder, name));
        execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', pem[1], '-out', pem[0], '-days', '2',
            '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    });
    after(async () => {
        await receiver?.end();
        rmSync(folder, { recursive: true, force: true });
    });
    const within = async (options, env, fn) => {
        const mail = await MailServer.start(options);
        const service = await Service.start({ env: settings(mail, env) });
        try {
            await desk(service, '+13125550811', receiver.url);
            await fn(service, mail, await arrive(service, '+13125550811'));
        } finally {
            await service.end();
            await mail.end();
        }
    };
    const secret = { FAXWIRE_SMTP_USERNAME: 'faxwire', FAXWIRE_SMTP_PASSWORD: 'correct horse', FAXWIRE_SMTP_TLS: 'required' };
    const keys = () => ({ cert: readFileSync(pem[0]), key: readFileSync(pem[1]) });
    const auth = { authOptional: false, onAuth: ({ username, password }, session, done) =>
        (username === 'faxwire' && password === 'correct horse' ? done(null, { user: username }) : done(new Error('no'))) };

    for (const secure of [false, true]) {
        test(`with a user and password, ${secure ? 'TLS from the start' : 'STARTTLS'}`, async () => {
            await within({ ...keys(), ...auth, secure }, { ...secret, FAXWIRE_SMTP_CA_FILE: pem[0] }, async (service, mail, fax) => {
                const message = await checkDelivered(service, receiver, mail, fax);
                assert.deepEqual([message.secure, message.user], [true, 'faxwire']);
                assert.ok(!service.log.includes('correct horse'));
            });
        });
    }

    test('where it is required nothing is said without: given up when the time is over', async () => {
        let offered = 0;
        await within({ disabledCommands: ['STARTTLS'], onAuth: (a, s, done) => { offered++; done(new Error('no')); } },
            { ...secret, FAXWIRE_SMTP_GIVE_UP_SECS: '1' }, async (service, mail, fax) => {
                await event(service, fax, 'email.given_up');
                assert.deepEqual([mail.asked, offered, mail.connections > 0], [0, 0, true]);
            });
    });

    test('a certificate of an authority that is not trusted is none', async () => {
        await within(keys(), { ...secret, FAXWIRE_SMTP_GIVE_UP_SECS: '1' }, async (service, mail, fax) => {
            assert.match((await event(service, fax, 'email.given_up')).payload.detail, /certificate/);
            assert.equal(mail.asked, 0);
        });
    });
});

test('without a mail server the recipient is taken, and each fax says that none was sent', async () => {
    const receiver = await Receiver.start();
    const service = await Service.start();
    try {
        await desk(service, '+13125550821', receiver.url);
        const fax = await arrive(service, '+13125550821');
        assert.match((await event(service, fax, 'email.given_up')).payload.detail, /smtp_url/);
    } finally {
        await service.end();
        await receiver.end();
    }
});

test('a configuration that cannot be is refused with its key', () => {
    const folder = mkdtempSync(join(tmpdir(), 'faxwire-mail-'));
    const good = { FAXWIRE_SMTP_URL: 'smtp://mail.example:587', FAXWIRE_SMTP_FROM: FROM };
    const path = join(folder, 'faxwire.yaml');
    writeFileSync(path, 'trunks:\n  - name: one\n    host: 127.0.0.1\n');
    const check = (env) => spawnSync(bin('faxwire'), ['serve', '--config', path, '--check'], { encoding: 'utf8', env: { ...process.env, ...env } });
    for (const [env, word] of [[{ FAXWIRE_SMTP_URL: 'http://mail.example' }, 'smtp_url'], [{ FAXWIRE_SMTP_URL: 'smtp://a:b@mail.example' }, 'smtp_url'],
        [{ FAXWIRE_SMTP_URL: 'smtp://mail.example/x' }, 'smtp_url'], [{ FAXWIRE_SMTP_FROM: '' }, 'smtp_from'],
        [{ FAXWIRE_SMTP_FROM: 'a b@c.example' }, 'smtp_from'], [{ FAXWIRE_SMTP_TLS: 'maybe' }, 'smtp_tls'],
        [{ FAXWIRE_SMTP_PASSWORD: 'x' }, 'smtp_username'], [{ FAXWIRE_SMTP_GIVE_UP_SECS: 'x' }, 'FAXWIRE_SMTP_GIVE_UP_SECS']]) {
        const run = check({ ...good, ...env });
        assert.notEqual(run.status, 0, word);
        assert.ok(run.stderr.includes(word), run.stderr);
    }
    const run = check(good);
    assert.equal(run.status, 0, run.stderr);
    rmSync(folder, { recursive: true });
});
