/* What the programs of a service have used so far, and a receiver of webhooks that costs little. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../e2e/lib/service.mjs';

const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

function stat(pid) {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const programs = (service) => [{ pid: service.process.pid, name: 'faxwire' },
    ...service.children().map((c) => ({ pid: c.pid, name: c.command.split('/').at(-1) }))];

const summed = (list) => list.reduce((sums, [name, value]) => ({ ...sums, [name]: (sums[name] ?? 0) + value }), {});

/* CPU seconds by program; the renderer's are those of the parent's ended children. */
export function cpu(service) {
    const own = stat(service.process.pid);
    return summed([['faxwire-render', (Number(own[13]) + Number(own[14])) / TICKS],
        ...programs(service).filter((p) => p.name !== 'faxwire-render').map((p) => {
            const s = stat(p.pid);
            return [p.name, (Number(s[11]) + Number(s[12])) / TICKS];
        })]);
}

const field = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);

export const rss = (pid) => field(pid, 'VmRSS');

/* KiB that are nobody else's, by program. */
export function memory(service) {
    return summed(programs(service).map((p) => {
        try { return [p.name, field(p.pid, 'RssAnon')]; } catch { return [p.name, 0]; } // ended meanwhile
    }));
}

export async function sink() {
    const child = spawn(join(build, 'test/tools/sink'), { stdio: ['pipe', 'pipe', 'inherit'] });
    const port = await new Promise((done) => child.stdout.once('data', (d) => done(Number(d))));
    const url = (name) => `http://127.0.0.1:${port}/${name}`;
    return { url, count: async () => Number(await (await fetch(url('count'))).text()), end: () => child.stdin.end() };
}
