//! Telling by e-mail (SMTP, RFC 5321), encrypted but for a server on this machine.

use std::time::Duration;

use herder_domain::fnv;
use herder_domain::way::Mail;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};
use ureq::http::Uri;

use crate::error::NotifyError;
use crate::notice::Notice;
use crate::secret;

pub(crate) fn send(mail: &Mail, notice: &Notice, time_limit: Duration) -> Result<(), NotifyError> {
    let message = message(mail, notice)?;
    let url = secret::address(&mail.server)?;
    let uri: Uri = url.parse().map_err(|_| bad("the server's address is malformed"))?;
    let host = uri.host().unwrap_or_default().to_owned();
    let transport = transport(mail, &uri, &host)?.timeout(Some(time_limit)).build();
    let failed = |error: lettre::transport::smtp::Error| NotifyError::Mail {
        host: host.clone(),
        reason: herder_domain::cause::with_causes(&error),
    };
    transport.send(&message).map(|_| ()).map_err(failed)
}

fn transport(
    mail: &Mail,
    uri: &Uri,
    host: &str,
) -> Result<lettre::transport::smtp::SmtpTransportBuilder, NotifyError> {
    let no_tls = |_| bad("TLS cannot be set up");
    let mut builder = match uri.scheme_str() {
        Some("smtps") => SmtpTransport::relay(host).map_err(no_tls)?,
        Some("smtp") if is_here(host) => SmtpTransport::builder_dangerous(host),
        Some("smtp") => SmtpTransport::starttls_relay(host).map_err(no_tls)?,
        Some(_) | None => return Err(bad("the server's address begins with neither smtps:// nor smtp://")),
    };
    if let Some(port) = uri.port_u16() {
        builder = builder.port(port);
    }
    if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
        builder = builder.credentials(Credentials::new(user.clone(), secret::line(password)?));
    }
    Ok(builder)
}

fn message(mail: &Mail, notice: &Notice) -> Result<Message, NotifyError> {
    let mailbox = |text: &String| {
        text.parse::<Mailbox>().map_err(|error| bad(&format!("{text:?} is no address: {error}")))
    };
    let from = mailbox(&mail.from)?;
    // The same notice has the same id, by which a mailbox tells the second from the first (RFC 5322, 3.6.4).
    let id = format!("<{:016x}@{}>", fnv::hash(notice.key.as_bytes()), from.email.domain());
    let mut builder = Message::builder()
        .from(from)
        .subject(notice.short_title())
        .message_id(Some(id))
        .header(ContentType::TEXT_PLAIN);
    for to in &mail.to {
        builder = builder.to(mailbox(to)?);
    }
    let mut text = notice.short_message();
    text.push('\n');
    for (label, url) in notice.addresses() {
        text.push_str(&format!("\n{label}: {url}\n"));
    }
    builder.body(text).map_err(|error| bad(&format!("it cannot be written: {error}")))
}

/// Whether a server is on this machine: nobody listens in between.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn bad(what: &str) -> NotifyError {
    NotifyError::BadMail { what: what.to_owned() }
}
