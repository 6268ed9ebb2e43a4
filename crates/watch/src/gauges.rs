//! What was measured of the machine, in a few words.

use herder_domain::capacity::Headroom;
use herder_domain::measure::{Measured, Pressure};
use herder_view::Capacities;

use crate::sight::Gauge;
use crate::words::bytes;

/// Slots, processors, memory and pressure.
pub(crate) fn of(capacity: &Capacities) -> Vec<Gauge> {
    let slots = Gauge::new("slots", format!("{}/{}", capacity.taken, capacity.max));
    let machine = capacity.measured.as_ref().map(machine).unwrap_or_default();
    std::iter::once(slots).chain(machine).collect()
}

fn machine(measured: &Headroom) -> Vec<Gauge> {
    let busy = measured.busy.all.value();
    let cores = busy.map(|busy| Gauge::new("processors", format!("{busy:.1}/{}", measured.cores)));
    let free = measured.memory_available.known();
    let memory = free.map(|free| Gauge::new("memory free", bytes(free)));
    let pressure = &measured.pressure;
    let stalls = [("cpu", pressure.cpu), ("memory", pressure.memory), ("io", pressure.io)];
    let stalls: Vec<String> =
        stalls.into_iter().filter_map(|(name, stall)| Some(format!("{name} {}", part(stall)?))).collect();
    let stalls = (!stalls.is_empty()).then(|| Gauge::new("PSI", stalls.join(" ")));
    [cores, memory, stalls].into_iter().flatten().collect()
}

fn part(pressure: Measured<Pressure>) -> Option<String> {
    pressure.known().map(|pressure| format!("{:.0}%", pressure.some.avg10))
}
