/* Faxes flow while every program of the service is killed at random, the parent too; then the killing stops and
 * everything that was answered 202 must have ended, once, truly, and left nothing behind.
 *
 *     node test/e2e/chaos.mjs [--faxes N] [--seconds S] [--seed X] [--keep]
 *
 * The seed draws what is sent and what is killed when; the operating system draws the rest. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { readdirSync, readFileSync, readlinkSync, rmSync, mkdtempSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Service, build, until } from './lib/service.mjs';
import { Receiver } from './lib/receiver.mjs';
import { faultsOfStory, faultsOfWebhooks } from './lib/story.mjs';
import { pages } from './lib/pdf.mjs';

/* Last two digits of a test number, and how a fax to it fails; null: it delivers. Where a person answered twice the
 * number is parked. */
const NUMBERS = { '00': null, '01': 'user_busy', '02': 'receiver_no_answer', '03': 'receiver_unallocated_number',
    '04': 'receiver_decline', '05': 'fax_initial_communication_timeout receiver_call_dropped destination_invalid', '07': 'receiver_call_dropped',
    '08': 'fax_signaling_error receiver_call_dropped', '09': null, 12: null, 18: null, 19: null, 20: null };
/* As `standard`, with seconds for minutes: what fails is dialled again while programs die. */
const RETRY = { policy: 'standard', total_secs: 600, ...Object.fromEntries([['busy', 3], ['no_answer', 1], ['protocol', 2],
    ['dropped', 2], ['not_ready', 2], ['congestion', 3], ['trunk', 3]].map(([cause, max]) => [cause, { delay_secs: 1, max }])),
    no_fax: { max: 0 } };
/* `hylafax` as it is named, but its pauses: it dials twelve times, tries three times, and goes on where it stopped. A
 * number that does not answer is slow, and is called as above. */
const HYLAFAX = { policy: 'hylafax', total_secs: 600, no_fax: { max: 0 }, no_answer: RETRY.no_answer,
    ...Object.fromEntries(['busy', 'protocol', 'dropped', 'not_ready', 'congestion', 'trunk'].map((cause) => [cause, { delay_secs: 1 }])) };
/* Calls of a fax at the most: all, those to a busy number, and those that were answered. */
const CALLS = { standard: { all: 6, busy: 4, answered: 3 }, hylafax: { all: 12, busy: 12, answered: 3 } };
/* Calls to these take a while, whatever the speed of pages: few are made, or they would be all that is waited for. */
const SLOW = ['02', '05', '08'];
/* The far end keeps a thousand faxes a number, and four thousand numbers: who receives more has not got them all in the end. */
const SPECIAL_MAX = 3000, ORDINARY_NUMBERS = 3000;
const ENDED = ['delivered', 'failed', 'received'];
const OWN_FAILURE = 'service_unavailable';
/* The far end is one of the programs that are killed: then it is its silence that ends a call. */
const FAR_END_GONE = /^(receiver_|fax_|invalid_ecm_|carrier_lost|destination_unreachable)/;
const CARRIER_BACK_MS = 15_000; // the supervisor's longest pause before a restart, and its start
const CARRIER_WRITES_MS = 3_000; // what the far end confirmed may not be in its mailbox yet when it is killed
const LIVENESS_MS = 150_000;
const FAR_END_WAITS_MS = 60_000; // for whom was killed in the call: T.30's own timers
const CHECKERS = 6; // faxes that are looked at side by side

const tool = (name, ...args) => promisify(execFile)(join(build, 'test/tools', name), args, { encoding: 'utf8' });
/* Resolves when the pages of `tif` are those of `pages` from page `first` on, rejects with the first difference. */
export const pagesPart = (pages, first, tif) => tool('pages-part', pages, String(first), tif);
const pagesEqual = (a, b) => tool('pages-equal', a, b);

export async function each(list, check) {
    const rest = list.values();
    await Promise.all(Array.from({ length: CHECKERS }, async () => { for (const one of rest) await check(one); }));
}

function random(seed) {
    let a = seed >>> 0;
    const next = () => {
        a = (a + 0x6d2b79f5) >>> 0;
        let t = Math.imul(a ^ (a >>> 15), a | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    return { next, below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)],
        between: (low, high) => low + next() * (high - low) };
}

