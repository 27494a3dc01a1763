//! One current-thread runtime a core, each with its own accept loop over the same socket and its own connections to
//! suppliers: nothing on a request's path is shared that need not be.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use console::Console;
use gateway::{Room, Shared, Thrift};
use routing::Dice;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::{Builder, LocalOptions};
use tokio_rustls::TlsAcceptor;
use upstream::{Pool, TcpDial};

/// Connections that may wait to be accepted; a burst of clients must not meet a refusal.
const BACKLOG: i32 = 4096;

/// A socket that listens on `address`, port 0 being any free one.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Starts the thread of one core.
pub(super) fn gateway(
    number: usize,
    listener: &TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Shared,
    most_connections: usize,
    seed: u64,
) -> io::Result<JoinHandle<()>> {
    let listener = listener.try_clone()?;
    spawn(format!("gateway-{number}"), move || async move {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "a listener cannot be used"),
        };
        let shutdown = shared.shutdown.clone();
        let room = Rc::new(Room::new(shared, Pool::new(TcpDial), Dice::new(seed)));
        let thrifty = Rc::clone(&room);
        let thrift = Thrift { most: most_connections, give_up: Box::new(move || thrifty.give_up_idle()) };
        let answer = move |request| gateway::answer(Rc::clone(&room), request);
        gateway::serve(listener, tls, shutdown.clone(), thrift, answer).await;
        shutdown.all_closed().await;
    })
}

/// Starts the thread of the admin listener.
pub(super) fn admin(listener: TcpListener, console: Console) -> io::Result<JoinHandle<()>> {
    spawn("admin".to_owned(), move || async move {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "the admin listener cannot be used"),
        };
        let console = Arc::new(console);
        let shutdown = console.shared.shutdown.clone();
        // Few use it, and whoever looks for what is wrong must get in.
        gateway::serve(listener, None, shutdown, Thrift::none(), move |request| {
            let console = Arc::clone(&console);
            async move { console.answer(&request) }
        })
        .await;
    })
}

/// A thread with a runtime that runs `work`. What `work` leaves behind (connections kept to suppliers, answers read on
/// for their usage) is dropped with it, and settled by that.
fn spawn<F: Future<Output = ()>>(
    name: String,
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let (made, was_made) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        // It stays on the thread that makes it.
        match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => {
                made.send(Ok(())).ok();
                runtime.block_on(async { work().await });
            }
            Err(error) => drop(made.send(Err(error))),
        }
    })?;
    was_made.recv().map_err(io::Error::other)?.map(|()| thread)
}
