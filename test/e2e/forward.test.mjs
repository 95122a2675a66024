/* Received documents go on to a command and to a URL, whatever these do, and the fax is never touched by it. */
import { describe, it as test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, bin, until } from './lib/service.mjs';
import { pair } from './lib/pair.mjs';
import { onePage } from './lib/pdf.mjs';

const GIVE = { FAXWIRE_FORWARD_RETRY_FIRST_MS: '50', FAXWIRE_FORWARD_RETRY_MAX_SECS: '1' };

/* A receiver that takes what it is given apart. */
class Taker {
    static async start() {
        const taker = new Taker();
        Object.assign(taker, { taken: [], asked: 0, status: 200 });
        taker.server = createServer((request, answer) => {
            const parts = [];
            request.on('data', (part) => parts.push(part));
            request.on('end', async () => {
                taker.asked++;
                const form = await new Response(Buffer.concat(parts), { headers: { 'content-type': request.headers['content-type'] } }).formData();
                if (taker.status === 200) taker.taken.push({ headers: request.headers, fax: form.get('fax'), document: Buffer.from(await form.get('document').arrayBuffer()) });
                answer.writeHead(taker.status).end('x'.repeat(1000));
            });
        });
        await new Promise((done) => taker.server.listen(0, '127.0.0.1', done));
        taker.url = `http://127.0.0.1:${taker.server.address().port}/in?token=secret`;
        return taker;
    }

    end() { return new Promise((done) => { this.server.close(done); this.server.closeAllConnections(); }); }
}

const COMMAND = '+13125550861', URL_ = '+13125550862';