/* Who holds a file of this data folder open: every program of the service does. */
function holders(folder) {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
        try {
            return readdirSync(`/proc/${pid}/fd`).some((fd) => {
                try { return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${folder}/`); } catch { return false; }
            });
        } catch { return false; }
    }).map((pid) => {
        try { return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]}`; } catch { return pid; }
    });
}

export function filesIn(folder) {
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
        e.isDirectory() ? filesIn(join(folder, e.name)) : [join(folder, e.name)]);
}

export class Chaos {
    constructor({ faxes, seconds, seed, carrier }) {
        Object.assign(this, { faxes, seconds, seed, carrier, draw: random(seed), drawKills: random(seed ^ 0x5eed) });
        this.folder = mkdtempSync(join(tmpdir(), 'faxwire-chaos-'));
        this.kills = [];
        this.sent = new Map(); // by id: what was answered 202
        this.refused = 0;
        this.log = '';
        this.faults = [];
    }

    fault(text) { this.faults.push(text); }

    async start() {
        const env = { FAXWIRE_MODEMS: String(this.modems),
            /* On a busy machine the far end, one program for all numbers, takes seconds to answer an INVITE. */
            FAXWIRE_RING_TIMEOUT_SECS: '20',
            /* The dozen test numbers are slow, and those of many faxes: they must not be all that is waited for. */
            FAXWIRE_CALLS_PER_NUMBER: String(Math.max(8, Math.ceil(this.faxes / 250))) };
        const service = await Service.start({ data: this.folder, env,
            spawned: (s) => { this.starting = s; } });
        this.service = service;
        return service;
    }

    async open() {
        this.modems = 1 + this.draw.below(3);
        this.receiver = await Receiver.start(() => 200, ({ status, event: { data: { id, event_type, payload: { fax_id } }, meta } }) =>
            ({ status, event: { data: { id, event_type, payload: { fax_id } }, meta } }));
        this.documents = [1, 1, 1, 2, 2, 3, 1, 1, 2, 1, 7, 30].map((count) => ({ count, bytes: Buffer.from(pages(count, 3 + count % 5)) }));
        this.web = createServer((request, response) => {
            const body = this.documents[Number(request.url.slice(1))].bytes;
            response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': body.length });
            response.write(body.subarray(0, body.length / 2));
            setTimeout(() => response.end(body.subarray(body.length / 2)), 20);
        });
        await new Promise((done) => this.web.listen(0, '127.0.0.1', done));
        await this.start();
        this.application = (await this.service.application(this.receiver.url)).id;
    }

    /* ---- faxes in ---- */

    async sendOne(index) {
        const { draw } = this;
        const special = draw.next() < Math.min(0.4, SPECIAL_MAX / this.faxes);
        const quick = Object.keys(NUMBERS).filter((n) => !SLOW.includes(n));
        const number = special ? draw.pick(draw.next() < 0.08 ? SLOW : quick) : null;
        const own = this.target?.();
        let document = draw.below(this.documents.length);
        if (number === '07') document = 3; // it hangs up in page 2
        const fields = { to: own?.to ?? (number ? `+120055501${number}` : `+1312555${1000 + index % ORDINARY_NUMBERS}`), from: `+1202444${1000 + index}`,
            connection_id: this.application, quality: draw.pick(['normal', 'normal', 'high', 'very_high']) };
        const upload = draw.next() < 0.75;
        /* Half of them are dialled again when they fail; some of those send only what did not arrive. */
        const retry = draw.next() > 0.5 ? null
            : draw.next() < 0.4 ? HYLAFAX : { ...RETRY, partial: draw.pick(['fail', 'resume', 'resume', 'resend']) };
        if (retry) fields.retry = retry;
        const fail = (why) => { this.refused++; return why; };
        try { // while the parent is down, nobody answers
            let body = { ...fields, media_url: `http://127.0.0.1:${this.web.address().port}/${document}` };
            if (upload) {
                body = new FormData();
                for (const [name, value] of Object.entries(fields)) body.set(name, typeof value === 'object' ? JSON.stringify(value) : value);
                body.set('contents', new Blob([this.documents[document].bytes]), 'document.pdf');
            }
            const answer = await this.service.request('POST', '/v2/faxes', { body });
            /* As many are in process as the service takes. */
            if (answer.status === 429) return fail(await pause(Number(answer.headers.get('retry-after')) * 1000));
            if (answer.status !== 202) return fail(this.fault(`POST answered ${answer.status}: ${JSON.stringify(answer.body)}`));
            this.sent.set(answer.body.data.id, { from: fields.from, retry, number, fails: number ? NUMBERS[number] : null, at: Date.now() });
        } catch (error) { fail(error); }
    }

