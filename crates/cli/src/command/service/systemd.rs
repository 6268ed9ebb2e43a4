//! Asking systemd: the manager of this user's services, and logind.

use std::process::{Command, Stdio};

use crate::failure::Failure;

/// What to do where no systemd runs the machine.
const WITHOUT: &str = "have `herder up` started by what runs this machine, or in tmux; \
                       `herder service install --print` prints the unit";

/// Refuses where no manager of this user's services answers.
pub fn refuse_without() -> Result<(), Failure> {
    let version =
        Command::new("systemctl").args(["--user", "show", "--property=Version", "--value"]).output();
    let why = match version {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => first_line(&output.stderr),
        Err(error) => error.to_string(),
    };
    Err(Failure::environment(format!(
        "no systemd of yours answers ({why}), so nothing here could run the unit"
    ))
    .hint(WITHOUT)
    .hint("over ssh, su or sudo, XDG_RUNTIME_DIR may be missing: log in as the user itself"))
}

/// Which systemd this is: "systemd 252 (252.39-1~deb12u1)" is 252. `None` where there is none.
pub fn version() -> Option<u32> {
    let output = Command::new("systemctl").arg("--version").output().ok()?;
    release(&String::from_utf8_lossy(&output.stdout))
}

fn release(said: &str) -> Option<u32> {
    let number = said.strip_prefix("systemd ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Has it do something.
pub fn have(args: &[&str]) -> Result<(), Failure> {
    let why = match Command::new("systemctl").arg("--user").args(args).output() {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => first_line(&output.stderr),
        Err(error) => error.to_string(),
    };
    Err(Failure::environment(format!("failed to `systemctl --user {}`: {why}", args.join(" ")))
        .hint("`systemctl --user status` must work where you are"))
}

/// One word of its answer, whatever its exit code: "inactive" comes with one. `None` where nobody answers.
pub fn word(args: &[&str]) -> Option<String> {
    let output = Command::new("systemctl").arg("--user").args(args).output().ok()?;
    let word = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!word.is_empty()).then_some(word)
}

/// Whether this user's services go on without a session; `None` where nobody can tell.
pub fn lingers() -> Option<bool> {
    let user = rustix::process::getuid().as_raw().to_string();
    let args = ["show-user", "--property=Linger", "--value", &user];
    let output = Command::new("loginctl").args(args).output().ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Has logind keep this user's services without a session, or no longer: loginctl(1). No privilege is needed for
/// one's own user where polkit's usual rules hold.
///
/// # Errors
/// Why it did not.
pub fn set_linger(verb: Linger) -> Result<(), String> {
    let verb = match verb {
        Linger::Enable => "enable-linger",
        Linger::Disable => "disable-linger",
    };
    // Nobody is asked for a password: it is done or it is not.
    match Command::new("loginctl").args(["--no-ask-password", verb]).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(first_line(&output.stderr)),
        Err(error) => Err(error.to_string()),
    }
}

/// What is asked of logind.
#[derive(Clone, Copy, Debug)]
pub enum Linger {
    /// This user's services go on without a session.
    Enable,
    /// They end with the last session.
    Disable,
}

fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().next().unwrap_or("it does not say why").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_release_is_read_from_what_it_says_of_itself() {
        assert_eq!(release("systemd 252 (252.39-1~deb12u1)\n+PAM +AUDIT\n"), Some(252));
        assert_eq!(release("systemd 257~rc1\n"), Some(257));
        assert_eq!(release("busybox\n"), None);
    }
}
