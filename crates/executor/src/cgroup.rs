//! Control groups: cgroup v2 to find and kill a whole job at once, and what either version's memory
//! controller tells about it. See cgroups(7) and the kernel's admin-guide/cgroup-v2.
//!
//! Whether any of it may be used is found out by trying; a job goes without it otherwise.

mod bounds;
mod freezing;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::run::RunId;
use herder_domain::setup::Bounds;

pub(crate) use bounds::Resource;

/// The directory, in the cgroup of whoever starts keepers, that holds all of theirs.
pub(crate) const FAMILY: &str = "herder";

/// A cgroup in which the orchestrator itself sits, as `DelegateSubgroup=` of its unit has it: the one above is free of
/// processes then, and may hand controllers down. See systemd.resource-control(5).
const SEAT: &str = "herder-main";

/// A mounted hierarchy and this process's place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) mount_point: PathBuf,
    pub(crate) own: PathBuf,
}

impl Hierarchy {
    /// Where the cgroups of jobs lie.
    pub(crate) fn family(&self) -> PathBuf {
        let seat = self.own.ends_with(SEAT).then(|| self.own.parent()).flatten();
        seat.unwrap_or(&self.own).join(FAMILY)
    }
}

/// A process's place in the hierarchy of a version 1 controller; of version 2 where `controller` is empty.
pub(crate) fn place_of(pid: u32, controller: &str) -> Option<Hierarchy> {
    let mounts = fs_err::read_to_string("/proc/self/mountinfo").ok()?;
    let own = fs_err::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let is_meant = |mount: &Mount<'_>| match controller {
        "" => mount.kind == "cgroup2",
        name => mount.kind == "cgroup" && mount.options.split(',').any(|option| option == name),
    };
    hierarchy(&mounts, &own, is_meant, controller)
}

/// The cgroup v2 hierarchy, alone or beside version 1 as in a hybrid.
fn unified() -> Option<Hierarchy> {
    let (mounts, own) = own_files().ok()?;
    hierarchy(&mounts, &own, |mount| mount.kind == "cgroup2", "")
}

/// Version 1's hierarchy of a controller.
fn old(controller: &str) -> Option<Hierarchy> {
    let (mounts, own) = own_files().ok()?;
    let is_meant =
        |mount: &Mount<'_>| mount.kind == "cgroup" && mount.options.split(',').any(|o| o == controller);
    hierarchy(&mounts, &own, is_meant, controller)
}

fn own_files() -> io::Result<(String, String)> {
    Ok((fs_err::read_to_string("/proc/self/mountinfo")?, fs_err::read_to_string("/proc/self/cgroup")?))
}

/// The columns of /proc/PID/mountinfo that matter here: proc_pid_mountinfo(5).
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

fn mount(line: &str) -> Option<Mount<'_>> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(3);
    let (root, point) = (left.next()?, left.next()?);
    let mut right = right.split(' ');
    let (kind, _source, options) = (right.next()?, right.next()?, right.next()?);
    Some(Mount { root, point, kind, options })
}

/// `controller` is empty for version 2, as in /proc/PID/cgroup.
fn hierarchy(
    mounts: &str,
    own: &str,
    is_meant: impl Fn(&Mount<'_>) -> bool,
    controller: &str,
) -> Option<Hierarchy> {
    let mount = mounts.lines().filter_map(mount).find(|mount| is_meant(mount))?;
    let path = own.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        controllers.split(',').any(|name| name == controller).then_some(path)
    })?;
    // In a container the mount may begin below the real root, and the path may be told from either.
    let below = Path::new(path).strip_prefix(mount.root).or_else(|_| Path::new(path).strip_prefix("/"));
    let mount_point = PathBuf::from(mount.point);
    Some(Hierarchy { own: mount_point.join(below.ok()?), mount_point })
}

