/* What the API bears: accepts, reads, lists of a million faxes, large uploads, webhooks. The load comes from the same machine.
 * Use: FAXWIRE_BUILD=build node test/bench/api.mjs [accept|get|lists|uploads|webhooks]…   [--quick] */
import { execFile, spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Service, build, until } from '../e2e/lib/service.mjs';
import { sink } from './lib.mjs';

const quick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const run = promisify(execFile);
const tool = (name) => join(build, 'test/tools', name);
const row = (...cells) => console.log(cells.map((c, i) => String(c).padEnd(i ? 14 : 44)).join(''));
const env = { FAXWIRE_FAXES_IN_PROCESS_MAX: '1000000' };
const start = (more = {}) => Service.start({ env, args: ['--log-level', 'warn'], ...more });

async function load(service, method, path, { n, c = 64, body } = {}) {
    const { hostname, port } = new URL(service.url);
    const head = ['-H', `Authorization: Bearer ${service.api_key}`, ...(body ? ['-H', 'Content-Type: application/json', '-b', JSON.stringify(body)] : [])];
    const { stdout } = await run(tool('load'), ['-c', c, '-n', n, ...head, method, hostname, port, path].map(String));
    return JSON.parse(stdout);
}

const told = (name, r, goal) => row(name, `${Math.round(r.rate)}/s`, `p50 ${r.p50.toFixed(1)} ms`, `p99 ${r.p99.toFixed(1)} ms`,
    Object.entries(r.status).map(([s, n]) => `${n} × ${s}`).join(', ').padEnd(16), goal ?? '');

/* The documents are never there, so that nothing but accepting is measured. */
async function accepts() {
    const hold = await sink(), service = await start();
    const body = { connection_id: service.application_id, to: '+12005550100', from: '+12025550123', media_url: hold.url('hold') };
    for (let i = 0; i < (quick ? 1 : 3); i++)
        told('POST /v2/faxes, 64 clients', await load(service, 'POST', '/v2/faxes', { n: quick ? 3000 : 12000, body }), '≥ 3,000/s, p99 ≤ 50 ms');
    const ids = join(service.folder, 'ids');
    const page = await service.request('GET', '/v2/faxes?page[size]=250');
    writeFileSync(ids, page.body.data.map((f) => `/v2/faxes/${f.id}\n`).join(''));
    if (wants('get')) {
        for (let i = 0; i < (quick ? 1 : 3); i++)
            told('GET /v2/faxes/{id}, 64 clients', await load(service, 'GET', `@${ids}`, { n: quick ? 20000 : 100000 }), '≥ 20,000/s');
    }
    await service.stop('SIGKILL');
    rmSync(service.folder, { recursive: true, force: true });
    hold.end();
}

const python = (code, ...args) => execFileSync('python3', ['-c', code, ...args.map(String)], { encoding: 'utf8', maxBuffer: 1 << 26 });

