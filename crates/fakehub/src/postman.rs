//! Messages to hooks, really sent: signed, in order, and not, when a test asks for that.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use herder_testkit::http::lock;
use ring::hmac;

use crate::state::{Delivery, Hook, Id, Repo};

/// How long GitHub waits for a receiver.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message with its address.
#[derive(Debug, Clone)]
pub struct Post {
    /// The repository's key.
    pub repo: String,
    /// The hook.
    pub hook: Id,
    /// The message.
    pub delivery: Id,
    url: String,
    secret: Option<String>,
    event: String,
    guid: String,
    body: String,
}

impl Post {
    /// What is to be sent.
    pub fn new(repo: &Repo, hook: &Hook, delivery: &Delivery) -> Post {
        Post {
            repo: repo.key(),
            hook: hook.id,
            delivery: delivery.id,
            url: hook.url.clone(),
            secret: hook.secret.clone(),
            event: delivery.event.clone(),
            guid: delivery.guid.clone(),
            body: delivery.payload.to_string(),
        }
    }

    /// Sends it; the status that came back, or none.
    fn send(&self) -> Option<u16> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build()
            .into();
        let mut request = agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/hub")
            .header("x-github-event", &self.event)
            .header("x-github-delivery", &self.guid)
            .header("x-github-hook-id", self.hook.to_string());
        if let Some(secret) = &self.secret {
            request = request.header("x-hub-signature-256", sign(secret, &self.body));
        }
        request.send(&self.body).ok().map(|answer| answer.status().as_u16())
    }
}

/// `X-Hub-Signature-256`.
fn sign(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// What a test does to the mail.
#[derive(Default)]
struct Plan {
    held: Option<Vec<Post>>,
    copies: usize,
}

/// What receivers answered, with what they were sent.
pub(crate) type Results = Vec<(Post, Option<u16>)>;

/// The mail: one thread that sends message after message.
pub struct Mail {
    plan: Mutex<Plan>,
    results: Arc<Mutex<Results>>,
    queue: Mutex<Option<Sender<Post>>>,
    thread: Option<JoinHandle<()>>,
}

impl Mail {
    /// Begins.
    pub(crate) fn start() -> Mail {
        let (queue, posts) = channel();
        let results = Arc::new(Mutex::new(Vec::new()));
        let sent = results.clone();
        let thread = std::thread::spawn(move || deliver(&posts, &sent));
        Mail { plan: Mutex::default(), results, queue: Mutex::new(Some(queue)), thread: Some(thread) }
    }

    /// Sends a message, or keeps it while all are held.
    pub(crate) fn send(&self, post: Post) {
        let mut plan = lock(&self.plan);
        for _ in 0..=plan.copies {
            match &mut plan.held {
                Some(held) => held.push(post.clone()),
                None => self.queue(post.clone()),
            }
        }
    }

    fn queue(&self, post: Post) {
        if let Some(queue) = lock(&self.queue).as_ref() {
            let _ = queue.send(post);
        }
    }

    /// Keeps all messages from now on.
    pub fn hold(&self) {
        lock(&self.plan).held.get_or_insert_default();
    }

    /// Sends what was kept, in this order: `false` for last first. From now on messages go out at once.
    pub fn release(&self, is_in_order: bool) {
        let mut held = lock(&self.plan).held.take().unwrap_or_default();
        if !is_in_order {
            held.reverse();
        }
        for post in held {
            self.queue(post);
        }
    }

    /// Forgets what was kept.
    pub fn lose(&self) {
        lock(&self.plan).held = None;
    }

    /// Sends every message this often again.
    pub fn repeat(&self, copies: usize) {
        lock(&self.plan).copies = copies;
    }

    /// What came back since somebody asked last.
    pub(crate) fn take_results(&self) -> Results {
        std::mem::take(&mut *lock(&self.results))
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        // The thread ends when nobody can send any more; what is left in its queue is not sent.
        lock(&self.queue).take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn deliver(posts: &Receiver<Post>, results: &Mutex<Results>) {
    for post in posts {
        let status = post.send();
        lock(results).push((post, status));
    }
}
