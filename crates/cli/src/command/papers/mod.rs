//! `herder completions`, `man` and `reference`: all made of the one definition of what can be typed.

mod reference;

use serde_json::json;

use crate::args::{Completions, Man, Shell, plain_definition};
use crate::call::Call;
use crate::failure::{Failure, Kind};
use crate::output::Reply;

/// Prints a script that tells a shell what may be typed.
pub fn completions(call: &Call, args: &Completions) -> Result<Reply, Failure> {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut plain_definition(), "herder", &mut script);
    paper(call, "script", &script)
}

/// Prints herder(1), or writes a page for each command into a directory.
pub fn man(call: &Call, args: &Man) -> Result<Reply, Failure> {
    let failed = |error: std::io::Error| {
        Failure::of(Kind::Environment, &error).about("the manual").hint("name a directory that you can write")
    };
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(plain_definition()).render(&mut page).map_err(failed)?;
        return paper(call, "page", &page);
    };
    fs_err::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(plain_definition(), dir).map_err(failed)?;
    let text = format!("wrote the manual into {}\n", dir.display());
    Reply::one(&json!({ "dir": dir.display().to_string() }), text)
}

/// Prints the reference of all commands, which `cargo xtask gen` keeps among the documentation.
pub fn reference(call: &Call) -> Result<Reply, Failure> {
    paper(call, "page", reference::page().as_bytes())
}

/// A paper goes out as it is, however narrow the terminal.
fn paper(call: &Call, key: &str, bytes: &[u8]) -> Result<Reply, Failure> {
    let text = String::from_utf8_lossy(bytes);
    if call.output.is_json() {
        return Reply::one(&json!({ key: text }), "");
    }
    // Whoever closed the pipe has read enough.
    let _ = call.output.text(&text);
    Ok(Reply::nothing())
}
