//! `herder install-links`.

use std::io;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::symlink;
use serde::Serialize;

use crate::agents::own_program;
use crate::args::InstallLinks;
use crate::call::env;
use crate::failure::Failure;
use crate::names::NAMES;
use crate::output::Reply;

#[derive(Debug, Serialize)]
struct Link {
    name: &'static str,
    path: PathBuf,
    is_new: bool,
}

/// Makes a link for each name of the journal. What is there already and is no link to this program is left
/// alone, and then nothing is made.
pub fn install(args: &InstallLinks) -> Result<Reply, Failure> {
    let dir = expanded(&args.dir);
    let own = own_program();
    let links: Vec<(&'static str, PathBuf)> =
        NAMES.iter().map(|name| (name.name, dir.join(name.name))).collect();
    if let Some((_, taken)) = links.iter().find(|(_, path)| is_taken(path, &own)) {
        return Err(Failure::refused(format!(
            "{} is there already and is no link to herder",
            taken.display()
        ))
        .hint("nothing was made; move it away, or name another directory"));
    }
    fs_err::create_dir_all(&dir).map_err(|error| not_made(&error))?;
    let made = links.into_iter().map(|(name, path)| make(name, path, &own));
    let links = made.collect::<Result<Vec<Link>, io::Error>>().map_err(|error| not_made(&error))?;
    let text = format!("{} names in {} stand for {}\n", links.len(), dir.display(), own.display());
    Reply::list(&links, text)
}

fn make(name: &'static str, path: PathBuf, own: &Path) -> io::Result<Link> {
    let is_new = !points_to(&path, own);
    if is_new {
        symlink(own, &path)?;
    }
    Ok(Link { name, path, is_new })
}

fn is_taken(path: &Path, own: &Path) -> bool {
    path.symlink_metadata().is_ok() && !points_to(path, own)
}

fn points_to(path: &Path, own: &Path) -> bool {
    std::fs::read_link(path).is_ok_and(|target| target == own)
}

fn expanded(dir: &Path) -> PathBuf {
    let home = env("HOME").filter(|home| !home.is_empty());
    match (dir.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        (Ok(_), None) | (Err(_), _) => std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()),
    }
}

fn not_made(error: &io::Error) -> Failure {
    Failure::environment(error.to_string()).hint("name a directory that you can write")
}
