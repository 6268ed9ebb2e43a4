//! Where webhooks come in: a listener that takes nothing but signed, bounded, new deliveries.
//!
//! It stands behind a tunnel or a proxy that has the certificate. Whoever reaches it without the secret can make it say
//! no, sixteen at a time, ten seconds each; that delays webhooks, and polling goes on.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{BadHook, Deliveries, HookKey, Wake, parse};

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From its first byte to its answer: GitHub itself waits so long,
    /// <https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds>.
    pub time: Duration,
    /// The longest head, in bytes.
    pub head: usize,
    /// The longest body, in bytes. A longer one is refused, and polling finds what it was about.
    pub body: usize,
    /// Connections at once.
    pub at_once: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), head: 16 << 10, body: 1 << 20, at_once: 16 }
    }
}

/// The most headers that a request may have.
const HEADERS_MAX: usize = 64;

/// Hears webhooks until it is dropped.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Listening {
    /// Listens at `address`. Each new delivery that is signed with one of the hosts' keys is told, in a thread of its own.
    ///
    /// # Errors
    /// The address cannot be had.
    pub fn begin(
        address: SocketAddr,
        keys: Vec<(String, HookKey)>,
        bounds: Bounds,
        tell: impl Fn(Wake) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address)?;
        let address = socket.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let door = Arc::new(Door { keys, taken: Mutex::default(), bounds, tell: Box::new(tell) });
        let over = Arc::clone(&is_over);
        thread::Builder::new().name("webhooks".into()).spawn(move || accept(&socket, &door, &over))?;
        Ok(Self { address, is_over })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // One last visitor, so that the thread looks up.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn accept(socket: &TcpListener, door: &Arc<Door>, is_over: &AtomicBool) {
    let inside = Arc::new(AtomicUsize::new(0));
    for stream in socket.incoming() {
        if is_over.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if inside.fetch_add(1, Ordering::AcqRel) >= door.bounds.at_once {
            answer(&stream, Answer::Busy);
            inside.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let (door, room) = (Arc::clone(door), Arc::clone(&inside));
        let served = thread::Builder::new().name("webhook".into()).spawn(move || {
            door.serve(&stream);
            room.fetch_sub(1, Ordering::AcqRel);
        });
        if served.is_err() {
            inside.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// What is said to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Taken,
    Known,
    Pong,
    Malformed,
    Unsigned,
    NotPosted,
    Late,
    NoLength,
    TooLong,
    NotJson,
    Busy,
}

impl Answer {
    /// The status, and a sentence that the sender's page of deliveries shows.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Taken => ("202 Accepted", "herder will look"),
            Self::Known => ("200 OK", "this delivery was taken already"),
            Self::Pong => ("200 OK", "herder listens"),
            Self::Malformed => ("400 Bad Request", "this is no webhook"),
            Self::Unsigned => ("401 Unauthorized", "the signature is not that of the shared secret"),
            Self::NotPosted => ("405 Method Not Allowed", "webhooks are posted"),
            Self::Late => ("408 Request Timeout", "it took too long"),
            Self::NoLength => ("411 Length Required", "a webhook says how long it is"),
            Self::TooLong => ("413 Content Too Large", "it is too long; herder finds out by asking"),
            Self::NotJson => ("415 Unsupported Media Type", "choose the content type application/json"),
            Self::Busy => ("503 Service Unavailable", "too many at once"),
        }
    }
}

/// Who sends is told, or has gone.
fn answer(stream: &TcpStream, answer: Answer) {
    let (status, text) = answer.words();
    let length = text.len();
    let whole = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    let _ = stream.set_write_timeout(Some(Duration::from_secs(1)));
    let mut stream = stream;
    let _ = stream.write_all(whole.as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
}

/// What a head says that matters.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    length: usize,
    event: String,
    delivery: String,
    signature: String,
}

struct Door {
    keys: Vec<(String, HookKey)>,
    taken: Mutex<Deliveries>,
    bounds: Bounds,
    tell: Box<dyn Fn(Wake) + Send + Sync>,
}

impl Door {
    fn serve(&self, stream: &TcpStream) {
        let until = Instant::now() + self.bounds.time;
        let said = match self.read(stream, until) {
            Ok(Some((head, body))) => self.take(&head, &body),
            Ok(None) => return,
            Err(said) => said,
        };
        answer(stream, said);
    }

    /// A request in full; nothing where the other side has gone.
    fn read(&self, stream: &TcpStream, until: Instant) -> Result<Option<(Head, Vec<u8>)>, Answer> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        let (head, start) = loop {
            if let Some(found) = head(&bytes)? {
                break found;
            }
            if bytes.len() > self.bounds.head {
                return Err(Answer::TooLong);
            }
            match more(stream, &mut chunk, until)? {
                0 => return Ok(None),
                count => bytes.extend_from_slice(&chunk[..count]),
            }
        };
        if head.length > self.bounds.body {
            return Err(Answer::TooLong);
        }
        let mut body = bytes.split_off(start);
        while body.len() < head.length {
            match more(stream, &mut chunk, until)? {
                0 => return Ok(None),
                count => body.extend_from_slice(&chunk[..count]),
            }
        }
        body.truncate(head.length);
        Ok(Some((head, body)))
    }

    /// What becomes of a request. Nothing of it is believed, and none is remembered, before its signature is.
    fn take(&self, head: &Head, body: &[u8]) -> Answer {
        let signed = |key: &HookKey| key.verify(&head.signature, body).is_ok();
        let hosts: Vec<&str> =
            self.keys.iter().filter(|(_, key)| signed(key)).map(|(host, _)| host.as_str()).collect();
        if hosts.is_empty() {
            return Answer::Unsigned;
        }
        if head.event == "ping" {
            return Answer::Pong;
        }
        let wakes: Vec<Wake> = hosts.iter().filter_map(|host| parse(host, body).ok()).collect();
        if wakes.is_empty() {
            return Answer::Malformed;
        }
        let taken = self
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_once(&head.delivery, &head.signature);
        match taken {
            Ok(()) => wakes.into_iter().for_each(|wake| (self.tell)(wake)),
            Err(BadHook::Replayed) => return Answer::Known,
            Err(BadHook::Malformed | BadHook::Signature) => return Answer::Malformed,
        }
        Answer::Taken
    }
}

