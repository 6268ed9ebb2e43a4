//! Giving a job what it needs to take part: variables, the pipe, and shims for programs that do not speak the protocol.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use herder_domain::fnv;
use herder_domain::setup::Tokens;

use super::pool::TokenPool;
use super::{Loan, TOKENS_MARKER, speaks_jobserver};
use crate::job::Job;

/// Opens a loan for a job and tells the job of it. `name` begins with what names this process, see [`Loan::open`];
/// `herder` is the program whose `heavy` the shims call.
pub(crate) fn equip(job: &mut Job, tokens: &Tokens, name: &str, herder: &Path) -> io::Result<Loan> {
    let loan = Loan::open(&TokenPool::from(tokens), name)?;
    let pipe = loan.pipe();
    let auth = format!("--jobserver-auth=fifo:{}", pipe.display());
    job.env.insert(TOKENS_MARKER.into(), format!("{}:{}", tokens.count, pipe.display()));
    job.env.insert("CARGO_MAKEFLAGS".into(), format!("-j {auth}"));
    let path = job.env.get("PATH").cloned().unwrap_or_default();
    if speaks_jobserver(&path) {
        // As a make writes it for those below it; ninja and GCC read it as well.
        job.env.insert("MAKEFLAGS".into(), format!(" -j{} {auth}", tokens.count));
    }
    job.sandbox = job.sandbox.take().map(|sandbox| sandbox.writing(pipe));
    // Where herder's own file cannot be seen there is nothing that a shim could call.
    if herder.is_file() {
        let all = tokens.pool.join("bin");
        let bin = shims((&all, name), &tokens.heavy, &path, herder)?;
        job.env.insert("PATH".into(), format!("{}:{path}", bin.display()));
        job.sandbox = job.sandbox.take().map(|sandbox| sandbox.reading(&bin).reading(herder));
    }
    Ok(loan)
}

/// A directory with shims for these programs, and with herder itself. It is called by what is in it, so that jobs of the
/// same surroundings have the same PATH: build scripts may look at it. `name` is used by nobody else.
fn shims((all, name): (&Path, &str), names: &[String], path: &str, herder: &Path) -> io::Result<PathBuf> {
    let key = [&[path.to_owned(), herder.display().to_string()], names].concat().join("\0");
    let bin = all.join(fnv::short_name(key.as_bytes()));
    if bin.is_dir() {
        return Ok(bin);
    }
    let made = all.join(format!(".{name}"));
    std::fs::create_dir_all(&made)?;
    std::os::unix::fs::symlink(herder, made.join("herder"))?;
    for name in names.iter().filter(|name| *name != "herder") {
        shim(&made.join(name), name, path, herder)?;
    }
    if let Err(error) = std::fs::rename(&made, &bin) {
        // Somebody else was faster, or it cannot be.
        std::fs::remove_dir_all(&made)?;
        return if bin.is_dir() { Ok(bin) } else { Err(error) };
    }
    Ok(bin)
}

/// What stands for a program on the PATH. What the program starts finds no shims: it has its tokens.
fn shim(file: &Path, name: &str, path: &str, herder: &Path) -> io::Result<()> {
    let mut file = std::fs::File::options().create_new(true).write(true).mode(0o700).open(file)?;
    let (path, herder) = (quoted(path), quoted(&herder.display().to_string()));
    write!(file, "#!/bin/sh\nPATH={path}\nexport PATH\nexec {herder} heavy -- {} \"$@\"\n", quoted(name))
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_calls_the_program_that_stands_behind_it_on_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str, text: &str| {
            let file = dir.path().join(name);
            let mut open = std::fs::File::options();
            open.create(true)
                .write(true)
                .mode(0o700)
                .open(&file)
                .unwrap()
                .write_all(text.as_bytes())
                .unwrap();
            file
        };
        fs_err::create_dir(dir.path().join("it's here")).unwrap();
        place("it's here/suite", "#!/bin/sh\necho suite \"$@\"\n");
        let herder = place("herder", "#!/bin/sh\n[ \"$1 $2\" = 'heavy --' ] && shift 2 && exec \"$@\"\n");
        let path = format!("{}:/usr/bin:/bin", dir.path().join("it's here").display());
        let heavy = ["suite".to_owned()];
        let bin = shims((&dir.path().join("bin"), "1-1-1"), &heavy, &path, &herder).unwrap();
        let said = std::process::Command::new(bin.join("suite")).args(["a b", "c"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stdout), "suite a b c\n");
        // The same for the same, others for others, and herder itself in each.
        let again =
            |heavy: &[String]| shims((&dir.path().join("bin"), "1-1-1"), heavy, &path, &herder).unwrap();
        assert!(again(&heavy) == bin && again(&[]) != bin && bin.join("herder").is_file());
    }
}
