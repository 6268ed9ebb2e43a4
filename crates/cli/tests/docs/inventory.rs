//! Which pages there are, and what of them is not carried out.

use std::path::{Path, PathBuf};

use crate::page::{What, read};
use crate::place;

/// All pages below the root and `docs/`, as paths from the root, sorted.
pub fn pages(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = files(root).into_iter().filter(|path| is_page(path)).collect();
    let mut left = vec![root.join("docs")];
    while let Some(dir) = left.pop() {
        let (dirs, files): (Vec<_>, Vec<_>) = files(&dir).into_iter().partition(|path| path.is_dir());
        left.extend(dirs);
        found.extend(files.into_iter().filter(|path| is_page(path)));
    }
    found.sort();
    found.iter().map(|path| path.strip_prefix(root).unwrap().to_owned()).collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs_err::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// The most blocks that may be left out: one that is added has to argue for itself here. The last ones were an order that is
/// posted to a dashboard, which has to serve meanwhile (the tests of `herder up --dashboard` post the same), and a forecast,
/// which needs a past.
const NOT_RUN_MAX: usize = 17;

/// Prints what is not carried out, and why.
#[expect(clippy::print_stdout, reason = "a test's output is read where it is asked for")]
pub fn not_run(root: &Path, pages: &[PathBuf]) {
    let (mut run, mut listed) = (0, Vec::new());
    for path in pages {
        let page = read(&fs_err::read_to_string(root.join(path)).unwrap()).unwrap();
        for piece in page.pieces {
            match piece.what {
                What::NotRun { why, text } => {
                    let first = text.lines().next().unwrap_or_default();
                    listed.push(format!("{}: {first}  ({why})", place(path, piece.line)));
                }
                What::Script(_) | What::Transcript { .. } => run += 1,
                What::Setup(_) | What::File { .. } => {}
            }
        }
    }
    println!("{run} blocks of commands are carried out, {} are not:\n{}", listed.len(), listed.join("\n"));
    assert!(run > 0, "no block was found");
    assert!(listed.len() <= NOT_RUN_MAX, "more than {NOT_RUN_MAX} blocks are not carried out");
}