    /* Until so many are accepted; spread over the time of the kills, and what did not get through meanwhile behind it. */
    async sendAll() {
        const gap = this.seconds * 1000 / this.faxes;
        const begun = Date.now();
        for (let i = 0; this.sent.size < this.faxes; i++) {
            const refused = this.refused;
            if (i % 50 === 0) await this.tidy?.();
            await this.sendOne(i);
            if (this.faults.length > 0) return;
            await pause(Math.max(refused < this.refused ? 20 : 0, begun + gap * (this.sent.size + this.draw.next()) - Date.now()));
        }
    }

    /* ---- kills ---- */

    kill(pid, what, signal = 'SIGKILL') {
        try { process.kill(pid, signal); } catch { return false; }
        this.kills.push({ at: Date.now(), what });
        return true;
    }

    async killChild(name) {
        const end = Date.now() + 400;
        for (;;) {
            const all = this.service.children().filter((p) => p.command.endsWith(name));
            if (all.length > 0 && this.kill(this.drawKills.pick(all).pid, name)) return;
            if (Date.now() > end) return;
            await pause(15);
        }
    }

    /* The parent is killed, and sometimes its successor while that starts. */
    async killParent() {
        const draw = this.drawKills;
        const signal = draw.next() < 0.8 ? 'SIGKILL' : 'SIGTERM';
        this.kill(this.service.process.pid, 'faxwire', signal);
        const exit = await this.service.stop(signal);
        if (signal === 'SIGTERM' && exit.code !== 0) this.fault(`SIGTERM: exit ${JSON.stringify(exit)}\n${this.service.log.slice(-3000)}`);
        for (let again = draw.next() < 0.4; ; again = draw.next() < 0.3) {
            this.log += this.service.log;
            const started = this.start().then(() => true, (error) => error);
            if (again) {
                await pause(draw.between(1, 400));
                this.kill(this.starting.process.pid, 'faxwire (starting)');
            }
            const result = await started;
            if (result === true && !again) return;
            if (result === true) await this.service.exited;
            if (result !== true && !again) {
                this.fault(`no restart: ${result.message}`);
                throw result;
            }
        }
    }

    async killAll() {
        const draw = this.drawKills;
        const end = Date.now() + this.seconds * 1000;
        const weighted = ['faxwire-line', 'faxwire-line', 'faxwire-modem', 'faxwire-modem', 'faxwire-modem',
            'faxwire-carrier', 'faxwire-render', 'faxwire-render', 'faxwire'].filter((w) => this.carrier || w !== 'faxwire-carrier');
        let parents = 0;
        while (Date.now() < end || parents === 0) {
            await pause(draw.between(100, 1800));
            const what = draw.pick(weighted);
            if (what !== 'faxwire') await this.killChild(what);
            else {
                parents++;
                await this.killParent();
            }
        }
    }

    /* ---- afterwards ---- */

    async allFaxes() {
        const all = [];
        for (let page = 1; ; page++) {
            const { body } = await this.service.request('GET', `/v2/faxes?page[number]=${page}&page[size]=250`);
            all.push(...body.data);
            if (page >= body.meta.total_pages) return all;
        }
    }

    async settled() {
        const open = '/v2/faxes?filter[status]=queued,media.processed,originated,sending,initiated,receiving,media.processing';
        await until('every fax to end', async () => (await this.service.request('GET', `${open}&page[size]=1`)).body.meta.total_results === 0,
            LIVENESS_MS + 60 * this.faxes).catch(() => {});
        const all = await this.allFaxes();
        for (const f of all.filter((one) => !ENDED.includes(one.status))) this.fault(`${f.id} did not end: ${f.status} to ${f.to}`);
        return all;
    }