impl Deliveries {
    /// Takes a delivery once by its name and once by its signature: the name is not signed, so whoever has recorded a
    /// delivery could send it again under another.
    fn take_once(&mut self, delivery: &str, signature: &str) -> Result<(), BadHook> {
        self.take(delivery)?;
        self.take(signature)
    }
}

/// Reads something, in the time that is left.
fn more(mut stream: &TcpStream, chunk: &mut [u8], until: Instant) -> Result<usize, Answer> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
        return Err(Answer::Late);
    }
    match stream.read(chunk) {
        Ok(count) => Ok(count),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => more(stream, chunk, until),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(Answer::Late)
        }
        Err(_) => Ok(0),
    }
}

/// The head of a request with the place at which its body begins, once all of it is there.
fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Answer> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let start = match request.parse(bytes).map_err(|_| Answer::Malformed)? {
        httparse::Status::Complete(start) => start,
        httparse::Status::Partial => return Ok(None),
    };
    if request.method != Some("POST") {
        return Err(Answer::NotPosted);
    }
    let value = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).unwrap_or_default().trim().to_owned()
    };
    if !value("content-type").to_ascii_lowercase().starts_with("application/json") {
        return Err(Answer::NotJson);
    }
    let length = value("content-length").parse().map_err(|_| Answer::NoLength)?;
    let head = Head {
        length,
        event: value("x-github-event"),
        delivery: value("x-github-delivery"),
        signature: value("x-hub-signature-256"),
    };
    Ok(Some((head, start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(tell: impl Fn(Wake) + Send + Sync + 'static) -> Door {
        let keys = vec![
            ("github.com".to_owned(), HookKey::new("one")),
            ("git.example.org".to_owned(), HookKey::new("two")),
        ];
        Door { keys, taken: Mutex::default(), bounds: Bounds::default(), tell: Box::new(tell) }
    }

    fn signed(secret: &str, body: &[u8], delivery: &str) -> Head {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = ring::hmac::sign(&key, body);
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("sha256={hex}");
        Head { length: body.len(), event: "issues".to_owned(), delivery: delivery.to_owned(), signature }
    }

    #[test]
    fn a_delivery_is_told_once_of_the_host_whose_secret_signed_it() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let door = door(move |wake| heard.lock().unwrap().push(wake.repo.to_string()));
        let body = br#"{"repository":{"name":"app","owner":{"login":"acme"}}}"#;
        assert_eq!(door.take(&signed("two", body, "a"), body), Answer::Taken);
        assert_eq!(door.take(&signed("two", body, "a"), body), Answer::Known);
        // The same under another name is a replay: names are not signed.
        assert_eq!(door.take(&signed("two", body, "b"), body), Answer::Known);
        assert_eq!(door.take(&signed("three", body, "c"), body), Answer::Unsigned);
        assert_eq!(door.take(&signed("one", b"{}", "d"), b"{}"), Answer::Malformed);
        assert_eq!(door.take(&signed("one", body, ""), body), Answer::Malformed);
        let ping = Head { event: "ping".to_owned(), ..signed("one", b"{}", "e") };
        assert_eq!(door.take(&ping, b"{}"), Answer::Pong);
        assert_eq!(*told.lock().unwrap(), ["git.example.org/acme/app"]);
    }

    #[test]
    fn a_head_is_read_when_it_is_whole_and_what_is_no_webhook_is_refused() {
        let whole =
            b"POST /x HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 7\r\n\
            X-GitHub-Event: issues\r\nX-GitHub-Delivery: d\r\nX-Hub-Signature-256: sha256=00\r\n\r\nrest";
        for end in 0..whole.len() - 4 {
            assert_eq!(head(&whole[..end]), Ok(None), "{end}");
        }
        let (found, start) = head(whole).unwrap().unwrap();
        assert_eq!((found.length, found.delivery.as_str(), &whole[start..]), (7, "d", &b"rest"[..]));
        for (bytes, said) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], Answer::NotPosted),
            (b"POST / HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n", Answer::NotJson),
            (b"POST / HTTP/1.1\r\ncontent-type: application/json\r\n\r\n", Answer::NoLength),
            (
                b"POST / HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: -1\r\n\r\n",
                Answer::NoLength,
            ),
            (b"\x16\x03\x01 a handshake", Answer::Malformed),
        ] {
            assert_eq!(head(bytes), Err(said), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