/// One job's cgroups. Removed when dropped, if they are empty by then.
///
/// Writing a process id to `cgroup.procs` waits for a grace period of RCU, 6 to 17 ms where it was measured, and a
/// process that is made inside its cgroup (CLONE_INTO_CGROUP) waits for nothing; but that there is for version 2
/// only. So beside a leaf of version 2, which kills, that of version 1's memory controller, which only counts, is made
/// when a job has lived for a while ([`Leaf::count_memory`]). Alone it is made at once.
///
/// What bounds a job has to hold from its first moment, so a cgroup of version 1 that bounds is made and entered at once:
/// by the job's first thread itself, through `tasks`, for which the kernel waits for nobody.
#[derive(Debug)]
pub(crate) struct Leaf {
    unified: Option<PathBuf>,
    memory_v1: Option<PathBuf>,
    /// Where version 1's is to be, if the job lives long enough.
    later: Option<PathBuf>,
    /// Further ones of version 1, each for a bound.
    others: Vec<(Resource, PathBuf)>,
    held: Vec<Resource>,
    bounds: Bounds,
}

/// What a leaf of version 2 must have to be of use.
const KILL: &str = "cgroup.kill";
/// The same for version 1's memory controller.
const PEAK_V1: &str = "memory.max_usage_in_bytes";

impl Leaf {
    /// Makes the cgroups of a job where that is possible, and has them hold to `bounds` as far as they can; `name`
    /// tells it from others of its run.
    pub(crate) fn create(run: &RunId, name: &str, bounds: &Bounds) -> Self {
        let place = |hierarchy: &Hierarchy| hierarchy.family().join(run.as_str()).join(name);
        let wanted: Vec<Resource> =
            Resource::ALL.into_iter().filter(|resource| resource.is_bounded(bounds)).collect();
        let unified = unified().and_then(|hierarchy| {
            let leaf = make(place(&hierarchy), KILL)?;
            if !wanted.is_empty() {
                bounds::hand_down(&hierarchy.family(), &leaf);
            }
            Some(leaf)
        });
        let mut leaf = Self::none();
        (leaf.unified, leaf.bounds) = (unified, *bounds);
        for resource in wanted {
            leaf.hold(resource, || old(resource.old_controller()).map(|hierarchy| place(&hierarchy)));
        }
        if leaf.memory_v1.is_none() {
            let memory = old("memory").map(|hierarchy| place(&hierarchy));
            match &leaf.unified {
                Some(_) => leaf.later = memory,
                None => leaf.memory_v1 = memory.and_then(|leaf| make(leaf, PEAK_V1)),
            }
        }
        leaf
    }

    /// Has a bound hold, by version 2, or else by version 1 in the place that is given.
    fn hold(&mut self, resource: Resource, old: impl FnOnce() -> Option<PathBuf>) {
        if self.unified.as_ref().is_some_and(|leaf| resource.hold(leaf, &self.bounds)) {
            self.held.push(resource);
            return;
        }
        let Some(leaf) = old().and_then(|leaf| make(leaf, "cgroup.procs")) else { return };
        if !resource.hold_old(&leaf, &self.bounds) {
            return remove(&leaf);
        }
        self.held.push(resource);
        match resource {
            Resource::Memory => self.memory_v1 = Some(leaf),
            Resource::Processes | Resource::Cpu | Resource::Io => self.others.push((resource, leaf)),
        }
    }

    /// The bounds that the kernel holds all of the job to together.
    pub(crate) fn held(&self) -> &[Resource] {
        &self.held
    }

    /// No cgroup at all.
    pub(crate) fn none() -> Self {
        Self {
            unified: None,
            memory_v1: None,
            later: None,
            others: Vec::new(),
            held: Vec::new(),
            bounds: Bounds::default(),
        }
    }

    /// Whether [`Leaf::count_memory`] has something to do.
    pub(crate) fn is_to_count_memory(&self) -> bool {
        self.later.is_some()
    }

