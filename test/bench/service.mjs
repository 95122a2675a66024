/* Faxes at once through all of it: API, queue, renderer, line, modem, SIP between two services on this machine, and what the
 * other one makes of them. Paced T.38, one page each, accepted 20 a second.
 * Use: FAXWIRE_BUILD=build node test/bench/service.mjs FAXES... */
import { statSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { pagesEqual, until } from '../e2e/lib/service.mjs';
import { pages } from '../e2e/lib/pdf.mjs';
import { pair } from '../e2e/lib/pair.mjs';
import { cpu, memory, sink } from './lib.mjs';

const RATE = 20, START_SECONDS = 28; // as calls_bench: a fax lasts 35 s, and all are to be under way at once
const LINES = 20;                    // of text: about 20 KB
const CALLS_A_MODEM = 64;
const PATIENCE_MS = 300_000;
const row = (...cells) => console.log(cells.map((c, i) => String(c).padEnd(i ? 16 : 20)).join(''));
const at = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;
const ms = (value) => `${Math.round(value)} ms`;

/* When each of these faxes came to one of these events, as the log has it. */
function times(service, events, faxes) {
    const found = new Map(), words = new RegExp(`^time=(\\S+) .* event=(?:${events}) fax=(\\S+)`);
    for (const line of service.log.split('\n')) {
        const [, time, fax] = words.exec(line) ?? [];
        if (faxes.has(fax)) found.set(fax, Date.parse(time));
    }
    return found;
}

/* The lateness of the worst modem: each tells it once a minute, and at its end. */
function lateness(service) {
    const worst = (name) => Math.max(...[...service.log.matchAll(new RegExp(`${name}=(\\d+)`, 'g'))].map((m) => Number(m[1])), 0) / 1000;
    return { p50: worst('late_us_p50'), p99: worst('late_us_p99'), max: worst('late_us_max') };
}

function atOnce(begins, ends) {
    const steps = [...begins.map((t) => [t, 1]), ...ends.map((t) => [t, -1])].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let now = 0, most = 0;
    for (const [, step] of steps) most = Math.max(most, now += step);
    return most;
}

async function accept(service, file, count) {
    const rate = Math.max(RATE, Math.ceil(count / START_SECONDS)), began = Date.now(), posts = [], accepted = new Map();
    for (let i = 0; i < count; i++) {
        const wait = began + (i * 1000) / rate - Date.now();
        if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        posts.push(service.send({ to: `+1312${5000000 + i}`, from: `+1202${5000000 + i}`, quality: 'high' }, file)
            .then((fax) => accepted.set(fax.id, Date.now())));
    }
    await Promise.all(posts);
    return { rate, accepted };
}

async function all(service, direction) {
    const list = [];
    for (let page = 1; ; page++) {
        const { body } = await service.request('GET', `/v2/faxes?filter[direction][eq]=${direction}&page[size]=250&page[number]=${page}`);
        list.push(...body.data);
        if (body.data.length < 250) return list;
    }
}

/* Told by the log, so that nobody asks the service while it is measured. */
function endings(service, direction) {
    const words = direction === 'inbound' ? /event=fax\.(received|failed) / : /event=fax\.(delivered|failed) /;
    let count = 0, rest = '';
    service.process.stderr.on('data', (part) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop();
        count += lines.filter((line) => words.test(line)).length;
    });
    return async (wanted) => {
        await until(`${wanted} faxes ${direction}`, () => count >= wanted, PATIENCE_MS).catch(() => {});
        return all(service, direction);
    };
}

function compare(services, sent, received) {
    const by = new Map(received.filter((f) => f.status === 'received').map((f) => [f.from, f]));
    return sent.filter((fax) => {
        const other = by.get(fax.from);
        if (fax.status !== 'delivered' || !other) return false;
        try {
            pagesEqual(join(services[0].faxFolder(fax.id), 'pages.tif'), join(services[1].faxFolder(other.id), 'pages.tif'));
            return true;
        } catch { return false; }
    }).length;
}

/* The most of each program at one time, looked at once a second. */
function watchMemory(services) {
    const most = [{}, {}];
    const look = () => services.forEach((service, i) => {
        for (const [name, kb] of Object.entries(memory(service))) most[i][name] = Math.max(most[i][name] ?? 0, kb);
    });
    const timer = setInterval(look, 1000);
    return () => { clearInterval(timer); return most; };
}

