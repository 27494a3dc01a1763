//! A simulated supplier on a thread of its own, so that a test may wait for a process.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;

use simulator::{Handle, Supplier};

/// A supplier that answers, and keeps what it answered. It ends with the test.
pub(crate) fn answering() -> Handle {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let supplier = Supplier::builder().with(|settings| settings.record_replies = true);
            send.send(supplier.spawn().await.unwrap()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receive.recv().unwrap()
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