/* Copies of one fax of the service, written into its database while it is down. */
const FILL = `
import sqlite3, sys
path, count = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(path)
db.execute("PRAGMA synchronous=OFF")
names = [row[1] for row in db.execute("PRAGMA table_info(fax)")]
given = {"id": "printf('%08x-0000-7000-8000-%012x', i, i)", "created_us": "1760000000000000 + i * 2592000",
         "from_number": "'+1202555' || (1000 + i % 20)", "to_number": "'+1312' || (5550000 + i % 50000)",
         "direction": "iif(i % 10 = 0, 'inbound', 'outbound')", "status": "iif(i % 10 = 0, 'received', 'delivered')", "cancel_us": "0"}
columns = ", ".join(given.get(name, name) for name in names)
db.execute(f"INSERT INTO fax({', '.join(names)}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
           f" SELECT {columns} FROM n, (SELECT * FROM fax LIMIT 1)", (count,))
db.commit()
`;
const COUNT = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(json.dumps([db.execute("SELECT count(*) FROM fax WHERE deleted_us = 0 AND " + where).fetchone()[0] for where in json.loads(sys.argv[2])]))
`;

async function filled(count) {
    const first = await start({ data: mkdtempSync(join(tmpdir(), 'faxwire-bench-')) });
    await first.ended((await first.send({ to: '+12005550101' })).id);
    await first.stop();
    python(FILL, join(first.folder, 'faxwire.db'), count);
    return first.folder;
}

async function lists() {
    const count = quick ? 100_000 : 1_000_000;
    const folder = await filled(count);
    const us = (share) => 1760000000000000 + Math.round(share * count) * 2592000;
    const at = (share) => encodeURIComponent(new Date(us(share) / 1000).toISOString());
    const filters = [
        ['no filter', '', '1'],
        ['direction outbound', 'filter[direction][eq]=outbound', "direction = 'outbound'"],
        ['direction inbound', 'filter[direction][eq]=inbound', "direction = 'inbound'"],
        ['from', 'filter[from][eq]=%2B12025551003', "from_number = '+12025551003'"],
        ['to', 'filter[to][eq]=%2B13125550017', "to_number = '+13125550017'"],
        ['from and to', 'filter[from][eq]=%2B12025551017&filter[to][eq]=%2B13125550017', "from_number = '+12025551017' AND to_number = '+13125550017'"],
        ['from and direction', 'filter[from][eq]=%2B12025551003&filter[direction][eq]=outbound', "from_number = '+12025551003' AND direction = 'outbound'"],
        ['created_at gte', `filter[created_at][gte]=${at(0.3)}`, `created_us >= ${us(0.3)}`],
        ['created_at gt', `filter[created_at][gt]=${at(0.3)}`, `created_us > ${us(0.3)}`],
        ['created_at lte', `filter[created_at][lte]=${at(0.7)}`, `created_us <= ${us(0.7)}`],
        ['created_at lt', `filter[created_at][lt]=${at(0.7)}`, `created_us < ${us(0.7)}`],
        ['created_at gte, lt, and from', `filter[created_at][gte]=${at(0.2)}&filter[created_at][lt]=${at(0.9)}&filter[from][eq]=%2B12025551003`,
            `created_us >= ${us(0.2)} AND created_us < ${us(0.9)} AND from_number = '+12025551003'`],
    ];
    const expected = JSON.parse(python(COUNT, join(folder, 'faxwire.db'), JSON.stringify(filters.map((f) => f[2]))));
    const service = await start({ data: folder });
    for (const [i, [name, query]] of filters.entries()) {
        const last = Math.max(1, Math.ceil(expected[i] / 20));
        for (const page of new Set([1, Math.min(1000, last)])) {
            const path = `/v2/faxes?page[number]=${page}&${query}`;
            const { body } = await service.request('GET', path);
            const total = body.meta.total_results;
            const r = await load(service, 'GET', path, { n: quick ? 100 : 500, c: 2 });
            told(`${name}, page ${page}`, r, total === expected[i] ? `${total} in all, right` : `WRONG: ${total}, not ${expected[i]}`);
            if (total !== expected[i]) process.exitCode = 1;
        }
    }
    await service.end();
}

/* One upload of `bytes`, written as fast as it is taken. */
function upload(service, bytes) {
    const piece = Buffer.alloc(1 << 20, 'x');
    const part = (name, value) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const head = part('connection_id', service.application_id) + part('to', '+12005550101') + part('from', '+12025550123')
        + '--b\r\nContent-Disposition: form-data; name="contents"; filename="a.pdf"\r\n\r\n%PDF-1.4\n';
    return new Promise((done, failed) => {
        const { hostname, port } = new URL(service.url);
        const asked = request({ hostname, port, method: 'POST', path: '/v2/faxes', headers: { authorization: `Bearer ${service.api_key}`,
            'content-type': 'multipart/form-data; boundary=b' } }, (answer) => { answer.resume(); answer.on('end', () => done(answer.statusCode)); });
        asked.on('error', failed);
        asked.write(head);
        let left = bytes;
        const more = () => {
            while (left > 0) {
                left -= piece.length;
                if (!asked.write(piece)) return asked.once('drain', more);
            }
            asked.end('\r\n--b--\r\n');
        };
        more();
    });
}

async function uploads() {
    const service = await start();
    const status = () => readFileSync(`/proc/${service.process.pid}/status`, 'utf8');
    const kb = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status())[1]);
    await upload(service, 1 << 20);
    const count = quick ? 4 : 16;
    writeFileSync(`/proc/${service.process.pid}/clear_refs`, '5'); // the peak begins anew
    const before = kb('VmRSS'), began = Date.now();
    const answers = await Promise.all(Array.from({ length: count }, () => upload(service, 49 << 20)));
    const secs = (Date.now() - began) / 1000;
    row(`${count} uploads of 50 MB at once`, `${Math.round(count * 50 / secs)} MB/s`, `${((kb('VmHWM') - before) / count / 1024).toFixed(1)} MiB each`,
        `${answers.filter((s) => s === 202).length} × 202`, '', '≤ 16 MB each');
    await service.stop('SIGKILL');
    rmSync(service.folder, { recursive: true, force: true });
}

const DUE = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA synchronous=OFF")
i = 0
for application, count in json.loads(sys.argv[2]):
    for _ in range(count):
        i += 1
        fax, account = db.execute("SELECT id, account FROM fax WHERE id = printf('%08x-0000-7000-8000-%012x', ?, ?)", (i, i)).fetchone()
        db.execute("UPDATE fax SET application = ? WHERE id = ?", (application, fax))
        payload = json.dumps({"fax_id": fax, "connection_id": application, "direction": "outbound", "from": "+12025550123",
            "to": "+13125550100", "user_id": "00000000-0000-4000-8000-000000000000", "status": "delivered", "page_count": 1, "call_duration_secs": 40})
        event = db.execute("INSERT INTO event(id, fax, kind, at_us, payload) VALUES (printf('%08x-0000-7000-9000-%012x', ?, ?), ?, 'fax.delivered', ?, ?)",
            (i, i, fax, 1760000000000000 + i, payload)).lastrowid
        db.execute("INSERT INTO delivery(event_seq, fax, account, uuid, state, attempt, due_us, http_status, note) VALUES (?, ?, ?,"
            " printf('%08x-0000-7000-a000-%012x', ?, ?), 'pending', 0, ?, 0, '')", (event, fax, account, i, i, 1760000000000000 + i))
db.commit()
`;