    /// Makes the leaf of version 1's memory controller where it is still to be made, and moves the job into it. What a
    /// process forks meanwhile is moved as well, unless it outruns several rounds: then it is not counted.
    pub(crate) fn count_memory(&mut self) {
        const ROUNDS: u32 = 4;
        self.memory_v1 = self.later.take().and_then(|leaf| make(leaf, PEAK_V1));
        let (Some(job), Some(memory)) = (&self.unified, &self.memory_v1) else { return };
        let Ok(entrance) = entrance(memory) else { return };
        for _ in 0..ROUNDS {
            let inside = members(memory);
            let outside: Vec<u32> = members(job).into_iter().filter(|pid| !inside.contains(pid)).collect();
            if outside.is_empty() {
                return;
            }
            for pid in outside {
                // One that has ended meanwhile needs none.
                let _ = (&entrance).write_all(pid.to_string().as_bytes());
            }
        }
    }

    /// The directory of version 2, for a child to be made in it.
    pub(crate) fn open_unified(&self) -> Option<File> {
        self.unified.as_ref().and_then(|leaf| File::open(leaf).ok())
    }

    /// The files of version 1 through which a process that has one thread enters by itself.
    pub(crate) fn old_entrances(&self) -> Vec<File> {
        let others = self.others.iter().map(|(_, leaf)| leaf);
        let own = |leaf: &PathBuf| File::options().write(true).open(leaf.join("tasks")).ok();
        self.memory_v1.iter().chain(others).filter_map(own).collect()
    }

    /// The same of version 2.
    pub(crate) fn entrance(&self) -> Option<File> {
        self.unified.as_ref().and_then(|leaf| entrance(leaf).ok())
    }

    /// Gives up those cgroups that the process did not get into.
    pub(crate) fn keep_those_of(&mut self, pid: u32) {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        for (leaf, controller) in [(&mut self.unified, ""), (&mut self.memory_v1, "memory")] {
            let is_in = leaf.as_ref().is_some_and(|path| is_member(&text, controller, path));
            if let Some(path) = leaf.take_if(|_| !is_in) {
                remove(&path);
            }
        }
        self.others.retain(|(resource, path)| {
            let is_in = is_member(&text, resource.old_controller(), path);
            if !is_in {
                remove(path);
            }
            is_in
        });
        // Who is to be moved later is read from the leaf of version 2.
        self.later.take_if(|_| self.unified.is_none());
    }

    /// All its directories, also one that is to be made later.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let others = self.others.iter().map(|(_, leaf)| leaf);
        [&self.unified, &self.memory_v1, &self.later].into_iter().flatten().chain(others).cloned().collect()
    }

    /// The bound of memory that the job ran into, in bytes, where it had one and did.
    pub(crate) fn memory_bound_hit(&self) -> Option<u64> {
        let (v2, v1) = (self.unified.as_deref(), self.memory_v1.as_deref());
        self.bounds.memory.filter(|bound| bounds::has_hit_memory(v2, v1, *bound))
    }

    /// The bound of processes that the job ran into, where it had one and did.
    pub(crate) fn process_bound_hit(&self) -> Option<u32> {
        let refused = bounds::refused_processes(self.directories().into_iter());
        self.bounds.processes.filter(|_| refused > 0)
    }

    /// The cgroup v2 directory, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.unified.as_deref()
    }

    /// Memory of the whole job at its peak, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let v2 = self.unified.as_ref().and_then(|leaf| number(&leaf.join("memory.peak")));
        let v1 = || self.memory_v1.as_ref().and_then(|leaf| number(&leaf.join("memory.max_usage_in_bytes")));
        v2.or_else(v1)
    }

    /// How many processes of the job the kernel killed for want of memory.
    pub(crate) fn out_of_memory_kills(&self) -> Option<u64> {
        let v2 = self.unified.as_ref().and_then(|leaf| count(&leaf.join("memory.events"), "oom_kill"));
        let v1 =
            || self.memory_v1.as_ref().and_then(|leaf| count(&leaf.join("memory.oom_control"), "oom_kill"));
        v2.or_else(v1)
    }

    /// Kills all in it.
    pub(crate) fn kill(&self) {
        if let Some(leaf) = &self.unified {
            kill(leaf);
        }
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.directories().iter().for_each(|leaf| remove(leaf));
    }
}

