//! Blocks of ports: each run, and each landing, gets its own, so that two servers under test never meet.
//!
//! They are distinct within a state directory, and free when they are given out. A block stands in
//! `ports.json` until it is given back: whoever asks again after a crash gets the same one.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use herder_domain::run::RunId;
use herder_record::StateDir;
use serde::{Deserialize, Serialize};

use crate::act::ActError;

/// Below the ports that Linux gives to outgoing connections (32768 and up, ip(7)).
const PORTS: Range<u16> = 20_000..32_000;

const FILE: &str = "ports.json";
const LOCK: &str = "ports.lock";

/// Some ports in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    base: u16,
    count: u16,
}

/// Who has which block.
type Owners = BTreeMap<String, Block>;

impl Block {
    fn ports(self) -> Range<u16> {
        self.base..self.base + self.count
    }

    fn overlaps(self, other: Self) -> bool {
        self.base < other.ports().end && other.base < self.ports().end
    }

    fn is_free(self) -> bool {
        self.ports().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    /// What tells jobs of it: `HERDER_PORT_BASE`, how many as `HERDER_PORTS`, and each by its number.
    pub(crate) fn env(self) -> BTreeMap<String, String> {
        let each = self.ports().zip(0..).map(|(port, n)| (format!("HERDER_PORT_{n}"), port.to_string()));
        let all = [("HERDER_PORT_BASE", self.base), ("HERDER_PORTS", self.count)];
        each.chain(all.map(|(name, value)| (name.to_owned(), value.to_string()))).collect()
    }
}

/// The name of a run's landing among the owners.
pub(crate) fn landing_of(run: &RunId) -> String {
    format!("{run}/landing")
}

/// Gives `owner` a block of so many ports, or the one that it has.
pub(crate) fn allocate(state: &StateDir, owner: &str, count: u16) -> Result<Block, ActError> {
    let _alone = alone(state)?;
    let path = state.root().join(FILE);
    let mut owners = read(&path)?;
    if let Some(block) = owners.get(owner).filter(|block| block.count == count) {
        return Ok(*block);
    }
    owners.remove(owner);
    // A run directory is made after its block; a landing's run has one.
    owners.retain(|name, _| name.split_once('/').is_none_or(|(run, _)| state.runs().join(run).is_dir()));
    let fits = |block: &Block| !owners.values().any(|taken| taken.overlaps(*block)) && block.is_free();
    let bases = PORTS.step_by(usize::from(count.max(1))).filter(|base| base + count <= PORTS.end);
    let block = bases.map(|base| Block { base, count }).find(fits).ok_or(ActError::NoPorts { count })?;
    owners.insert(owner.to_owned(), block);
    write(&path, &owners)?;
    Ok(block)
}

/// Takes the block of `owner` back, if it has one.
pub(crate) fn release(state: &StateDir, owner: &str) -> Result<(), ActError> {
    let path = state.root().join(FILE);
    if !path.exists() {
        return Ok(());
    }
    let _alone = alone(state)?;
    let mut owners = read(&path)?;
    if owners.remove(owner).is_some() {
        write(&path, &owners)?;
    }
    Ok(())
}

fn alone(state: &StateDir) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(state.root().join(LOCK))?;
    file.lock()?;
    Ok(file)
}

fn read(path: &Path) -> Result<Owners, ActError> {
    match fs_err::read(path) {
        // A file that a full disk has cut is written anew: blocks in use are seen by their listeners.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Owners::new()),
        Err(error) => Err(error.into()),
    }
}

fn write(path: &Path, owners: &Owners) -> Result<(), ActError> {
    let new = path.with_extension("json.new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(owners).map_err(io::Error::from)?)?;
    file.sync_all()?;
    Ok(fs_err::rename(new, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, StateDir) {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        state.create().unwrap();
        (dir, state)
    }

    #[test]
    fn blocks_are_distinct_and_kept_until_they_are_given_back() {
        let (_dir, state) = state();
        let one = allocate(&state, "one", 10).unwrap();
        let two = allocate(&state, "two", 3).unwrap();
        assert!(!one.overlaps(two), "{one:?} {two:?}");
        assert_eq!(allocate(&state, "one", 10).unwrap(), one, "the same after a restart");
        release(&state, "one").unwrap();
        release(&state, "one").unwrap();
        assert!(!allocate(&state, "three", 40).unwrap().overlaps(two));
    }

    #[test]
    fn a_port_that_somebody_listens_at_is_not_given_out() {
        let (_dir, state) = state();
        let first = allocate(&state, "one", 5).unwrap();
        release(&state, "one").unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, first.base + 4)).unwrap();
        let next = allocate(&state, "two", 5).unwrap();
        assert!(!next.ports().contains(&listener.local_addr().unwrap().port()));
    }

    #[test]
    fn jobs_are_told_of_each_port() {
        let env = Block { base: 20_010, count: 2 }.env();
        let told: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected =
            ["HERDER_PORTS=2", "HERDER_PORT_0=20010", "HERDER_PORT_1=20011", "HERDER_PORT_BASE=20010"];
        assert_eq!(told, expected);
    }

    #[test]
    fn many_ask_at_once_and_none_gets_what_another_has() {
        let (_dir, state) = state();
        let blocks: Vec<Block> = std::thread::scope(|scope| {
            let ask = |n: usize| allocate(&state, &n.to_string(), 4).unwrap();
            let all: Vec<_> = (0..8).map(|n| scope.spawn(move || ask(n))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for (n, block) in blocks.iter().enumerate() {
            assert!(blocks[n + 1..].iter().all(|other| !other.overlaps(*block)), "{blocks:?}");
        }
    }
}