    carrierKilled(from, to) {
        return this.kills.some((k) => k.what.startsWith('faxwire-carrier') && k.at >= from && k.at <= to);
    }

    checkFailure(fax, sent, events) {
        const say = (text) => this.fault(`${fax.id} to ${fax.to}: ${text}; ${fax.failure_reason} (${fax.internal_failure_reason})`);
        if (!fax.failure_reason || !fax.internal_failure_reason) say('failed without a reason');
        const dialled = events.find((e) => e.event_type === 'call.dialling');
        const from = Date.parse((dialled ?? events[0]).occurred_at) - CARRIER_BACK_MS;
        const farEndGone = FAR_END_GONE.test(fax.failure_reason) && this.carrierKilled(from, Date.parse(events.at(-1).occurred_at));
        const expected = [OWN_FAILURE, ...(sent?.fails?.split(' ') ?? [])];
        /* A number that breaks calls breaks those by plainer ways, at line speed, in other ways. */
        const plainer = ['07', '08'].includes(sent?.number) && FAR_END_GONE.test(fax.failure_reason);
        /* A far end that is killed as it answers is as silent as a person, and twice of that parks its number. */
        const parked = fax.failure_reason === 'destination_invalid' && /^the number is parked: /.test(fax.internal_failure_reason)
            && this.carrierKilled(0, Date.parse(events.at(-1).occurred_at));
        if (!expected.includes(fax.failure_reason) && !farEndGone && !plainer && !parked) say('not a true reason');
    }

    /* `from` is of one fax alone, and the far end writes it down with what it received. */
    receivedBy() {
        const found = new Map();
        for (const path of filesIn(join(this.folder, 'mailbox')).filter((p) => p.endsWith('.json'))) {
            const note = JSON.parse(readFileSync(path, 'utf8'));
            found.set(note.from, [...(found.get(note.from) ?? []), { ...note, tif: path.replace(/json$/, 'tif') }]);
        }
        return found;
    }

    /* The pages that a call brought are those of the fax from the first one of some call on. */
    async samePages(fax, tif, calls) {
        const pages = join(this.service.faxFolder(fax.id), 'pages.tif');
        if (calls.every((a) => a.first_page === 1)) return pagesEqual(pages, tif);
        for (const a of calls) if (await pagesPart(pages, a.first_page, tif).then(() => true, () => false)) return;
        throw Object.assign(new Error('pages'), { stdout: `of no call from ${calls.map((a) => a.first_page)} on`, stderr: '' });
    }

    async checkReceived(fax, received, events, calls) {
        const complete = received.filter((r) => r.complete);
        const interrupted = events.filter((e) => ['attempt.interrupted', 'attempt.failed'].includes(e.event_type)).length;
        if (calls.length > 1) this.again++;
        if (calls.some((a) => a.first_page > 1)) this.resumed++;
        const say = (text) => this.fault(`${fax.id} to ${fax.to}: ${text}\n  ${events.map((e) => e.event_type).join(' ')}\n  ${JSON.stringify(received)}`);
        if (complete.length > 1 + interrupted) say(`in the mailbox ${complete.length} times`);
        if (complete.length > 1) this.twice++;
        for (const r of complete) {
            try { await this.samePages(fax, r.tif, calls); } catch (error) { say(`other pixels: ${error.stdout}${error.stderr}`); }
        }
        if (fax.status !== 'delivered') return;
        if (fax.pages_confirmed !== fax.page_count || !(fax.page_count > 0)) say(`delivered with ${fax.pages_confirmed} of ${fax.page_count}`);
        const end = Date.parse(events.at(-1).occurred_at);
        if (complete.length > 0) return;
        if (this.carrierKilled(end - CARRIER_WRITES_MS, end + CARRIER_WRITES_MS)) this.lostByCarrier++;
        else say('delivered, yet not in the mailbox');
    }

