//! git over HTTP: the real `git http-backend`, started as the CGI program that it is.

use std::io::{Read, Write};
use std::process::Stdio;

use super::{Git, sealed};

/// What a client of git wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// To read.
    UploadPack,
    /// To write.
    ReceivePack,
}

/// One request to it.
pub struct Cgi<'a> {
    /// The repository's key.
    pub key: &'a str,
    /// What stands behind the repository's name: `info/refs` or the service.
    pub rest: &'a str,
    /// `GET` or `POST`.
    pub method: &'a str,
    /// What stands behind the `?`.
    pub query: &'a str,
    /// `content-type`, `content-encoding`, `git-protocol` as they came.
    pub headers: [Option<&'a str>; 3],
    /// Who asks; empty for nobody.
    pub login: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Cgi<'_> {
    /// What is wanted, by address and query.
    pub fn service(&self) -> Option<Service> {
        let word = match self.rest {
            "info/refs" => self.query.split('&').find_map(|pair| pair.strip_prefix("service="))?,
            rest => rest,
        };
        match word {
            "git-upload-pack" => Some(Service::UploadPack),
            "git-receive-pack" => Some(Service::ReceivePack),
            _ => None,
        }
    }
}

/// Status, content type, body.
pub type CgiAnswer = (u16, String, Vec<u8>);

impl Git {
    /// Has `git http-backend` answer.
    pub fn serve(&self, request: &Cgi<'_>) -> CgiAnswer {
        let mut command = sealed("git");
        let [kind, encoding, protocol] = request.headers;
        command
            .arg("http-backend")
            .current_dir(self.root())
            .env("GIT_PROJECT_ROOT", self.root())
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", format!("/{}.git/{}", request.key, request.rest))
            .env("REQUEST_METHOD", request.method)
            .env("QUERY_STRING", request.query)
            .env("CONTENT_TYPE", kind.unwrap_or_default())
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("REMOTE_USER", request.login)
            .env("REMOTE_ADDR", "127.0.0.1")
            .envs(encoding.map(|value| ("HTTP_CONTENT_ENCODING", value)))
            .envs(protocol.map(|value| ("GIT_PROTOCOL", value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("git http-backend can be started");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut printed = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(request.body)));
            if let Some(mut stdout) = stdout {
                let _ = stdout.read_to_end(&mut printed);
            }
        });
        let _ = child.wait();
        split(&printed)
    }
}

/// Takes a CGI answer apart.
fn split(printed: &[u8]) -> CgiAnswer {
    let end = printed.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else { return (500, "text/plain".to_owned(), b"git http-backend failed".to_vec()) };
    let head = String::from_utf8_lossy(&printed[..end]).into_owned();
    let value = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let status = value("status:").and_then(|status| status.split(' ').next()?.parse().ok()).unwrap_or(200);
    (status, value("content-type:").unwrap_or_default(), printed[end + 4..].to_vec())
}