/// Makes a leaf, if it can be entered and has what is needed of it.
fn make(leaf: PathBuf, needed: &str) -> Option<PathBuf> {
    create(&leaf)?;
    if leaf.join(needed).exists() && entrance(&leaf).is_ok() {
        return Some(leaf);
    }
    remove(&leaf);
    None
}

fn entrance(leaf: &Path) -> io::Result<File> {
    File::options().write(true).open(leaf.join("cgroup.procs"))
}

/// Makes a leaf with the directories above it; the run's may go meanwhile with another leaf of it.
fn create(leaf: &Path) -> Option<()> {
    const TRIES: u32 = 5;
    (0..TRIES).find_map(|_| std::fs::create_dir_all(leaf).ok())
}

/// Whether /proc/PID/cgroup names this directory: its last components are a family, run and name
/// that no other has. `controller` is empty for version 2.
fn is_member(text: &str, controller: &str, leaf: &Path) -> bool {
    let tail: Vec<_> = leaf.components().rev().take(3).collect();
    text.lines().any(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        fields.next().is_some_and(|names| names.split(',').any(|name| name == controller))
            && fields.next().is_some_and(|p| Path::new(p).components().rev().take(3).eq(tail.iter().copied()))
    })
}

fn number(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn count(file: &Path, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.parse().ok())
}

/// Has the kernel kill all processes in a cgroup and below it.
pub(crate) fn kill(leaf: &Path) {
    // Where it fails, the walk through /proc that always follows does the work.
    let _ = std::fs::write(leaf.join("cgroup.kill"), "1");
}

/// Removes a leaf, and its run's directory if that was the last one.
pub(crate) fn remove(leaf: &Path) {
    // The kernel counts the last process out only after its last switch of context, which on a busy
    // machine is some time after it was reaped: in all this waits up to 2 s for that.
    const PAUSES: [u64; 12] = [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
    for pause in PAUSES {
        match std::fs::remove_dir(leaf) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => remove_children(leaf),
            Ok(()) | Err(_) => break,
        }
        std::thread::sleep(Duration::from_millis(pause));
    }
    if let Some(run) = leaf.parent() {
        // Fails as long as the run has another leaf.
        let _ = std::fs::remove_dir(run);
    }
}

/// Removes cgroups that a job made inside its own.
fn remove_children(leaf: &Path) {
    for child in cgroups_in(leaf) {
        remove_children(&child);
        let _ = std::fs::remove_dir(&child);
    }
}

/// The cgroups of a run's jobs, wherever keepers made them: a later login may be in another cgroup
/// than the one from which the run was started.
pub(crate) fn leaves_of(run: &RunId) -> Vec<PathBuf> {
    let old = Resource::ALL.into_iter().filter_map(|resource| old(resource.old_controller()));
    let hierarchies = unified().into_iter().chain(old);
    hierarchies.flat_map(|hierarchy| leaves_below(places(hierarchy), run)).collect()
}

/// Where families are looked for. Within one there are none, hundreds of jobs though, but of whoever is a job itself.
fn places(hierarchy: Hierarchy) -> Vec<PathBuf> {
    let is_job = hierarchy.own.components().any(|part| part.as_os_str() == FAMILY);
    [Some(hierarchy.mount_point), is_job.then_some(hierarchy.own)].into_iter().flatten().collect()
}

