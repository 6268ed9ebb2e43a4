//! A loopback HTTP/1.1 listener small enough to misbehave on purpose.
//!
//! A library server always finishes what it sends. A double has to cut a response in the middle, close a
//! connection without a word, or trickle bytes, so it writes to the socket itself. One request a connection.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Largest body that is read, in bytes: far above what any client in a test sends.
const BODY_LIMIT: u64 = 64 << 20;

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// What stands behind the `?`, still encoded; empty when there is none.
    pub query: String,
    /// What came as `authorization`; empty when nothing did.
    pub authorization: Credential,
    /// Headers with names in lower case. The values of `authorization` and `x-api-key` are replaced by their
    /// length, so that a recorded request never shows a credential.
    pub headers: HashMap<String, String>,
    /// The body, empty when there is none.
    pub body: Vec<u8>,
}

/// A secret that a double may look at and that no record of a request shows.
#[derive(Clone, Default)]
pub struct Credential(String);

impl Credential {
    /// The header's value, for a double that has to tell one client from another.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} characters)", self.0.len())
    }
}

/// What a handler answers with; nothing is sent until it is asked to.
pub struct Responder {
    stream: Wire,
    end: Arc<Latch>,
}

/// Something that many threads may wait for, and that happens once.
#[derive(Default)]
pub struct Latch {
    is_open: Mutex<bool>,
    changed: Condvar,
}

impl Latch {
    /// A closed latch.
    pub fn new() -> Arc<Latch> {
        Arc::default()
    }

    /// Lets everyone through, now and later.
    pub fn open(&self) {
        *lock(&self.is_open) = true;
        self.changed.notify_all();
    }

    /// Waits at most `longest`; whether the latch is open.
    pub fn wait(&self, longest: Duration) -> bool {
        let closed = lock(&self.is_open);
        let (open, _) = self
            .changed
            .wait_timeout_while(closed, longest, |open| !*open)
            .unwrap_or_else(PoisonError::into_inner);
        *open
    }
}

/// Answers one request. It runs on a thread of its own and may block.
pub type Handler = dyn Fn(Request, Responder) + Send + Sync;

type Connections = Mutex<HashMap<u64, Wire>>;

/// One connection, of either kind of socket.
enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    fn try_clone(&self) -> io::Result<Wire> {
        match self {
            Wire::Tcp(stream) => stream.try_clone().map(Wire::Tcp),
            Wire::Unix(stream) => stream.try_clone().map(Wire::Unix),
        }
    }

    fn shutdown(&self) {
        let _ = match self {
            Wire::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Wire::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Read for &Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => (&mut &*stream).read(buffer),
            Wire::Unix(stream) => (&mut &*stream).read(buffer),
        }
    }
}

impl Write for &Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => (&mut &*stream).write(bytes),
            Wire::Unix(stream) => (&mut &*stream).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Tcp(stream) => (&mut &*stream).flush(),
            Wire::Unix(stream) => (&mut &*stream).flush(),
        }
    }
}

/// Where connections come from.
enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Door {
    fn accept(&self) -> io::Result<Wire> {
        match self {
            Door::Tcp(socket) => socket.accept().map(|(stream, _)| Wire::Tcp(stream)),
            Door::Unix(socket) => socket.accept().map(|(stream, _)| Wire::Unix(stream)),
        }
    }
}

/// How a door is called from outside.
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Listens on a free port of 127.0.0.1, or on a socket file, until it is dropped, which also ends open
/// connections.
pub struct Listener {
    address: Address,
    stopping: Arc<Latch>,
    connections: Arc<Connections>,
    accepting: Option<JoinHandle<()>>,
}

impl Listener {
    /// Starts to answer with `handler`.
    pub fn start(handler: Arc<Handler>) -> Listener {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let address = Address::Tcp(socket.local_addr().unwrap());
        Listener::behind(Door::Tcp(socket), address, handler)
    }