function print(services, count, { rate, accepted, sent, received, equal, used, most }) {
    const invited = times(services[0], 'call.invited', accepted), over = times(services[0], 'fax.delivered|fax.failed', accepted);
    const waits = [...accepted].filter(([id]) => invited.has(id)).map(([id, t]) => invited.get(id) - t);
    const first = Math.min(...invited.values()), last = Math.max(...invited.values());
    console.log(`${count} faxes, ${rate} a second: ${atOnce([...invited.values()], [...over.values()])} calls at once, `
        + `${sent.filter((f) => f.status === 'delivered').length} delivered, ${received.filter((f) => f.status === 'received').length} received, ${equal} equal bit for bit`);
    const failed = sent.find((f) => f.status !== 'delivered');
    if (failed) console.log(`  first that was not: ${failed.status} ${failed.failure_reason ?? ''} ${failed.internal_failure_reason ?? ''}`);
    console.log(`  calls begun ${((invited.size - 1) / ((last - first) / 1000 || 1)).toFixed(1)} a second; from 202 to INVITE p50 ${ms(at(waits, 0.5))}, p99 ${ms(at(waits, 0.99))}`);
    for (const [i, side] of ['sending', 'receiving'].entries()) {
        const late = lateness(services[i]);
        console.log(`  ${side}: ticks late (worst modem) p50 ${late.p50} ms, p99 ${late.p99} ms, max ${late.max} ms`);
    }
    row('  program', 'sending CPU', 'memory', 'receiving CPU', 'memory   (a fax)');
    for (const name of ['faxwire', 'faxwire-line', 'faxwire-modem', 'faxwire-render'])
        row(`  ${name}`, ...[0, 1].flatMap((i) => [`${((used[i][name] ?? 0) / count).toFixed(4)} s`, `${((most[i][name] ?? 0) / 1024 / count).toFixed(3)} MiB`]));
}

async function measure(count) {
    const modems = Math.ceil(count / CALLS_A_MODEM) + 1;
    const env = { FAXWIRE_CALLS_MAX: String(Math.min(count + 64, modems * CALLS_A_MODEM)), FAXWIRE_MODEMS: String(modems), FAXWIRE_FAXES_IN_PROCESS_MAX: '100000', FAXWIRE_DISK_FREE_MIN_MB: '16' };
    const services = await pair({ both: { env, unpaced: false } }), hooks = await sink();
    await services[1].application(hooks.url('ok'), { inbound: { catch_all: true } });
    const sending = endings(services[0], 'outbound'), receiving = endings(services[1], 'inbound');
    const file = join(services[0].folder, 'bench.pdf');
    writeFileSync(file, pages(1, LINES));
    await services[0].send({ to: '+13125550000', from: '+12025550000', quality: 'high' }, file);
    await Promise.all([sending(1), receiving(1)]);
    const before = services.map(cpu), looked = watchMemory(services);
    const { rate, accepted } = await accept(services[0], file, count);
    const both = await Promise.all([sending(count + 1), receiving(count + 1)]), after = services.map(cpu), most = looked();
    const sent = both[0].filter((f) => accepted.has(f.id)), received = both[1].filter((f) => f.from !== '+12025550000');
    const used = after.map((now, i) => Object.fromEntries(Object.entries(now).map(([name, s]) => [name, s - (before[i][name] ?? 0)])));
    const equal = compare(services, sent, received);
    const bytes = statSync(join(services[0].faxFolder(sent[0].id), 'pages.tif')).size;
    for (const service of services) await service.stop(); // the modems tell how late they were
    console.log(`one page of ${bytes} bytes, ${modems} modem programs a side`);
    print(services, count, { rate, accepted, sent, received, equal, used, most });
    for (const service of services) await service.end();
    hooks.end();
    return equal === count;
}

const counts = process.argv.slice(2).map(Number);
if (!counts.length || !counts.every((n) => n > 0)) {
    console.error('use: service.mjs FAXES...');
    process.exit(2);
}
console.log(`${availableParallelism()} processors, load average ${loadavg()[0].toFixed(1)} before`);
let good = true;
for (const count of counts) good = await measure(count) && good;
process.exitCode = good ? 0 : 1;