    async checkFax(fax, received) {
        const events = await this.service.events(fax.id);
        for (const text of faultsOfStory(events)) this.fault(`${fax.id} ${text}`);
        if (events.at(-1).event_type !== `fax.${fax.status}`) this.fault(`${fax.id} is ${fax.status}, and ends with ${events.at(-1).event_type}`);
        if (fax.status === 'failed') this.checkFailure(fax, this.sent.get(fax.id) ?? { fails: undefined, ...this.expected(fax) }, events);
        const calls = (await this.service.request('GET', `/v2/faxes/${fax.id}/attempts?page[size]=100`)).body.data;
        this.checkCalls(fax, calls);
        await this.checkReceived(fax, received, events, calls);
        const hooks = () => this.receiver.taken(fax.id);
        await until(`the webhooks of ${fax.id}`, () => hooks().some((h) => h.event.data.id === events.at(-1).id), 60_000).catch(() => {});
        for (const text of faultsOfWebhooks(events, hooks())) this.fault(`${fax.id} ${text}`);
    }

    /* Each call has ended, and pages that a far end confirmed were sent again only to who asked for it. */
    checkCalls(fax, calls) {
        const say = (text) => this.fault(`${fax.id} to ${fax.to}: ${text}: ${JSON.stringify(calls.map((a) => [a.status, a.first_page, a.pages_confirmed]))}`);
        const retry = this.sent.get(fax.id)?.retry;
        const again = retry?.policy === 'hylafax' ? 'resume' : retry?.partial;
        if (calls.length !== fax.attempt_count || calls.some((a) => a.status === 'underway')) say(`${fax.attempt_count} calls`);
        for (const [i, a] of calls.slice(1).entries()) {
            const before = calls[i].first_page - 1 + calls[i].pages_confirmed;
            if (again !== 'resend' && a.first_page - 1 < before) say('pages were sent again');
            if (again === 'resume' && a.first_page - 1 !== before) say('it did not go on where it stopped');
        }
        if (retry) this.checkPolicy(fax, CALLS[retry.policy], calls, say);
    }

    /* No more calls than the policy has, and a busy number is given up when they are used up. */
    checkPolicy(fax, most, calls, say) {
        const failed = calls.filter((a) => a.status === 'failed');
        const of = { all: failed.length, busy: failed.filter((a) => a.failure_reason === 'user_busy').length,
            answered: failed.filter((a) => a.answered_at).length };
        const used = Object.keys(most).filter((kind) => of[kind] >= most[kind]);
        if (used.some((kind) => of[kind] > most[kind])) say(`more than ${JSON.stringify(most)}: ${JSON.stringify(of)}`);
        if (fax.failure_reason === 'user_busy' && used.length === 0) say(`given up too early: ${JSON.stringify(of)}`);
        if (of.busy === CALLS.hylafax.busy) this.twelve++;
    }

    expected(fax) {
        const row = /^\+120055501(\d\d)$/.exec(fax.to);
        return { fails: row ? NUMBERS[row[1]] : null };
    }

    async checkLeftovers(all) {
        const ids = new Set(all.map((f) => f.id));
        const left = () => ['spool', 'uploads', 'mailbox/.incoming'].flatMap((name) => filesIn(join(this.folder, name)));
        await until('the spool to be empty', () => left().length === 0, FAR_END_WAITS_MS).catch(() => {});
        for (const path of left()) this.fault(`left behind: ${path}`);
        const strays = () => filesIn(join(this.folder, 'faxes')).filter((path) => !ids.has(path.split('/').at(-2)));
        await until('documents that were never accepted to go', () => strays().length === 0, 20_000).catch(() => {});
        for (const path of filesIn(join(this.folder, 'faxes'))) {
            if (!ids.has(path.split('/').at(-2))) this.fault(`of no fax: ${path}`);
            if (!/\/(document-\d+|pages\.tif|pages\.facts)$/.test(path)) this.fault(`half-made: ${path}`);
        }
        const family = 3 + this.modems;
        await until('one family of programs', () => holders(this.folder).length === family, 20_000)
            .catch(() => this.fault(`programs: ${holders(this.folder).join(', ')}, should be ${family}`));
        for (const { pid, command } of this.service.children().filter((p) => p.command.endsWith('faxwire-modem'))) {
            const open = readdirSync(`/proc/${pid}/fd`).length;
            if (open > 10) this.fault(`${command} holds ${open} descriptors without a call`);
        }
    }