    /// Like [`Listener::start`], on a socket file that is made for it.
    pub fn start_on_socket(path: &Path, handler: Arc<Handler>) -> Listener {
        let socket = UnixListener::bind(path).expect("a socket file can be made");
        Listener::behind(Door::Unix(socket), Address::Unix(path.to_owned()), handler)
    }

    fn behind(door: Door, address: Address, handler: Arc<Handler>) -> Listener {
        let stopping = Latch::new();
        let connections = Arc::new(Connections::default());
        let accepting = std::thread::spawn({
            let (stopping, connections) = (stopping.clone(), connections.clone());
            move || accept(&door, &stopping, &connections, &handler)
        });
        Listener { address, stopping, connections, accepting: Some(accepting) }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    ///
    /// # Panics
    /// When it listens on a socket file, which has no URL.
    pub fn url(&self) -> String {
        match &self.address {
            Address::Tcp(address) => format!("http://{address}"),
            Address::Unix(path) => panic!("{} has no URL", path.display()),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopping.open();
        // `accept` returns only for a connection, so it gets a last one.
        let is_woken = match &self.address {
            Address::Tcp(address) => TcpStream::connect(address).is_ok(),
            Address::Unix(path) => UnixStream::connect(path).is_ok(),
        };
        for stream in lock(&self.connections).values() {
            stream.shutdown();
        }
        // Whose socket file is gone can be neither reached nor waited for; it ends with the process.
        if let Some(accepting) = self.accepting.take().filter(|_| is_woken) {
            let _ = accepting.join();
        }
    }
}

impl Responder {
    /// Sends a complete response.
    ///
    /// # Errors
    /// When the client has gone away.
    pub fn send(self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut head = head(status, headers);
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut stream = &self.stream;
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()
    }

    /// Begins a response of unknown length.
    ///
    /// # Errors
    /// When the client has gone away.
    pub fn stream(self, status: u16, headers: &[(&str, &str)]) -> io::Result<Chunks> {
        let mut head = head(status, headers);
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        (&self.stream).write_all(head.as_bytes())?;
        Ok(Chunks { stream: self.stream, end: self.end })
    }

    /// Waits.
    ///
    /// # Errors
    /// When the listener ends meanwhile: then nothing is to be sent any more.
    pub fn pause(&self, duration: Duration) -> io::Result<()> {
        pause(&self.end, duration)
    }

    /// Waits for `latch` to open.
    ///
    /// # Errors
    /// When the listener ends meanwhile.
    pub fn wait_for(&self, latch: &Latch) -> io::Result<()> {
        while !latch.wait(Duration::from_millis(20)) {
            pause(&self.end, Duration::ZERO)?;
        }
        Ok(())
    }

    /// Closes the connection without a word.
    pub fn hang_up(self) {
        self.stream.shutdown();
    }
}

/// A response under way. Dropping it without [`Chunks::finish`] cuts it: the client sees an incomplete body.
pub struct Chunks {
    stream: Wire,
    end: Arc<Latch>,
}

impl Chunks {
    /// Sends one chunk at once.
    ///
    /// # Errors
    /// When the client has gone away.
    pub fn write(&mut self, chunk: &str) -> io::Result<()> {
        if chunk.is_empty() {
            return Ok(()); // an empty chunk would end the body
        }
        let mut stream = &self.stream;
        stream.write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes())?;
        stream.flush()
    }

    /// Waits.
    ///
    /// # Errors
    /// When the listener ends meanwhile.
    pub fn pause(&self, duration: Duration) -> io::Result<()> {
        pause(&self.end, duration)
    }

    /// Ends the body properly.
    ///
    /// # Errors
    /// When the client has gone away.
    pub fn finish(self) -> io::Result<()> {
        let mut stream = &self.stream;
        stream.write_all(b"0\r\n\r\n")?;
        stream.flush()
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.stream.shutdown();
    }
}

/// `end` is the latch that opens when the listener ends.
fn pause(end: &Latch, duration: Duration) -> io::Result<()> {
    if end.wait(duration) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
}

/// A lock that a panicked handler does not take away from the others.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection in the list of those that go on, until this is dropped.
struct Known<'a> {
    connections: &'a Connections,
    id: u64,
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        let wire = lock(self.connections).remove(&self.id);
        if let Some(wire) = wire.filter(|_| std::thread::panicking()) {
            wire.shutdown();
        }
    }
}

