//! A mail server of its own small kind (RFC 5321, RFC 4954 for `AUTH PLAIN`): it takes what it is given, or refuses it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::http::lock;
use crate::until;

/// How long a client may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// User `herder` and password `letter-secret` as `AUTH PLAIN` says them: `\0herder\0letter-secret` in base 64.
const PASSWORD: &str = "AGhlcmRlcgBsZXR0ZXItc2VjcmV0";

/// One mail as it arrived.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who sent it, as the envelope says.
    pub from: String,
    /// Whom to, as the envelope says.
    pub to: Vec<String>,
    /// Head and body, as they were sent.
    pub text: String,
}

/// What a server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes it.
    Takes,
    /// It takes none, for now (code 451).
    Busy,
    /// It takes none but from whom it knows: user `herder`, password `letter-secret`.
    Asks,
}

/// Takes mail on loopback until it is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
    mood: Arc<Mutex<Mood>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SmtpSink {
    /// Listens on a free loopback port.
    pub fn start(mood: Mood) -> SmtpSink {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("its address");
        let (letters, mood) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(mood)));
        let is_over = Arc::new(AtomicBool::new(false));
        let (taken, now, over) = (letters.clone(), mood.clone(), is_over.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                // A client that leaves in the middle has sent nothing.
                let _ = talk(&stream, *lock(&now), &taken);
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        SmtpSink { address, letters, mood, is_over, thread: Some(thread) }
    }

    /// `smtp://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What it does from the next connection on.
    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.mood) = mood;
    }

    /// Every mail that it took, oldest first.
    pub fn received(&self) -> Vec<Letter> {
        lock(&self.letters).clone()
    }

    /// Waits for `count` mails and returns all.
    ///
    /// # Panics
    /// When fewer have come after `timeout`.
    #[track_caller]
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<Letter> {
        until(&format!("{count} mails"), timeout, || {
            Some(self.received()).filter(|letters| letters.len() >= count)
        })
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // It waits for a client.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn talk(stream: &TcpStream, mood: Mood, letters: &Mutex<Vec<Letter>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream);
    let said = |text: &str| -> io::Result<()> { (&mut &*stream).write_all(format!("{text}\r\n").as_bytes()) };
    said("220 sink ESMTP")?;
    let (mut letter, mut is_known) = (blank(), mood != Mood::Asks);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        match line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => said("250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN")?,
            "AUTH" => {
                is_known = is_password(line);
                said(if is_known { "235 welcome" } else { "535 no" })?;
            }
            "MAIL" if mood == Mood::Busy => said("451 come back later")?,
            "MAIL" if !is_known => said("530 who are you")?,
            "MAIL" => {
                letter.from = address(line);
                said("250 ok")?;
            }
            "RCPT" => {
                letter.to.push(address(line));
                said("250 ok")?;
            }
            "DATA" => {
                said("354 go on")?;
                letter.text = body(&mut lines)?;
                lock(letters).push(std::mem::replace(&mut letter, blank()));
                said("250 taken")?;
            }
            "QUIT" => return said("221 bye"),
            _ => said("250 ok")?,
        }
    }
}

fn blank() -> Letter {
    Letter { from: String::new(), to: Vec::new(), text: String::new() }
}

fn is_password(line: &str) -> bool {
    line.rsplit(' ').next() == Some(PASSWORD)
}

fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}

/// The lines up to a lone dot; one that begins with a dot was given another (RFC 5321, 4.5.2).
fn body(lines: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
