/* Starting and stopping, and everything a person can get wrong on the way. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service, bin } from './lib/service.mjs';

const folder = mkdtempSync(join(tmpdir(), 'faxwire-start-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function refused(args, pattern, options = {}) {
    const run = spawnSync(bin('faxwire'), args, { encoding: 'utf8', timeout: 60_000, ...options });
    assert.notEqual(run.status, 0, `${args} was accepted`);
    assert.notEqual(run.status, null, `${args} hung`);
    assert.match(run.stderr, pattern);
    assert.equal(run.stdout, '', 'nothing on stdout');
}

test('the ready line is one JSON object, stdout has nothing else, logs go to stderr', async () => {
    const service = await Service.start();
    for (const key of ['url', 'api_key', 'public_key', 'application_id', 'data'])
        assert.equal(typeof service[key], 'string', key);
    assert.match(service.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(Buffer.from(service.public_key, 'base64').length, 32);
    assert.equal((await service.request('GET', '/v2/faxes')).status, 200);
    assert.deepEqual(await service.stop('SIGINT'), { code: 0, signal: null });
    assert.equal(service.stdout().trim().split('\n').length, 1);
    assert.match(service.log, /event=service\.ready/);
    rmSync(service.folder, { recursive: true });
});

test('what is wrong on the command line or in the configuration is named', () => {
    refused(['frobnicate'], /frobnicate/);
    refused(['dev', '--frobnicate'], /--frobnicate/);
    refused(['dev', '--data'], /--data: needs a value/);
    refused(['dev', '--listen', 'nowhere'], /HOST:PORT/);
    refused(['dev', '--data', join(folder, 'a'), '--listen', '127.0.0.1:99999'], /HOST:PORT/);
    refused(['dev', 'extra'], /extra/);
    refused(['serve'], /--config/);
    refused(['serve', '--config', join(folder, 'none.yaml')], /none\.yaml.*cannot be read/);
    const cases = [
        ['listne: 127.0.0.1:1\n', /listne/],
        ['modems: many\n', /modems|INVALID|Invalid/i],
        ['modems: 17\n', /modems: must be from 1 to 16/],
        ['trunks:\n  - name: a\n', /host/],
        ['trunks:\n  - name: a\n    host: 127.0.0.1\n    session_expires_secs: 30\n', /session_expires_secs must be 0 or from 90/],
        ['listen: [\n', /yaml|YAML/],
    ];
    for (const [text, pattern] of cases) {
        const path = join(folder, 'faxwire.yaml');
        writeFileSync(path, text);
        refused(['serve', '--config', path, '--check'], pattern);
    }
    refused(['dev', '--data', join(folder, 'a')], /FAXWIRE_MODEMS/, { env: { ...process.env, FAXWIRE_MODEMS: 'x' } });
});

test('the annotated example is valid', () => {
    const example = new URL('../../config/faxwire.yaml', import.meta.url).pathname;
    const run = spawnSync(bin('faxwire'), ['serve', '--config', example, '--check'], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
});

test('a port in use is named, and nothing is left running', async () => {
    const other = createServer();
    await new Promise((done) => other.listen(0, '127.0.0.1', done));
    const listen = `127.0.0.1:${other.address().port}`;
    const run = spawn(bin('faxwire'), ['dev', '--data', join(folder, 'port'), '--listen', listen]);
    let log = '';
    run.stderr.on('data', (part) => { log += part; });
    const code = await new Promise((done) => run.on('exit', done));
    other.close();
    assert.notEqual(code, 0);
    assert.match(log, /in use/);
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
        try { return Number(spawnSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' }).stdout) === run.pid; } catch { return false; }
    });
    assert.deepEqual(left, []);
});

test('a data folder that cannot be used is named', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    refused(['dev', '--data', join(file, 'below'), '--listen', '127.0.0.1:0'], /below/);
    if (process.getuid() !== 0) {
        const closed = mkdtempSync(join(folder, 'closed-'));
        chmodSync(closed, 0o500);
        refused(['dev', '--data', join(closed, 'x'), '--listen', '127.0.0.1:0'], /closed/);
    }
});

test('two services do not share a data folder', async () => {
    const service = await Service.start();
    refused(['dev', '--data', service.folder, '--listen', '127.0.0.1:0'], /already|another|in use/i);
    assert.equal((await service.request('GET', '/v2/faxes')).status, 200);
    await service.end();
});

test('a missing program of ours is named at the start', () => {
    const run = spawnSync('sh', ['-c', `mkdir -p "$0/alone" && cp -L "${bin('faxwire')}" "$0/alone/" && exec "$0/alone/faxwire" dev --data "$0/alone/data" --listen 127.0.0.1:0`, folder],
        { encoding: 'utf8', timeout: 60_000 });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /faxwire-(line|modem|render|carrier)/);
});

test('the command line sends, waits and shows', async () => {
    const service = await Service.start();
    const env = { ...process.env, FAXWIRE_URL: service.url, FAXWIRE_API_KEY: service.api_key };
    const call = (...args) => new Promise((done) => {
        const run = spawn(bin('faxwire'), args, { env });
        let stdout = '', stderr = '';
        run.stdout.on('data', (part) => { stdout += part; });
        run.stderr.on('data', (part) => { stderr += part; });
        run.on('exit', (code) => done({ code, stdout, stderr }));
    });
    const sample = new URL('../../doc/sample.pdf', import.meta.url).pathname;
    const sent = await call('send', '--to', '+12005550100', '--wait', sample);
    assert.equal(sent.code, 0, sent.stdout + sent.stderr);
    assert.match(sent.stdout, /page 3\/3/);
    assert.match(sent.stdout, /fax\.delivered/);
    const busy = await call('send', '--to', '+12005550101', '--wait', sample);
    assert.equal(busy.code, 1);
    assert.match(busy.stdout, /user_busy/);
    const id = /fax ([0-9a-f-]{36})/.exec(sent.stdout)[1];
    assert.equal(JSON.parse((await call('show', id)).stdout).status, 'delivered');
    assert.equal(JSON.parse((await call('list')).stdout).length, 2);
    assert.match((await call('send', '--to', '+12005550100', '/nonexistent.pdf')).stderr, /nonexistent/);
    assert.equal((await call('show', 'x')).code, 2);
    await service.end();
});
