//! `herder service ...`: a systemd user unit that runs `herder up`.

mod linger;
mod systemd;
mod unit;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::agents::own_program;
use crate::args::{self, Command, ServiceCommand, ServiceInstall};
use crate::call::{Call, env_text};
use crate::failure::Failure;
use crate::output::{Reply, Table};
use unit::{MARK, Seat, Unit};

/// The unit's name.
const NAME: &str = "herder.service";

/// Variables of the person's that `up` needs and a user service has not, or has otherwise: without this PATH
/// neither agents nor their tools are found.
const TAKEN: [&str; 5] = ["PATH", "RALPH_DIR", "HERDER_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"];

/// Carries one of them out.
pub fn service(call: &Call, command: ServiceCommand) -> Result<Reply, Failure> {
    match command {
        ServiceCommand::Install(args) => install(call, &args),
        ServiceCommand::Uninstall => uninstall(),
        ServiceCommand::Status => status(call),
    }
}

fn install(call: &Call, args: &ServiceInstall) -> Result<Reply, Failure> {
    refuse_flags(&args.up)?;
    let secrets = secrets(call)?;
    let text = text(call, &args.up, &secrets)?;
    if args.print {
        return Reply::one(&json!({ "unit": text }), text);
    }
    systemd::refuse_without()?;
    let path = path()?;
    let is_new = found(&path)?.is_none();
    write(&path, &text).map_err(|error| not_changed(&error))?;
    systemd::have(&["daemon-reload"])?;
    systemd::have(&["enable", NAME])?;
    let lingers = linger::ask(&path);
    let did = if is_new { "wrote" } else { "wrote anew" };
    let mut said = format!("{did} and enabled {}\n", path.display());
    if !secrets.exists() {
        said.push_str(&format!(
            "the agent's credential belongs into {}, mode 0600, one line NAME=value\n",
            secrets.display()
        ));
    }
    said.push_str("start it: systemctl --user start herder\n");
    said.push_str("its log: journalctl --user -u herder\n");
    if let Some(sentence) = lingers.sentence() {
        said.push_str(&format!("{sentence}\n"));
    }
    let json = json!({
        "path": path, "unit": text, "is_new": is_new, "lingers": lingers.holds(), "linger": lingers.word(),
        "secrets": secrets,
    });
    Reply::one(&json, said)
}

fn uninstall() -> Result<Reply, Failure> {
    let path = path()?;
    if found(&path)?.is_none() {
        return Err(Failure::not_found(format!("there is no {}", path.display()))
            .hint("`herder service install` makes it"));
    }
    systemd::refuse_without()?;
    systemd::have(&["disable", NAME])?;
    std::fs::remove_file(&path).map_err(|error| not_changed(&error))?;
    systemd::have(&["daemon-reload"])?;
    let linger = linger::take_back(&path);
    let mut text = format!(
        "disabled and removed {}\nan orchestrator that is at work goes on until `herder down`\n",
        path.display()
    );
    if let Some(sentence) = &linger {
        text.push_str(&format!("{sentence}\n"));
    }
    Reply::one(&json!({ "path": path, "linger": linger }), text)
}