/* Many are due when the service starts: to a receiver that answers at once, one that takes a second, one that never answers. */
async function webhooks() {
    const fast = quick ? 4000 : 30000, others = quick ? 300 : 2000;
    const folder = await filled(fast + 2 * others);
    const receivers = { fast: await sink(), slow: await sink(), hold: await sink() }; // a receiver is a host and port
    let service = await start({ data: folder });
    const application = async (name) => (await service.application(receivers[name].url(name))).id;
    const due = [[await application('slow'), others], [await application('hold'), others], [await application('fast'), fast]];
    await service.stop();
    python(DUE, join(folder, 'faxwire.db'), JSON.stringify(due));
    service = await start({ data: folder });
    const began = Date.now();
    await until('the webhooks', async () => await receivers.fast.count() >= fast, 300_000);
    row(`webhooks to a fast receiver`, `${Math.round(fast * 1000 / (Date.now() - began))}/s`, '', '', `${fast}`, `≥ 1,500/s, beside ${others} to a slow and ${others} to a dead one`);
    await service.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    for (const receiver of Object.values(receivers)) receiver.end();
}

const wants = (name) => wanted.length === 0 || wanted.includes(name);
console.log('The API, with its load on the same machine\n');
if (wants('accept') || wants('get')) await accepts();
if (wants('uploads')) await uploads();
if (wants('webhooks')) await webhooks();
if (wants('lists')) await lists();
