/* A throw-away service: the real programs, started on a free port with a folder of its own. */
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, readdirSync, readFileSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watch } from './contract.mjs';

export const build = process.env.FAXWIRE_BUILD ?? new URL('../../../build', import.meta.url).pathname;
export const bin = (name) => join(build, 'bin', name);
export const sample = new URL('../../../doc/sample.pdf', import.meta.url).pathname;
const PATIENCE_MS = 120_000; // what a loaded machine may need; conditions end most waits in milliseconds

/* Waits until `probe` gives something truthy and returns it. */
export async function until(what, probe, patience = PATIENCE_MS) {
    const end = Date.now() + patience;
    for (let pause = 5; ; pause = Math.min(pause * 1.5, 200)) {
        const value = await probe();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
        await new Promise((done) => setTimeout(done, pause));
    }
}

export class Service {
    static async start({ data = mkdtempSync(join(tmpdir(), 'faxwire-')), args = [], env = {}, config, spawned, command } = {}) {
        const service = new Service();
        service.folder = data;
        /* With a configuration it is `serve`: no carrier of its own. */
        service.configure = (text) => writeFileSync(join(data, 'faxwire.yaml'), `data: ${data}\nlisten: 127.0.0.1:0\n${text}`);
        if (config) service.configure(config);
        const usual = config ? ['serve', '--config', join(data, 'faxwire.yaml')] : ['dev', '--data', data, '--listen', '127.0.0.1:0', ...args];
        const [program, ...words] = command ?? [bin('faxwire'), ...usual];
        service.process = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], 
            /* Pages are compared with what was sent; what a header line is, header.test.mjs looks at. */
            env: { FAXWIRE_DRAIN_SECS: '0', FAXWIRE_NO_HEADER_LINE: '1', ...process.env, ...env },
        });
        service.log = '';
        spawned?.(service);
        let out = '';
        service.process.stderr.on('data', (part) => { service.log += part; });
        service.process.stdout.on('data', (part) => { out += part; });
        service.exited = new Promise((done) => service.process.on('exit', (code, signal) => {
            service.exit = { code, signal };
            done(service.exit);
        }));
        await until('the ready line', () => out.includes('\n') || service.exit);
        if (!out.includes('\n')) throw new Error(`the service did not start:\n${service.log}`);
        service.stdout = () => out;
        Object.assign(service, JSON.parse(out.split('\n')[0]));
        watch(service.url); // every answer is held against doc/api.yaml
        return service;
    }

    /* Child processes by program name, from the service's own log of starts. */
    children() {
        const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
            try {
                const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
                const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
                const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
                return { pid: Number(pid), state: rest[0], parent: Number(rest[1]), command };
            } catch { return null; }
        });
        return all.filter((p) => p && p.parent === this.process.pid && p.state !== 'Z');
    }

    child(name) {
        return this.children().find((p) => p.command.endsWith(name))?.pid;
    }

    async request(method, path, { body, headers = {}, key = this.api_key } = {}) {
        const json = body !== undefined && !(body instanceof FormData) && !(body instanceof URLSearchParams)
            && typeof body !== 'string';
        const answer = await fetch(this.url + path, {
            method,
            headers: { ...(key ? { authorization: `Bearer ${key}` } : {}),
                       ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
            body: json ? JSON.stringify(body) : body,
        });
        const text = await answer.text();
        return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
    }

    async send(fields, file = sample) {
        const form = new FormData();
        for (const [name, value] of Object.entries({ connection_id: this.application_id, from: '+12025550123', ...fields }))
            form.set(name, value);
        if (!fields.media_url && file) form.set('contents', new Blob([readFileSync(file)]), 'document.pdf');
        const answer = await this.request('POST', '/v2/faxes', { body: form });
        if (answer.status !== 202) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
        return answer.body.data;
    }

    async fax(id) {
        return (await this.request('GET', `/v2/faxes/${id}`)).body.data;
    }

    async ended(id, patience) {
        return until(`the end of fax ${id}`, async () => {
            const fax = await this.fax(id);
            return ['delivered', 'failed'].includes(fax.status) && fax;
        }, patience).catch((error) => { throw new Error(`${error.message}\nnow:\n${this.log.slice(-6000)}`); });
    }

    async number(phone_number, connection_id) {
        const answer = await this.request('POST', '/v2/phone_numbers', { body: { phone_number, connection_id } });
        if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
        return answer.body.data;
    }

    /* The newest fax that came in for a number, or from one, once it has ended. */
    received(to, patience) {
        return this.incoming('to', to, patience);
    }

    receivedFrom(from, patience) {
        return this.incoming('from', from, patience);
    }

    async incoming(side, number, patience) {
        return until(`a fax ${side} ${number}`, async () => {
            const list = await this.request('GET', `/v2/faxes?filter[direction][eq]=inbound&filter[${side}][eq]=${encodeURIComponent(number)}`);
            const fax = list.body.data[0];
            return fax && ['received', 'failed'].includes(fax.status) && fax;
        }, patience).catch((error) => { throw new Error(`${error.message}\nnow:\n${this.log.slice(-6000)}`); });
    }

    async events(id) {
        return (await this.request('GET', `/v2/faxes/${id}/events`)).body.data;
    }

    async application(webhook_event_url, more = {}) {
        const answer = await this.request('POST', '/v2/fax_applications',
            { body: { application_name: 'test', webhook_event_url, ...more } });
        if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
        return answer.body.data;
    }

    faxFolder(id) {
        const folder = join(this.folder, 'faxes', id.slice(-2), id);
        return existsSync(folder) ? folder : undefined;
    }

    /* Files that the far end keeps for a number. */
    mailbox(number, extension = '.tif') {
        const folder = join(this.folder, 'mailbox', number.replace(/\D/g, ''));
        if (!existsSync(folder)) return [];
        return readdirSync(folder).filter((name) => name.endsWith(extension) && !name.includes('.partial')).sort().map((name) => join(folder, name));
    }

    async stop(signal = 'SIGTERM') {
        if (!this.exit) this.process.kill(signal);
        return this.exited;
    }

    async end() {
        await this.stop();
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/* Throws with the first difference when the two files do not have the same pixels. */
export function pagesEqual(a, b) {
    return execFileSync(join(build, 'test/tools/pages-equal'), [a, b], { encoding: 'utf8' });
}
