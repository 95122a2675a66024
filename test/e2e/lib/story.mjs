/* The events of one fax, checked against what can truly have happened, however it was disturbed. */

/* Event, and from which status to which it may lead. */
const STEPS = {
    'fax.queued': [['', 'queued']],
    'fax.media.processed': [['queued', 'media.processed']],
    'call.dialling': [['media.processed', 'originated']],
    'call.ringing': [['originated', 'originated'], ['sending', 'sending']],
    'call.answered': [['originated', 'originated']],
    'call.transport': [['originated', 'originated'], ['sending', 'sending']],
    'fax.sending.started': [['originated', 'sending']],
    'call.negotiated': [['originated', 'sending'], ['sending', 'sending']],
    'page.confirmed': [['sending', 'sending']],
    'attempt.interrupted': [['originated', 'media.processed'], ['sending', 'media.processed']],
    'attempt.failed': [['originated', 'media.processed'], ['sending', 'media.processed']],
    'fax.delivered': [['sending', 'delivered']],
    'fax.failed': [['queued', 'failed'], ['media.processed', 'failed'], ['originated', 'failed'], ['sending', 'failed']],
};

/* Everything that is wrong with it, as texts. */
export function faultsOfStory(events) {
    const faults = [];
    const told = events.map((e) => e.event_type);
    let status = '', confirmed = 0, attempts = 0;
    for (const e of events) {
        const step = STEPS[e.event_type]?.find(([from]) => from === status);
        if (!step) {
            faults.push(`${e.event_type} in status '${status}'`);
            break;
        }
        status = step[1];
        if (e.event_type === 'call.dialling') {
            confirmed = 0;
            if (e.payload.attempt !== ++attempts) faults.push(`attempt ${e.payload.attempt} is the ${attempts}th`);
        }
        if (e.event_type === 'page.confirmed') {
            if (e.payload.page <= confirmed) faults.push(`page ${e.payload.page} confirmed after ${confirmed}`);
            confirmed = e.payload.page;
        }
        if (e.event_type === 'attempt.interrupted' && confirmed > 0) faults.push(`dialled again with ${confirmed} pages confirmed`);
    }
    for (const type of ['fax.queued', 'fax.media.processed', 'fax.sending.started', 'fax.delivered', 'fax.failed']) {
        if (told.filter((t) => t === type).length > 1) faults.push(`${type} twice`);
    }
    if (!['fax.delivered', 'fax.failed'].includes(told.at(-1))) faults.push(`ends with ${told.at(-1)}`);
    return faults.map((fault) => `${fault}: ${told.join(' ')}`);
}

/* Webhooks in the order of their arrival: each at least once, none before the one that precedes it. */
export function faultsOfWebhooks(events, hooks) {
    const due = events.filter((e) => e.event_type.startsWith('fax.')).map((e) => e.id);
    const faults = [];
    let at = -1;
    for (const hook of hooks) {
        const index = due.indexOf(hook.event.data.id);
        if (index < 0) faults.push(`webhook of no event: ${hook.event.data.event_type}`);
        else if (index < at || index > at + 1) faults.push(`webhook ${hook.event.data.event_type} came after number ${at}`);
        at = Math.max(at, index);
    }
    if (at !== due.length - 1) faults.push(`${due.length - 1 - at} webhooks never came`);
    return faults;
}
