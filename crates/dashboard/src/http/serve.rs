//! Listening, until nobody wants it any more.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::bind::Bind;
use super::guard::Guard;
use super::routes;
use crate::site::Site;

/// How many threads answer: pages are few, and the machine is there for the work.
const THREADS: usize = 2;

/// How many questions are computed at once; more wait.
const AT_ONCE: usize = 4;

/// A dashboard that listens. It ends when this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Begins to listen. `names` are host names that lead here, beside `localhost` and addresses.
pub fn serve(site: Site, bind: &Bind, names: Vec<String>) -> io::Result<Serving> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(AT_ONCE)
        .thread_name("dashboard")
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind(bind.address()))?;
    let address = listener.local_addr()?;
    let guard = Guard { token: bind.token().cloned(), names };
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::spawn(move || run(&runtime, listener, Arc::new(site), guard, stopped));
    Ok(Serving { address, stop: Some(stop), thread: Some(thread) })
}

fn run(
    runtime: &Runtime,
    listener: TcpListener,
    site: Arc<Site>,
    guard: Guard,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let router = routes::router(site, Arc::new(guard));
    runtime.block_on(async {
        tokio::select! {
            served = axum::serve(listener, router) => served,
            // A sender that is gone means the same.
            _ = stopped => Ok(()),
        }
    })
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ends by itself, which it does only where listening fails.
    pub fn wait(mut self) -> io::Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(served)) => served,
            Some(Err(_)) => Err(io::Error::other("the dashboard's thread was lost")),
            None => Ok(()),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Where nobody hears it, it has ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
