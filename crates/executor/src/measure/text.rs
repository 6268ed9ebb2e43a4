//! The texts of the kernel's files. What is not as expected gives nothing, and never a wrong number.

use std::time::Duration;

use herder_domain::measure::{Io, Pressure, Stall};

/// A pressure file: accounting/psi.
pub(super) fn pressure(text: &str) -> Option<Pressure> {
    let line = |word: &str| text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    Some(Pressure { some: stall(line("some")?)?, full: line("full").and_then(stall) })
}

fn stall(line: &str) -> Option<Stall> {
    let value = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let share = |key| value(key)?.parse().ok().filter(|share: &f64| share.is_finite());
    Some(Stall { avg10: share("avg10")?, avg60: share("avg60")?, total: value("total")?.parse().ok()? })
}

/// The number behind a key, as in cpu.stat, memory.stat and memory.events.
pub(super) fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// The only number of a file; `max`, which stands for no bound, is none.
pub(super) fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The bytes behind a key of /proc/meminfo.
pub(super) fn meminfo(text: &str, key: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The load of a minute of /proc/loadavg.
pub(super) fn load(text: &str) -> Option<f64> {
    text.split(' ').next()?.parse().ok().filter(|load: &f64| load.is_finite())
}

/// How many threads may run right now, from /proc/loadavg.
pub(super) fn runnable(text: &str) -> Option<u32> {
    text.split(' ').nth(3)?.split_once('/')?.0.parse().ok()
}

/// Clock ticks that those processors of /proc/stat that `is_ours` were busy; waiting for disks is idling, and so is
/// what the host took for others (`iowait`, `steal`: that no work of ours could have).
pub(super) fn busy_ticks(text: &str, is_ours: impl Fn(usize) -> bool) -> Option<u64> {
    // user nice system idle iowait irq softirq: proc_stat(5); guests are in user already.
    const BUSY: [usize; 5] = [0, 1, 2, 5, 6];
    let mut ours = text.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("cpu")?.split_once(' ')?;
        number.parse().ok().filter(|number| is_ours(*number))?;
        let fields: Vec<u64> = rest.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
        Some(BUSY.iter().filter_map(|place| fields.get(*place)).sum::<u64>())
    });
    let first = ours.next()?;
    Some(ours.fold(first, u64::saturating_add))
}

/// What cpu.stat says was used.
pub(super) fn usage(text: &str) -> Option<Duration> {
    keyed(text, "usage_usec").map(Duration::from_micros)
}

/// All devices of io.stat together. An empty file is a cgroup that has read and written nothing.
pub(super) fn io_stat(text: &str) -> Option<Io> {
    let mut io = Io::default();
    for line in text.lines() {
        let value = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let bytes = |key| value(key).map_or(Some(0), |bytes| bytes.parse().ok());
        io.read = io.read.saturating_add(bytes("rbytes")?);
        io.written = io.written.saturating_add(bytes("wbytes")?);
    }
    Some(io)
}

/// /proc/PID/io.
pub(super) fn process_io(text: &str) -> Option<Io> {
    let bytes = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
    Some(Io { read: bytes("read_bytes:")?, written: bytes("write_bytes:")? })
}

/// The resident pages of /proc/PID/statm.
pub(super) fn resident(text: &str) -> Option<u64> {
    text.split(' ').nth(1)?.parse().ok()
}

/// A list such as `0-2,5` of cpuset files and of `Cpus_allowed_list`.
pub(super) fn list(text: &str) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for part in text.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        all.extend(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_read_and_broken_pressure_is_not() {
        let text = "some avg10=10.91 avg60=19.04 avg300=13.40 total=26432697256\n\
                    full avg10=0.50 avg60=0.25 avg300=0.00 total=17\n";
        let read = pressure(text).unwrap();
        assert_eq!((read.some.avg10, read.some.avg60, read.some.total), (10.91, 19.04, 26_432_697_256));
        assert_eq!(read.full.map(|full| full.total), Some(17));
        let old = pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n").unwrap();
        assert_eq!(old.full, None);
        for broken in [
            "",
            "some",
            "some avg10=x avg60=0.00 total=1",
            "some avg10=NaN avg60=0 total=1",
            "full avg10=0.0",
        ] {
            assert_eq!(pressure(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn numbers_stand_behind_their_keys() {
        let stat = "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n";
        assert_eq!(usage(stat), Some(Duration::from_micros(1_234_567)));
        assert_eq!(usage("user_usec 1\n"), None);
        // A key that begins another one is not taken for it.
        assert_eq!(keyed("total_inactive_file 7\ninactive_file 5\n", "inactive_file"), Some(5));
        assert_eq!(
            (number("9223372036854771712\n"), number("max\n")),
            (Some(9_223_372_036_854_771_712), None)
        );
    }

    #[test]
    fn memory_is_in_bytes() {
        let text = "MemTotal:       24684000 kB\nMemFree:         100 kB\nMemAvailable:   23876544 kB\n";
        assert_eq!(meminfo(text, "MemAvailable"), Some(23_876_544 * 1024));
        assert_eq!(meminfo("MemTotal: 1 kB\n", "MemAvailable"), None);
        assert_eq!(meminfo("MemAvailable: many kB\n", "MemAvailable"), None);
    }

    #[test]
    fn load_and_what_may_run_now() {
        let text = "2.26 1.63 2.64 4/116 18898\n";
        assert_eq!((load(text), runnable(text)), (Some(2.26), Some(4)));
        assert_eq!((load(""), runnable("2.26 1.63")), (None, None));
    }

    #[test]
    fn processors_are_busy_only_where_they_are_ours() {
        let text =
            "cpu  30 0 0 9 9 0 0 9 0 0\ncpu0 10 1 2 100 7 3 4 50 9 9\ncpu1 20 0 0 5 0 0 0 0 0 0\nintr 5 6\n";
        assert_eq!(busy_ticks(text, |_| true), Some(40));
        assert_eq!(busy_ticks(text, |number| number == 1), Some(20));
        assert_eq!(busy_ticks(text, |number| number == 7), None);
        assert_eq!(busy_ticks("intr 1\n", |_| true), None);
    }

    #[test]
    fn disks_are_added_up() {
        let text =
            "8:0 rbytes=100 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n254:0 rbytes=1 wbytes=2 rios=1\n7:0\n";
        assert_eq!(io_stat(text), Some(Io { read: 101, written: 22 }));
        assert_eq!(io_stat(""), Some(Io::default()));
        assert_eq!(io_stat("8:0 rbytes=lots\n"), None);
        let of_process = "rchar: 9\nwchar: 9\nsyscr: 1\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: 8192\n";
        assert_eq!(process_io(of_process), Some(Io { read: 4096, written: 8192 }));
        assert_eq!(process_io("rchar: 9\n"), None);
        assert_eq!((resident("900 17 3 1 0 9 0\n"), resident("")), (Some(17), None));
    }

    #[test]
    fn a_list_of_processors() {
        assert_eq!(list("0-2,5\n"), Some(vec![0, 1, 2, 5]));
        assert_eq!(list("0\n"), Some(vec![0]));
        assert_eq!(list(""), None);
        assert_eq!(list("0-x"), None);
    }
}
