//! What `pilot-log` has to hold: a ring for each unit whose output is kept, and as many streams as
//! can be open at once.

use unit::Stdio;
use unit::limits::{FD_NAME_MAX, LOG_RINGS_MAX, LOG_STREAMS_MAX};

use super::{KindPlan, ServicePlan, UnitPlan};
use crate::pilot_log::SERVICE;

/// A main process and a command, such as that of `ExecReload=`; or one that was left behind.
const AT_ONCE: usize = 2;

/// Longest name of a stream that is stored: `journal::origin` makes them of numbers.
const STREAM_NAME_MAX: usize = 32;

/// Longest name of what a unit stores.
pub(super) fn stored_name_max(unit: &UnitPlan) -> usize {
    if unit.name == SERVICE { STREAM_NAME_MAX } else { FD_NAME_MAX }
}

/// Streams that one process of it opens.
fn streams(service: &ServicePlan) -> usize {
    [service.stdout, service.stderr].iter().filter(|&&to| to == Stdio::Log).count()
}

/// Streams that may be open for a unit.
fn streams_of(unit: &UnitPlan, units: &[UnitPlan]) -> usize {
    match &unit.kind {
        KindPlan::Service(service) if service.per_connection => {
            let socket = |&socket: &u16| units[usize::from(socket)].kind.socket();
            let sockets = service.sockets.iter().filter_map(socket);
            let connections = sockets.map(|socket| usize::from(socket.max_connections));
            streams(service) * connections.sum::<usize>()
        }
        KindPlan::Service(service) => streams(service) * AT_ONCE,
        KindPlan::Socket(socket) => {
            socket.commands.as_ref().map_or(0, |commands| streams(&commands.runner))
        }
        KindPlan::Target
        | KindPlan::Timer(_)
        | KindPlan::Path(_)
        | KindPlan::Mount(_)
        | KindPlan::Slice => 0,
    }
}

/// Streams and rings; none on a board without `pilot-log`.
pub(super) fn sizes(units: &[UnitPlan]) -> (usize, usize) {
    if !units.iter().any(|unit| unit.name == SERVICE) {
        return (0, 0);
    }
    let streams = units.iter().map(|unit| streams_of(unit, units));
    let kept = streams.clone().filter(|&streams| streams > 0).count();
    (streams.sum::<usize>().min(LOG_STREAMS_MAX), (kept + 1).min(LOG_RINGS_MAX))
}

/// `pilot-log` stores no more descriptors than there are streams.
pub(super) fn fit_store(units: &mut [UnitPlan]) {
    let (streams, _) = sizes(units);
    for unit in units.iter_mut().filter(|unit| unit.name == SERVICE) {
        if let KindPlan::Service(service) = &mut unit.kind {
            let most = u8::try_from(streams.max(1)).unwrap_or(u8::MAX);
            service.life.store_max = service.life.store_max.min(most);
        }
    }
}