fn accept(door: &Door, stopping: &Arc<Latch>, connections: &Arc<Connections>, handler: &Arc<Handler>) {
    let mut threads = Vec::new();
    for id in 0.. {
        let Ok(stream) = door.accept() else { continue };
        if stopping.wait(Duration::ZERO) {
            break;
        }
        let Ok(known) = stream.try_clone() else { continue };
        lock(connections).insert(id, known);
        let (connections, handler, end) = (connections.clone(), handler.clone(), stopping.clone());
        threads.push(std::thread::spawn(move || {
            // Also when the handler panics: a client that is never answered must not wait for ever.
            let _known = Known { connections: &connections, id };
            serve(stream, handler.as_ref(), end);
        }));
    }
    // A connection accepted just before the stop may have missed the round of shutdowns.
    for stream in lock(connections).values() {
        stream.shutdown();
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn serve(stream: Wire, handler: &Handler, end: Arc<Latch>) {
    // Whatever is no HTTP request (a port probe, a client that left) is simply not answered.
    if let Ok(Some(request)) = read_request(&stream) {
        handler(request, Responder { stream, end });
    }
}

fn read_request(stream: &Wire) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let headers = read_headers(&mut reader)?;
    if headers.get("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        (&mut &*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = read_body(&mut reader, &headers)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let authorization = Credential(headers.get("authorization").cloned().unwrap_or_default());
    Ok(Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        authorization,
        headers: without_credentials(headers),
        body,
    }))
}

fn read_headers(reader: &mut impl BufRead) -> io::Result<HashMap<String, String>> {
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(headers) };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}

fn read_body(reader: &mut impl BufRead, headers: &HashMap<String, String>) -> io::Result<Vec<u8>> {
    if headers.get("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        return read_chunks(reader);
    }
    let length = headers.get("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    read_whole(reader, BODY_LIMIT.min(length), &mut body)?;
    Ok(body)
}

/// Reads so many bytes. A client that left, or was killed, before it had said them has asked nothing.
fn read_whole(reader: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    match reader.take(length).read_to_end(body)? as u64 == length {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        if body.len() as u64 + size > BODY_LIMIT {
            return Err(io::Error::other("body too large"));
        }
        read_whole(reader, size, &mut body)?;
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn without_credentials(mut headers: HashMap<String, String>) -> HashMap<String, String> {
    for name in ["authorization", "x-api-key", "proxy-authorization", "cookie"] {
        if let Some(value) = headers.get_mut(name) {
            *value = format!("({} characters)", value.len());
        }
    }
    headers
}

fn head(status: u16, headers: &[(&str, &str)]) -> String {
    // The reason phrase means nothing to clients (RFC 9112, section 4), so all share one.
    let mut head = format!("HTTP/1.1 {status} Answer\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of these bytes is a request.
    fn asked(bytes: &str) -> Option<Vec<u8>> {
        let (mut client, server) = UnixStream::pair().expect("a pair");
        client.write_all(bytes.as_bytes()).expect("what fits into its buffer");
        drop(client);
        read_request(&Wire::Unix(server)).ok().flatten().map(|request| request.body)
    }

    #[test]
    fn who_leaves_before_the_end_has_asked_nothing() {
        let whole = "POST /a HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody";
        assert_eq!(asked(whole).as_deref(), Some(b"body".as_slice()));
        let chunked = "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
        assert_eq!(asked(chunked).as_deref(), Some(b"body".as_slice()));
        for cut in [
            "",
            "POST /a HTTP/1.1\r\n",
            "POST /a HTTP/1.1\r\ncontent-length: 4\r\n",
            &whole[..whole.len() - 1],
        ] {
            assert_eq!(asked(cut), None, "{cut:?}");
        }
        assert_eq!(asked(&chunked[..chunked.len() - 8]), None);
    }
}
