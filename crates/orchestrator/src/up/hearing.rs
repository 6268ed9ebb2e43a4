//! Hearing webhooks: what a host tells of a repository only has that repository asked for before its turn.

use std::net::SocketAddr;

use herder_config::UserConfig;
use herder_forge::webhook::{Bounds, HookKey, Listening, Wake};
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use super::inbox::Message;
use crate::context::lookup;
use crate::told::Told;

/// Begins to listen where the settings say so. What is heard comes in through the daemon's inbox.
pub(super) fn begin(daemon: &Daemon) -> Result<Option<Listening>, UpError> {
    let Some(address) = daemon.context.settings.webhook.value else { return Ok(None) };
    let keys = keys(&daemon.context.config, address)?;
    let hosts: Vec<&str> = keys.iter().map(|(host, _)| host.as_str()).collect();
    let hosts = hosts.join(", ");
    let sender = daemon.sender();
    let listening = Listening::begin(address, keys, Bounds::default(), move |wake| {
        // Nobody listens any more where the daemon has ended.
        let _ = sender.send(Message::Heard(wake));
    });
    let listening = listening.map_err(|error| UpError::Deaf { address, error })?;
    let text = format!("webhooks of {hosts} are heard on {}", listening.address());
    daemon.say(&Told::note(Timestamp::now(), text));
    Ok(Some(listening))
}

/// The key of every host that has a secret.
fn keys(config: &UserConfig, address: SocketAddr) -> Result<Vec<(String, HookKey)>, UpError> {
    let (mut keys, mut lacking) = (Vec::new(), Vec::new());
    for forge in config.forges() {
        match forge.webhook_secret.read(lookup) {
            Ok(secret) if !secret.is_empty() => keys.push((forge.host, HookKey::new(&secret))),
            Ok(_) => lacking.push(format!("{}: it is empty", forge.host)),
            Err(error) => lacking.push(format!("{}: {error}", forge.host)),
        }
    }
    match keys.is_empty() {
        true => Err(UpError::NoSecret { address, why: lacking.join("; ") }),
        false => Ok(keys),
    }
}

/// Has the repository looked at that a webhook is about, and the pull requests that are followed.
pub(super) fn heard(daemon: &mut Daemon, wake: &Wake) -> Result<(), UpError> {
    let name = wake.repo.to_string();
    // A host writes names as their owners do, and takes them in any case.
    let repos = daemon.store.repos()?;
    if let Some(repo) = repos.into_iter().find(|repo| repo.id.to_string().eq_ignore_ascii_case(&name)) {
        daemon.forges.wake(repo.id);
        daemon.following.hasten();
    }
    Ok(())
}