describe('received documents go on', () => {
    let caller, service, folder, taker, mode, port;
    const more = () => `forward_commands:
  - name: archive
    command: [${join(folder, 'take.sh')}, "an argument; with 'signs' $HOME"]
    timeout_secs: 2`;
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'faxwire-forward-'));
        taker = await Taker.start();
        mode = join(folder, 'mode');
        writeFileSync(mode, 'take');
        writeFileSync(join(folder, 'take.sh'), `#!/bin/sh
base="${folder}/$FAXWIRE_FAX"
cat > "$base.json"
ls /proc/self/fd > "$base.fds"
env > "$base.env"
echo "$1 $FAXWIRE_ATTEMPT" >> "$base.tries"
case "$(cat ${mode})" in
    fail) echo 'the archive is full'; exit 3 ;;
    hang) sleep 1000 & echo $! > "${folder}/child"; sleep 1000 ;;
    talk) yes 'I talk too much' | head -c 1000000 ;;
esac
cp "$FAXWIRE_DOCUMENT" "$base.pdf"
echo spoiled > "$FAXWIRE_DOCUMENT"
`);
        chmodSync(join(folder, 'take.sh'), 0o755);
        [caller, service] = await pair({ both: { env: GIVE }, b: { more: more() } });
        const config = readFileSync(`/proc/${service.process.pid}/cmdline`, 'utf8').split('\0').at(-2);
        port = /^sip_port: (\d+)/m.exec(readFileSync(config, 'utf8'))[1];
        for (const [number, inbound] of [[COMMAND, { forward_command: 'archive' }], [URL_, { forward_url: taker.url, media_format: 'tiff' }]])
            await service.number(number, (await service.application('http://127.0.0.1:9/', { inbound })).id);
    });
    after(async () => {
        await caller?.end();
        await service?.end();
        await taker?.end();
        rmSync(folder, { recursive: true, force: true });
    });
    let calls = 0;
    async function arrive(to) {
        const from = `+1202555${2000 + calls++}`;
        const sent = await caller.send({ to, from, quality: 'normal' }, onePage(caller.folder));
        assert.equal((await caller.ended(sent.id)).status, 'delivered');
        const fax = await service.receivedFrom(from);
        assert.equal(fax.status, 'received', JSON.stringify(fax));
        return fax;
    }
    const forwards = async (fax) => (await service.events(fax.id)).filter((e) => e.event_type.startsWith('forward.'));
    const told = (fax, type) => until(`${type} of ${fax.id}`, async () => (await forwards(fax)).find((e) => e.event_type === type))
        .catch((error) => { throw new Error(`${error.message}\n${service.log.slice(-3000)}`); });
    const kept = (fax, name) => readFileSync(join(folder, `${fax.id}.${name}`), 'utf8');
    async function checkUntouched(fax) {
        const now = await service.fax(fax.id);
        assert.equal(now.status, 'received');
        const bytes = readFileSync(join(service.faxFolder(fax.id), 'received.pdf'));
        assert.deepEqual(Buffer.from(await (await fetch(now.media_url)).arrayBuffer()), bytes);
        assert.equal(bytes.subarray(0, 5).toString(), '%PDF-');
        assert.deepEqual(readdirSync(join(service.folder, 'forward')), [], 'no copy is left');
        return bytes;
    }

    test('to a command: a copy of the document, what is known of the fax, and nothing of ours', async () => {
        writeFileSync(mode, 'take');
        const fax = await arrive(COMMAND);
        const { payload } = await told(fax, 'forward.done');
        assert.deepEqual([payload.forward, payload.target, payload.attempt], ['command', 'archive', 1]);
        const bytes = await checkUntouched(fax);
        assert.deepEqual(readFileSync(join(folder, `${fax.id}.pdf`)), bytes);
        const { document, ...about } = JSON.parse(kept(fax, 'json'));
        assert.deepEqual([about.id, about.from, about.to, about.page_count], [fax.id, fax.from, fax.to, 1]);
        assert.deepEqual(document, { content_type: 'application/pdf', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
        assert.equal(kept(fax, 'tries'), "an argument; with 'signs' $HOME 1\n");
        assert.deepEqual(kept(fax, 'fds').trim().split('\n').sort(), ['0', '1', '2', '3'], '3 is the folder that ls reads');
        const names = kept(fax, 'env').trim().split('\n').map((line) => line.split('=')[0]);
        assert.deepEqual(names.filter((name) => !/^(FAXWIRE_(DOCUMENT|FAX|FROM|TO|APPLICATION|PAGES|ATTEMPT)|PATH|LANG|PWD|OLDPWD|SHLVL|_)$/.test(name)), []);
    });

    test('a command that fails, talks without end, or hangs is tried again, and a start goes on with it', async () => {
        writeFileSync(mode, 'fail');
        const fax = await arrive(COMMAND);
        const failed = await told(fax, 'forward.failed');
        assert.equal(failed.payload.detail, 'its code was 3');
        await until('its words in the log', () => service.log.includes('the archive is full'));
        await service.stop('SIGKILL');
        writeFileSync(mode, 'hang');
        const before = kept(fax, 'tries').split('\n').length;
        service = await restart();
        await until('a try that hangs', () => existsSync(join(folder, 'child')) && kept(fax, 'tries').split('\n').length > before);
        await until('its time to be over', async () => (await forwards(fax)).some((e) => e.payload.detail === 'it took more than 2 s'));
        writeFileSync(mode, 'talk');
        const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
        await until('what it started to be gone too', () => !existsSync(`/proc/${child}`) || /^State:\tZ/m.test(readFileSync(`/proc/${child}/status`, 'utf8')));
        await told(fax, 'forward.done');
        await checkUntouched(fax);
        assert.equal((await forwards(fax)).filter((e) => e.event_type === 'forward.done').length, 1);
        assert.ok(service.log.split('I talk too much').length < 100, 'what it says is bounded');
    });

    test('to a URL: signed, tried again until it is taken', async () => {
        taker.status = 503;
        const fax = await arrive(URL_);
        const failed = await told(fax, 'forward.failed');
        assert.match(failed.payload.detail, /503/);
        assert.ok(!JSON.stringify(await forwards(fax)).includes('secret'), 'what is secret in a URL is not told');
        taker.status = 200;
        const done = await told(fax, 'forward.done');
        assert.equal(done.payload.forward, 'url');
        const [{ headers, fax: text, document }, ...others] = taker.taken;
        assert.deepEqual(others, []);
        assert.deepEqual(document, readFileSync(join(service.faxFolder(fax.id), 'pages.tif')));
        const about = JSON.parse(text);
        assert.deepEqual([about.id, about.document.content_type, about.document.sha256], [fax.id, 'image/tiff', createHash('sha256').update(document).digest('hex')]);
        const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(service.public_key, 'base64')]), format: 'der', type: 'spki' });
        assert.ok(verify(null, Buffer.from(`${headers['telnyx-timestamp']}|${text}`), key, Buffer.from(headers['telnyx-signature-ed25519'], 'base64')));
    });

    test('a fax that is deleted goes nowhere any more', async () => {
        taker.status = 503;
        const fax = await arrive(URL_);
        await told(fax, 'forward.failed');
        const taken = taker.taken.length;
        assert.equal((await service.request('DELETE', `/v2/faxes/${fax.id}`)).status, 204);
        const other = await arrive(URL_);
        await told(other, 'forward.failed');
        taker.status = 200;
        await told(other, 'forward.done');
        assert.deepEqual(taker.taken.slice(taken).map((t) => JSON.parse(t.fax).id), [other.id]);
    });

    test('an application can only name what the configuration has; what has left it is given up in time', async () => {
        const make = (inbound) => service.request('POST', '/v2/fax_applications', { body: { application_name: 'x', webhook_event_url: 'http://127.0.0.1:9/', inbound } });
        for (const forward_command of ['rm', '/bin/sh', 'archive; id', '../archive']) {
            const answer = await make({ forward_command });
            assert.equal(answer.status, 422, forward_command);
            assert.equal(answer.body.errors[0].source.pointer, '/inbound/forward_command');
        }
        const made = await make({ forward_command: 'archive' });
        assert.equal(made.body.data.inbound.forward_command, 'archive');
        const path = `/v2/fax_applications/${made.body.data.id}`;
        assert.equal((await service.request('PATCH', path, { body: { inbound: { forward_command: 'rm' } } })).status, 422);
        assert.equal((await service.request('PATCH', path, { body: { inbound: { forward_command: null } } })).body.data.inbound.forward_command, null);
        await service.stop();
        service = await restart('', { ...GIVE, FAXWIRE_FORWARD_GIVE_UP_SECS: '1' });
        const fax = await arrive(COMMAND);
        assert.match((await told(fax, 'forward.given_up')).payload.detail, /no command of this name/);
        assert.equal((await service.fax(fax.id)).status, 'received');
    });

    /* The same service on its data, with other lines in its configuration. */
    async function restart(lines = more(), env = GIVE) {
        const data = service.folder;
        const config = readFileSync(join(tmpdir(), `faxwire-pair-${port}.yaml`), 'utf8');
        const path = join(folder, 'again.yaml');
        const plain = config.replace(/forward_commands:[\s\S]*?(?=trunks:)/, lines ? `${lines}\n` : '');
        writeFileSync(path, plain);
        return Service.start({ data, env, command: [bin('faxwire'), 'serve', '--config', path] });
    }
});

test('a configuration that cannot be is refused with its key', () => {
    const folder = mkdtempSync(join(tmpdir(), 'faxwire-forward-'));
    const path = join(folder, 'faxwire.yaml');
    const check = (commands) => {
        writeFileSync(path, `trunks:\n  - name: one\n    host: 127.0.0.1\nforward_commands:\n${commands}\n`);
        return spawnSync(bin('faxwire'), ['serve', '--config', path, '--check'], { encoding: 'utf8' });
    };
    assert.equal(check('  - name: a\n    command: [/bin/true]').status, 0);
    for (const [commands, word] of [['  - name: a\n    command: [true]', 'whole path'], ['  - name: a\n    command: [/bin/true]\n    timeout_secs: 99999', 'timeout_secs'],
        ['  - name: a\n    command: [/bin/true]\n  - name: a\n    command: [/bin/true]', 'two of this name'], ['  - name: a', 'command'], ['  - name: a\n    command: []', 'command']]) {
        const run = check(commands);
        assert.notEqual(run.status, 0, commands);
        assert.ok(run.stderr.includes(word), `${word}: ${run.stderr}`);
    }
    rmSync(folder, { recursive: true });
});