fn leaves_below(places: Vec<PathBuf>, run: &RunId) -> Vec<PathBuf> {
    const DEEPEST: usize = 12;
    let mut found = Vec::new();
    let mut pending: Vec<(PathBuf, usize)> = places.into_iter().map(|place| (place, 0)).collect();
    while let Some((directory, depth)) = pending.pop() {
        for child in cgroups_in(&directory) {
            if child.ends_with(FAMILY) {
                found.extend(cgroups_in(&child.join(run.as_str())));
            } else if depth < DEEPEST {
                pending.push((child, depth + 1));
            }
        }
    }
    found
}

/// The cgroups directly in one; none if it cannot be read.
fn cgroups_in(cgroup: &Path) -> Vec<PathBuf> {
    // Most cgroups have none below them, and dozens of files. A directory of kernfs has two links and one for each
    // directory in it (the kernel's fs/kernfs/inode.c, kernfs_refresh_inode), so those need not be read.
    match std::fs::metadata(cgroup) {
        Ok(this) if this.nlink() == 2 => Vec::new(),
        Ok(_) | Err(_) => subdirectories(cgroup),
    }
}

/// The directories directly in one; none if it cannot be read.
pub(crate) fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The processes in a cgroup itself.
pub(crate) fn members(leaf: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(leaf.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HYBRID: &str = "\
25 22 0:20 / /proc rw,relatime - proc proc rw
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 30 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    fn find(mounts: &str, own: &str, kind: &str, controller: &str) -> Option<Hierarchy> {
        hierarchy(mounts, own, |mount| mount.kind == kind, controller)
    }

    #[test]
    fn a_hybrid_has_both() {
        let own = "4:memory:/jobs/1\n0::/user\n";
        let v2 = find(HYBRID, own, "cgroup2", "").unwrap();
        assert_eq!(v2.own, Path::new("/sys/fs/cgroup/unified/user"));
        let v1 = find(HYBRID, own, "cgroup", "memory").unwrap();
        assert_eq!(v1.own, Path::new("/sys/fs/cgroup/memory/jobs/1"));
    }

    #[test]
    fn a_container_sees_its_mount_from_its_own_root() {
        let mounts = "32 30 0:28 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
        let own = find(mounts, "0::/docker/abc/x\n", "cgroup2", "").unwrap().own;
        assert_eq!(own, Path::new("/sys/fs/cgroup/x"));
    }

    #[test]
    fn a_machine_without_cgroups_has_none() {
        assert_eq!(find("25 22 0:20 / /proc rw - proc proc rw\n", "0::/\n", "cgroup2", ""), None);
    }

    #[test]
    fn a_runs_leaves_are_found_wherever_their_family_is_and_by_a_job_in_its_own_cgroup() {
        let dir = tempfile::tempdir().unwrap();
        let job = dir.path().join("b/herder/app-2-1/7");
        let leaves = ["herder/app-1-1/1", "a/herder/app-1-1/2"].map(|leaf| dir.path().join(leaf));
        let below = job.join("herder/app-1-1/3");
        leaves.iter().chain([&below]).for_each(|leaf| std::fs::create_dir_all(leaf).unwrap());
        let run = RunId::try_from("app-1-1".to_owned()).unwrap();
        let found = |own: &Path| {
            let hierarchy = Hierarchy { mount_point: dir.path().into(), own: own.into() };
            leaves_below(places(hierarchy), &run).into_iter().collect::<BTreeSet<_>>()
        };
        assert_eq!(found(dir.path()), leaves.clone().into());
        let [one, other] = leaves;
        assert_eq!(found(&job), [one, other, below].into());
    }

    #[test]
    fn membership_is_of_the_whole_tail() {
        let leaf = Path::new("/sys/fs/cgroup/unified/user/herder/app-1-1/77");
        assert!(is_member("4:memory:/x\n0::/user/herder/app-1-1/77\n", "", leaf));
        assert!(!is_member("4:memory:/x\n0::/user/herder/app-1-1/7\n", "", leaf));
        assert!(!is_member("4:memory:/x\n0::/user/herder/app-1-1/77\n", "memory", leaf));
    }
}
