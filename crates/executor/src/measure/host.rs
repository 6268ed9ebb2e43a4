//! This machine, as far as herder may use it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::measure::{HostSample, Measured};

use super::PressureFiles;
use super::live::{Live, Scratch};
use super::own::{self, Own};
use super::text;
use super::tree::Units;
use crate::disk;

/// Open files of the whole machine.
#[derive(Debug)]
pub(super) struct Host {
    pressure: PressureFiles,
    memory: Live,
    load: Live,
    stat: Live,
    own: Own,
    units: Units,
    places: Vec<PathBuf>,
}

impl Host {
    /// `proc` is where proc(5) tells of the machine; `places` are directories on the file systems that matter.
    pub(super) fn open(proc: &Path, places: Vec<PathBuf>) -> Self {
        Self {
            pressure: PressureFiles::open(|name| proc.join("pressure").join(name)),
            memory: Live::open(proc.join("meminfo")),
            load: Live::open(proc.join("loadavg")),
            stat: Live::open(proc.join("stat")),
            own: Own::look(),
            units: Units::of_machine(),
            places,
        }
    }

    pub(super) fn read(&mut self, scratch: &mut Scratch) -> HostSample {
        let load = self.load.read(scratch).and_then(|text| Some((text::load(text)?, text::runnable(text)?)));
        let (total, available) = self.memory(scratch);
        HostSample {
            cores: own::cores(),
            pressure: self.pressure.read(scratch),
            own_pressure: self.own.pressure(scratch),
            memory_total: total,
            memory_available: available,
            busy: self.busy(scratch),
            load: load.and_then(|(load, _)| Some(load)),
            runnable: load.and_then(|(_, runnable)| Some(runnable)),
            disks: self.disks(),
        }
    }

    fn memory(&mut self, scratch: &mut Scratch) -> (Measured<u64>, Measured<u64>) {
        let of_machine = self
            .memory
            .read(scratch)
            .and_then(|text| Some((text::meminfo(text, "MemTotal")?, text::meminfo(text, "MemAvailable")?)));
        let limit = self.own.memory_limit();
        let total = of_machine.and_then(|(total, _)| Some(limit.map_or(total, |limit| limit.min(total))));
        let available = of_machine.and_then(|(_, available)| Some(available));
        let available = match (available, self.own.memory_left(scratch)) {
            (available, None) => available,
            (Measured::Known(of_machine), Some(own)) => own.and_then(|own| Some(own.min(of_machine))),
            (Measured::Unknown | Measured::Absent, Some(own)) => own,
        };
        (total, available)
    }

    fn busy(&mut self, scratch: &mut Scratch) -> Measured<Duration> {
        if let Some(of_quota) = self.own.busy(scratch) {
            return of_quota;
        }
        let ticks =
            self.stat.read(scratch).and_then(|text| text::busy_ticks(text, |cpu| self.own.may_use(cpu)));
        ticks.and_then(|ticks| Some(self.units.time(ticks)))
    }

    fn disks(&self) -> BTreeMap<PathBuf, Measured<herder_domain::measure::DiskRoom>> {
        self.places.iter().map(|place| (place.clone(), disk::room(place))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_tells_its_memory_processors_and_disk() {
        let dir = tempfile::tempdir().unwrap();
        let sample =
            Host::open(Path::new("/proc"), vec![dir.path().join("not/there/yet")]).read(&mut Scratch::new());
        assert!(sample.cores >= 1);
        let (total, available) =
            (sample.memory_total.known().unwrap(), sample.memory_available.known().unwrap());
        assert!(available > 0 && available <= total, "{available} of {total}");
        assert!(sample.busy.known().is_some_and(|busy| busy > Duration::ZERO));
        assert!(sample.disks.values().all(|room| room.known().is_some_and(|room| room.bytes > 0)));
    }

    #[test]
    fn a_kernel_without_pressure_says_nothing_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut host = Host::open(Path::new("/proc"), Vec::new());
        host.pressure = PressureFiles::open(|name| dir.path().join(name));
        let sample = host.read(&mut Scratch::new());
        assert_eq!(sample.pressure.cpu, Measured::Absent);
        assert!(sample.load.known().is_some(), "the next best is there");
    }
}