fn status(call: &Call) -> Result<Reply, Failure> {
    let path = path()?;
    let unit = std::fs::read_to_string(&path).ok();
    let is_ours = unit.as_ref().map(|text| text.starts_with(MARK));
    let (enabled, active) = (systemd::word(&["is-enabled", NAME]), systemd::word(&["is-active", NAME]));
    let lingers = systemd::lingers();
    let holder = herder_orchestrator::holder(&call.state()?).ok().flatten();
    let pid = holder.as_ref().and_then(|holder| holder.process.as_ref()).map(|process| process.pid);
    let mut table = Table::plain();
    let unit_text = match is_ours {
        Some(true) => path.display().to_string(),
        Some(false) => format!("{}, which herder did not write", path.display()),
        None => "none; `herder service install` makes it".to_owned(),
    };
    let unknown = || "unknown: no systemd of yours answers".to_owned();
    let at_work = match (&holder, pid) {
        (None, _) => "none is at work".to_owned(),
        (Some(_), Some(pid)) => format!("process {pid} is at work"),
        (Some(_), None) => "one is at work".to_owned(),
    };
    let linger_text = match lingers {
        Some(true) => "yes: it is there without a session of yours".to_owned(),
        Some(false) => "no: it is there while you are logged in; `loginctl enable-linger`".to_owned(),
        None => unknown(),
    };
    table.row(["unit".to_owned(), unit_text]);
    table.row(["enabled".to_owned(), enabled.clone().unwrap_or_else(unknown)]);
    table.row(["active".to_owned(), active.clone().unwrap_or_else(unknown)]);
    table.row(["lingers".to_owned(), linger_text]);
    table.row(["orchestrator".to_owned(), at_work]);
    let json = json!({
        "path": path, "exists": unit.is_some(), "is_ours": is_ours, "enabled": enabled, "active": active,
        "lingers": lingers, "is_at_work": holder.is_some(), "pid": pid,
    });
    Reply::one(&json, table.or(""))
}

/// The unit for this program, this state directory and this PATH.
fn text(call: &Call, flags: &[String], secrets: &Path) -> Result<String, Failure> {
    let herder = own_program();
    if !herder.is_file() {
        return Err(Failure::environment("this program's file is gone or was replaced")
            .hint("call the herder that is to be the service"));
    }
    let taken = TAKEN.into_iter().filter_map(|name| Some((name, env_text(name)?)));
    let mut env: Vec<(&'static str, String)> = taken.filter(|(_, value)| !value.is_empty()).collect();
    for (name, value) in &mut env {
        // These may have been meant from here, and the service is started elsewhere.
        match *name {
            "RALPH_DIR" => *value = call.state()?.root().display().to_string(),
            "HERDER_CONFIG" => *value = absolute(Path::new(value))?.display().to_string(),
            _ => {}
        }
    }
    Ok(Unit { herder: &herder, flags, env: &env, secrets, seat: Seat::of(systemd::version()) }.text())
}

/// The file for credentials: beside the configuration.
fn secrets(call: &Call) -> Result<PathBuf, Failure> {
    Ok(absolute(call.config()?.file())?.with_file_name("environment"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::environment(format!("failed to find the current directory: {error}")))
}

/// What `up` would refuse is refused here, and not at night in a log.
fn refuse_flags(flags: &[String]) -> Result<(), Failure> {
    let words = ["herder", "up"].into_iter().map(OsString::from);
    let argv: Vec<OsString> = words.chain(flags.iter().map(OsString::from)).collect();
    let called = flags.join(" ");
    match args::read(&argv).map(|cli| cli.command) {
        Ok(Command::Up(up)) if up.once || up.dry_run => {
            Err(Failure::usage(format!("`herder up {called}` ends by itself, which no service does"))
                .hint("leave out --once and --dry-run"))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::usage(format!("`herder up {called}` cannot be understood"))
            .hint("`herder up --help` lists its flags")),
    }
}

/// The unit that is there; one that somebody else wrote is refused.
fn found(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.starts_with(MARK) => Ok(Some(text)),
        Ok(_) => Err(Failure::refused(format!("{} was not written by herder", path.display()))
            .hint("nothing was changed; move it away first")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(not_changed(&error)),
    }
}

/// Where systemd looks for a user's own units first: systemd.unit(5).
fn path() -> Result<PathBuf, Failure> {
    let set = |name| env_text(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
    let nowhere =
        || Failure::environment("HOME is not set, so there is no place for a unit").hint("set HOME");
    Ok(config.ok_or_else(nowhere)?.join("systemd/user").join(NAME))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(path, text)
}

fn not_changed(error: &io::Error) -> Failure {
    Failure::environment(format!("failed to change the unit: {error}"))
        .hint("look at its directory's owner and mode")
}
