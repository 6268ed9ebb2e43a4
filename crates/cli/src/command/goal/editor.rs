//! A text in a person's editor: kept in a file until it is taken, and opened again with what is wrong with it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use herder_record::StateDir;

use crate::call::env_text;
use crate::failure::Failure;

/// A text that is being written.
#[derive(Debug)]
pub struct Session {
    path: PathBuf,
}

/// What a text is found to be when the editor was closed.
#[derive(Debug)]
pub enum Judged<T> {
    /// It can be taken.
    Good(T),
    /// It cannot, for these reasons.
    Bad(Vec<String>),
    /// Nothing was written.
    Empty,
}

/// The first words of a note above the text; it is not part of the text.
const NOTE: &str = "<!-- herder cannot take this yet:";

/// What is said of a text that an earlier session left.
const RESUMED: &str =
    "it was kept from an earlier try; delete all of it to give it up and to begin anew next time";

impl Session {
    /// Puts a text into a file of its own, `<state>/drafts/NAME.md`. A file that an earlier session left there is
    /// gone on with.
    pub fn begin(state: &StateDir, name: &str, text: &str) -> Result<Self, Failure> {
        let dir = state.root().join("drafts");
        let path = dir.join(format!("{name}.md"));
        fs_err::create_dir_all(&dir).map_err(|error| failed(&error))?;
        let session = Self { path };
        match fs_err::read_to_string(&session.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => write(&session.path, text)?,
            Err(error) => return Err(failed(&error)),
            Ok(left) if left.starts_with(NOTE) => {}
            Ok(left) => session.note(&left, &[RESUMED.to_owned()])?,
        }
        Ok(session)
    }

    /// Has a person write until the text can be taken. The file stays until [`Session::end`].
    pub fn write<T>(&self, mut judge: impl FnMut(&str) -> Result<Judged<T>, Failure>) -> Result<T, Failure> {
        let mut refused: Option<String> = None;
        loop {
            self.open()?;
            let text = self.text()?;
            let complaints = match judge(&text).map_err(|failure| self.kept(failure))? {
                Judged::Good(value) => return Ok(value),
                Judged::Empty => {
                    self.end();
                    return Err(Failure::new(crate::failure::Kind::Unfinished, "nothing was written")
                        .hint("nothing was changed; save the file to go on next time"));
                }
                Judged::Bad(complaints) => complaints,
            };
            if refused.as_ref() == Some(&text) {
                return Err(self.kept(Failure::usage(complaints.join("; "))));
            }
            self.note(&text, &complaints)?;
            refused = Some(text);
        }
    }

    /// Puts what is to be said of the text above it.
    fn note(&self, text: &str, complaints: &[String]) -> Result<(), Failure> {
        let note: String = complaints.iter().map(|one| format!("\n  {one}")).collect();
        write(&self.path, &format!("{NOTE}{}\n-->\n{text}", note.replace("-->", "--)")))
    }

    fn text(&self) -> Result<String, Failure> {
        let text = fs_err::read_to_string(&self.path).map_err(|error| failed(&error))?;
        let noted = text.strip_prefix(NOTE).and_then(|rest| rest.split_once("-->\n"));
        Ok(noted.map_or(text.clone(), |(_, rest)| rest.to_owned()))
    }

    /// `$VISUAL`, else `$EDITOR`, else vi; each may have arguments, as git has it.
    fn open(&self) -> Result<(), Failure> {
        let named =
            ["VISUAL", "EDITOR"].into_iter().filter_map(env_text).find(|editor| !editor.trim().is_empty());
        let editor = named.unwrap_or_else(|| "vi".to_owned());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{editor} \"$1\"")).arg("herder").arg(&self.path);
        let said = match shell.status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        Err(self.kept(
            Failure::environment(format!("the editor {editor:?} failed: {said}"))
                .hint("EDITOR names another one; --from FILE needs none"),
        ))
    }

    /// The same failure, with where the text is.
    pub fn kept(&self, failure: Failure) -> Failure {
        failure.hint(format!("the text is kept in {}; the same command goes on with it", self.path.display()))
    }

    /// The text is safe elsewhere.
    pub fn end(&self) {
        // What is left behind is offered again next time, and harms nobody.
        let _ = fs_err::remove_file(&self.path);
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs_err::write(path, text).map_err(|error| failed(&error))
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::environment(format!("failed to keep the text: {error}"))
        .hint("RALPH_DIR names the state directory; look at its owner, its mode and the room on its disk")
}

/// The text of a file, or of standard input for `-`, of at most so many bytes.
pub(super) fn read_text(what: &str, file: &Path, max: u64) -> Result<String, Failure> {
    use std::io::Read;
    let failed = |error: std::io::Error| {
        Failure::environment(format!("failed to read {what}: {error}")).hint("look at its name and its mode")
    };
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().lock().take(max + 1).read_to_end(&mut bytes),
        Some(_) | None => {
            fs_err::File::open(file).and_then(|file| file.take(max + 1).read_to_end(&mut bytes))
        }
    };
    read.map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(Failure::usage(format!("{what} has more than the {max} bytes that are taken"))
            .hint("put what is long into a file of the repository and name it"));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{what} is not UTF-8")).hint("save it as UTF-8"))
}
