/* What a fax costs: time, processor and memory, each from one run of the real programs.
 * Use: FAXWIRE_BUILD=build node test/bench/bench.mjs [--quick] */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, until } from '../e2e/lib/service.mjs';
import { onePage, pages } from '../e2e/lib/pdf.mjs';
import { cpu, rss } from './lib.mjs';

const quick = process.argv.includes('--quick');
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const secs = (value) => `${value.toFixed(3)} s`;
const row = (...cells) => console.log(cells.map((c, i) => String(c).padEnd(i ? 18 : 34)).join(''));

async function one(service, file, to) {
    const began = Date.now();
    const fax = await service.send({ to, quality: 'high' }, file);
    const ended = await service.ended(fax.id, 900_000);
    if (ended.status !== 'delivered') throw new Error(JSON.stringify(ended));
    const line = await until('the log line', () => service.log.split('\n').find((l) =>
        l.includes('event=call.invited') && l.includes(fax.id)));
    const events = await service.events(fax.id);
    const at = (text) => Date.parse(text);
    return { invite: (at(/time=(\S+)/.exec(line)[1]) - began) / 1000,
             delivered: (at(events.at(-1).occurred_at) - began) / 1000 };
}

async function timing(label, args, count, runs) {
    const service = await Service.start({ args });
    const file = join(service.folder, `${count}.pdf`);
    writeFileSync(file, pages(count));
    const all = [];
    for (let i = 0; i < runs; i++) all.push(await one(service, file, '+13125550000'));
    row(`${label}, ${count} page${count > 1 ? 's' : ''} (${all.length} run${runs > 1 ? 's' : ''})`,
        secs(median(all.map((r) => r.invite))), secs(median(all.map((r) => r.delivered))));
    await service.end();
}

async function processor(count) {
    const service = await Service.start();
    const file = onePage(service.folder);
    for (let i = 0; i < 3; i++) await one(service, file, '+13125550000');
    const before = cpu(service);
    for (let i = 0; i < count; i++) await one(service, file, '+13125550000');
    const after = cpu(service);
    for (const [name, used] of Object.entries(after))
        row(`${name}`, `${((used - (before[name] ?? 0)) / count).toFixed(4)} s`);
    await service.end();
}

async function memory(calls) {
    const service = await Service.start({ args: ['--paced'] });
    const file = onePage(service.folder);
    const modem = service.child('faxwire-modem'), line = service.child('faxwire-line');
    await service.ended((await service.send({ to: '+13125550000', quality: 'normal' }, file)).id);
    const idle = { modem: rss(modem), line: rss(line) };
    const faxes = [];
    for (let i = 0; i < calls; i++)
        faxes.push(await service.send({ to: `+1312555${1000 + i}`, quality: 'normal' }, file));
    await until('all calls at once', async () => {
        const all = await Promise.all(faxes.map((f) => service.fax(f.id)));
        return all.filter((f) => f.status === 'sending').length >= calls * 0.9;
    });
    row(`faxwire-modem, ${calls} calls`, `${Math.round((rss(modem) - idle.modem) / calls)} KiB a call`);
    row(`faxwire-line, ${calls} calls`, `${Math.round((rss(line) - idle.line) / calls)} KiB a call`);
    await service.end();
}

console.log('From POST to the INVITE, and to delivered (medians)\n');
row('', 'INVITE', 'delivered');
await timing('unpaced T.38', [], 1, quick ? 5 : 21);
await timing('unpaced T.38', [], 10, quick ? 3 : 7);
/* At line speed a call is mostly waiting, so these go on side by side. */
await Promise.all([timing('paced T.38', ['--paced'], 1, quick ? 1 : 3),
                   quick || timing('paced T.38', ['--paced'], 10, 1)]);
console.log('\nCPU seconds for one fax of one page, unpaced T.38\n');
await processor(quick ? 10 : 50);
console.log('\nMemory while calls are under way, paced T.38\n');
await memory(quick ? 10 : 40);