    async checkEnd(all) {
        const exit = await this.service.stop('SIGTERM');
        if (exit.code !== 0) this.fault(`the end: ${JSON.stringify(exit)}`);
        const left = holders(this.folder);
        if (left.length > 0) this.fault(`still there after the end: ${left.join(', ')}`);
        this.log += this.service.log;
        const before = all.map((f) => `${f.id} ${f.status}`).sort().join('\n');
        await this.start();
        if ((await this.allFaxes()).map((f) => `${f.id} ${f.status}`).sort().join('\n') !== before) this.fault('another start changed what was final');
    }

    checkAccepted(all) {
        const ids = new Set(all.map((f) => f.id));
        for (const id of this.sent.keys()) if (!ids.has(id)) this.fault(`${id} was answered 202 and is gone`);
    }

    async check() {
        this.twice = this.lostByCarrier = this.again = this.resumed = this.twelve = 0;
        const all = await this.settled();
        this.settledIn = (Date.now() - this.calm) / 1000;
        this.checkAccepted(all);
        await this.checkLeftovers(all);
        const received = this.receivedBy();
        await each(all, (fax) => this.checkFax(fax, received.get(fax.from) ?? []));
        await this.checkEnd(all);
        return all;
    }

    summary(all) {
        const count = (list) => Object.entries(list.reduce((n, x) => ({ ...n, [x]: (n[x] ?? 0) + 1 }), {})).map(([k, v]) => `${k} ${v}`).join(', ');
        return [`seed ${this.seed}: ${this.sent.size} accepted (${this.refused} not, the service was down), modems ${this.modems}`,
            `kills: ${count(this.kills.map((k) => k.what))}`,
            `ends: ${count(all.map((f) => f.failure_reason ?? f.status))}; all within ${this.settledIn.toFixed(1)} s after the last kill`,
            `dialled again ${this.again}, of them ${this.resumed} where they stopped, and ${this.twelve} twelve times as they were busy;`
            + ` reached the far end twice, with its reason told: ${this.twice}; confirmed and then lost by the killed far end: ${this.lostByCarrier}`]
            .join('\n');
    }

    async close(keep) {
        await this.service?.stop('SIGKILL').catch(() => {});
        await this.receiver?.end();
        this.web?.closeAllConnections?.();
        this.web?.close();
        if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    }
}

/* Returns the summary, the faults and the log of all runs of the service. */
export async function run(Kind, { faxes = 60, seconds = 30, seed = Date.now() % 1_000_000_007, carrier = true, keep = false } = {}) {
    const run = new Kind({ faxes, seconds, seed, carrier });
    try {
        await run.open();
        await Promise.all([run.sendAll(), run.killAll()]);
        run.calm = Date.now();
        const all = await run.check();
        return { seed, folder: run.folder, summary: run.summary(all), faults: run.faults, log: run.log + run.service.log };
    } catch (error) {
        run.fault(`the run broke off: ${error.stack}`);
        return { seed, folder: run.folder, summary: `seed ${seed}`, faults: run.faults, log: run.log + (run.service?.log ?? '') };
    } finally {
        await run.close(keep);
    }
}

export const chaos = (options) => run(Chaos, options);

function options(args) {
    const ret = {};
    for (let i = 0; i < args.length; i++) {
        const name = /^--(faxes|seconds|seed|keep|log)$/.exec(args[i])?.[1];
        if (!name) throw new Error(`unknown: ${args[i]}; use: chaos.mjs [--faxes N] [--seconds S] [--seed X] [--keep] [--log FILE]`);
        ret[name] = name === 'keep' ? true : name === 'log' ? args[++i] : Number(args[++i]);
    }
    return ret;
}

export async function main(Kind) {
    const wanted = options(process.argv.slice(2));
    const result = await run(Kind, wanted);
    console.log(result.summary);
    for (const fault of result.faults.slice(0, 100)) console.log(`FAULT ${fault}`);
    if (wanted.log) (await import('node:fs')).writeFileSync(wanted.log, result.log);
    if (wanted.keep) console.log(`kept: ${result.folder}`);
    console.log(result.faults.length === 0 ? 'chaos: all as promised' : `chaos: ${result.faults.length} faults`);
    process.exit(result.faults.length === 0 ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(Chaos);
