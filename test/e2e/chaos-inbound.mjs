/* A service faxes itself while its programs are killed at random: whatever a sender saw confirmed is in a received fax
 * afterwards, bit for bit, and every received fax has ended and was told.
 *
 *     node test/e2e/chaos-inbound.mjs [--faxes N] [--seconds S] [--seed X] [--keep] */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Chaos, each, run, main, filesIn, pagesPart } from './chaos.mjs';
import { until } from './lib/service.mjs';

const NUMBERS = Array.from({ length: 10 }, (_, i) => `+131255588${String(i).padStart(2, '0')}`);

class InboundChaos extends Chaos {
    async open() {
        await super.open();
        for (const number of NUMBERS) await this.service.number(number, this.application);
    }

    target() {
        return { to: this.draw.pick(NUMBERS), fails: undefined };
    }

    /* A service that is killed as it answers is as silent as a person: somebody clears what was parked for it. */
    async tidy() {
        for (const number of NUMBERS)
            await this.service.request('PATCH', `/v2/destinations/${number}`, { body: { parked: false } }).catch(() => {});
    }

    /* The difference, or nothing: the pages that came, beside those that were sent in that call. */
    async difference(sent, attempt, fax) {
        const mine = this.service.faxFolder(fax.id), theirs = this.service.faxFolder(sent.id);
        try {
            await pagesPart(join(theirs, 'pages.tif'), attempt.first_page, join(mine, 'pages.tif'));
            return undefined;
        } catch (error) { return `${error.message} ${error.stdout}`; }
    }

    /* What one call delivered, as its sender saw it, and what there is of it. Calls that went on from different pages may
     * have brought as many: the pages say which is which. */
    async checkCall(sent, attempt, found) {
        const possible = found.filter((f) => f.page_count >= attempt.pages_confirmed && f.status === 'received');
        const differences = [];
        for (const fax of possible) {
            const difference = await this.difference(sent, attempt, fax);
            if (difference) { differences.push(`${fax.id}: ${difference}`); continue; }
            found.splice(found.indexOf(fax), 1);
            this.confirmed += attempt.pages_confirmed;
            if (!existsSync(join(this.service.faxFolder(fax.id), 'received.pdf'))) this.fault(`${fax.id} has no document`);
            return;
        }
        this.fault(`${sent.id} call ${attempt.number}: ${attempt.pages_confirmed} pages were confirmed, received: `
            + JSON.stringify(found.map((f) => [f.id, f.status, f.page_count, f.internal_failure_reason])) + differences.join('; '));
    }

    async checkSent(sent, cameIn) {
        const { body } = await this.service.request('GET', `/v2/faxes/${sent.id}/attempts`);
        const found = [...(cameIn.get(sent.from) ?? [])].sort((a, b) => (a.page_count ?? 0) - (b.page_count ?? 0));
        const calls = body.data.filter((a) => a.pages_confirmed > 0).sort((a, b) => a.pages_confirmed - b.pages_confirmed);
        for (const attempt of calls) await this.checkCall(sent, attempt, found);
    }

    async checkReceivedFax(fax) {
        const events = await this.service.events(fax.id);
        const last = events.at(-1)?.event_type;
        if (last !== `fax.${fax.status}`) this.fault(`${fax.id} is ${fax.status} and ends with ${last}`);
        if (fax.status === 'failed' && !fax.failure_reason) this.fault(`${fax.id} failed without a reason`);
        if (fax.partial_content) this.partial++;
        await until(`the webhook of ${fax.id}`, () => this.receiver.taken(fax.id).some((h) => h.event.data.id === events.at(-1).id),
            60_000).catch(() => this.fault(`${fax.id}: ${last} was not told`));
    }

    async check() {
        this.confirmed = this.partial = 0;
        const all = await this.settled();
        this.settledIn = (Date.now() - this.calm) / 1000;
        this.checkAccepted(all);
        const left = () => filesIn(join(this.folder, 'spool'));
        await until('the spool to be empty', () => left().length === 0, 20_000).catch(() => {});
        for (const path of left()) this.fault(`left behind: ${path}`);
        const cameIn = new Map();
        for (const fax of all.filter((f) => f.direction === 'inbound'))
            cameIn.set(fax.from, [...(cameIn.get(fax.from) ?? []), fax]);
        await each(all.filter((f) => f.direction === 'outbound'), (fax) => this.checkSent(fax, cameIn));
        await each(all.filter((f) => f.direction === 'inbound'), (fax) => this.checkReceivedFax(fax));
        return all;
    }

    summary(all) {
        const count = (list) => Object.entries(list.reduce((n, x) => ({ ...n, [x]: (n[x] ?? 0) + 1 }), {})).map(([k, v]) => `${k} ${v}`).join(', ');
        const ends = (direction) => count(all.filter((f) => f.direction === direction).map((f) => f.failure_reason ?? f.status));
        return [`seed ${this.seed}: ${this.sent.size} sent to ourselves (${this.refused} not, the service was down), modems ${this.modems}`,
            `kills: ${count(this.kills.map((k) => k.what))}`, `sent: ${ends('outbound')}`,
            `received: ${ends('inbound')}, ${this.partial} partial; ${this.confirmed} pages confirmed to senders, every one checked`,
            `all ended within ${this.settledIn.toFixed(1)} s after the last kill`].join('\n');
    }
}

export const chaosInbound = (options) => run(InboundChaos, { carrier: true, ...options });

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(InboundChaos);
