/* A webhook receiver: keeps what it is sent, answers as told. */
import { createServer } from 'node:http';
import { checkWebhook } from './contract.mjs';
import { until } from './service.mjs';

export class Receiver {
    /* `keep` may make less of each: of very many, only what is looked at. */
    static async start(answer = () => 200, keep = (hook) => hook) {
        const receiver = new Receiver();
        receiver.hooks = [];
        receiver.byFax = new Map();
        receiver.server = createServer((request, response) => {
            const parts = [];
            request.on('data', (part) => parts.push(part));
            request.on('end', () => {
                const body = Buffer.concat(parts).toString();
                const hook = { url: request.url, headers: request.headers, body, event: JSON.parse(body) };
                try { checkWebhook(hook.event); } catch (error) { console.error(error.message); }
                hook.status = answer(hook, receiver.hooks.length);
                receiver.add(keep(hook));
                response.writeHead(hook.status).end();
            });
        });
        await new Promise((done) => receiver.server.listen(0, '127.0.0.1', done));
        receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hook`;
        return receiver;
    }

    add(hook) {
        const fax = hook.event?.data?.payload?.fax_id, before = this.byFax.get(fax);
        this.hooks.push(hook);
        if (before) before.push(hook);
        else this.byFax.set(fax, [hook]);
    }

    /* What was told again because we were slow to answer (meta.attempt says so) counts once; a first attempt
     * that comes twice would count twice. */
    taken(fax) {
        const seen = new Set();
        return (this.byFax.get(fax) ?? []).filter((h) => h.status === 200).filter((h) => {
            const repeat = h.event.meta.attempt > 1 && seen.has(h.event.data.id);
            seen.add(h.event.data.id);
            return !repeat;
        });
    }

    types(fax) {
        return this.taken(fax).map((h) => h.event.data.event_type);
    }

    /* All webhooks of a fax, once its last one is here. */
    async complete(fax) {
        await until(`the last webhook of ${fax}, have ${this.types(fax)}`,
            () => this.types(fax).some((t) => t === 'fax.delivered' || t === 'fax.failed' || t === 'fax.received'));
        return this.taken(fax);
    }

    async end() {
        this.server.closeAllConnections?.();
        await new Promise((done) => this.server.close(done));
    }
}
