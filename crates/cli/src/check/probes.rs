//! All probes, in the order in which they are tried: what others stand on comes first.

mod ack;
mod answer;
mod asking;
mod capabilities;
mod entries;
mod heartbeat;
mod history;
mod moderation;
mod presence;
mod refusals;
mod resume;
mod seq;
mod sizes;
mod socket;
mod talk;
mod triage;
mod votes;

use super::engine::Probe;

/// Every sentence that is tried.
pub(crate) fn all() -> Vec<Probe> {
    let areas = [
        capabilities::probes(),
        socket::probes(),
        talk::probes(),
        socket::strangers(),
        asking::probes(),
        history::probes(),
        seq::probes(),
        ack::probes(),
        resume::probes(),
        answer::probes(),
        triage::probes(),
        presence::probes(),
        votes::probes(),
        moderation::probes(),
        sizes::probes(),
        refusals::probes(),
        heartbeat::probes(),
        entries::probes(),
        capabilities::last_probes(),
    ];
    areas.into_iter().flatten().collect()
}
