/* How long the API takes for its answers, eight clients at a time, on the data folder that is given: its queue goes on meanwhile.
 *     node test/bench/queue-api.mjs FOLDER NAME */
import { Service, sample } from '../e2e/lib/service.mjs';

const CLIENTS = 8, SECONDS = 10;
const [folder, name] = process.argv.slice(2);
const service = await Service.start({ data: folder, env: { FAXWIRE_CALLS_MAX: '16', FAXWIRE_FAXES_IN_PROCESS_MAX: '1000000' } });
const times = { POST: [], GET: [] };

async function timed(kind, act) {
    const start = performance.now();
    const result = await act();
    times[kind].push(performance.now() - start);
    return result;
}

async function client(index, until) {
    for (let i = 0; performance.now() < until; i++) {
        const to = `+1200555${String(9000 + ((index * 997 + i) % 1000))}`;
        const { id } = await timed('POST', () => service.send({ to, quality: 'normal' }, sample));
        await timed('GET', () => service.request('GET', `/v2/faxes/${id}`));
    }
}

const until = performance.now() + SECONDS * 1000;
await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i, until)));
for (const [kind, list] of Object.entries(times)) {
    list.sort((a, b) => a - b);
    const at = (part) => list[Math.min(list.length - 1, Math.floor(list.length * part))].toFixed(1);
    console.log(`API beside ${name === 'full' ? 'a full' : 'an empty'} queue, ${kind}: ${list.length} answers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}
await service.stop('SIGKILL');
