//! The supplier's door: accepts connections, reads requests one after the other on each, turns all out when cut.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    bench,
    connection::Connection,
    http::{self, ReadError},
    network::{Io, Network},
    supplier::{Shared, lock},
    visit,
};

/// Open or shut the door; told when it is so.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) shut: bool,
    pub(crate) done: oneshot::Sender<io::Result<()>>,
}

enum Door<N: Network> {
    Open(N::Listener),
    Shut(N::Place),
    /// Neither could be had; the next order tries again.
    Lost,
}

/// Serves until nobody can give orders any more.
pub(crate) async fn run<N: Network>(
    network: N,
    listener: N::Listener,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut orders: mpsc::Receiver<Order>,
) {
    let network = Arc::new(network);
    let mut door: Door<N> = Door::Open(listener);
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return };
                let (moved, outcome) = turn(&*network, door, address, order.shut).await;
                door = moved;
                if order.shut {
                    turn_out(&mut guests, &shared).await;
                }
                // Whoever asked may have stopped waiting.
                drop(order.done.send(outcome));
            }
            accepted = accept(&*network, &mut door) => match accepted {
                Ok(io) => {
                    guests.spawn(welcome(Arc::clone(&network), io, Arc::clone(&shared)));
                }
                // Out of file descriptors, say: others will close some.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = guests.join_next(), if !guests.is_empty() => {}
        }
    }
}

async fn accept<N: Network>(network: &N, door: &mut Door<N>) -> io::Result<N::Io> {
    match door {
        Door::Open(listener) => network.accept(listener).await,
        Door::Shut(_) | Door::Lost => std::future::pending().await,
    }
}

async fn turn<N: Network>(
    network: &N,
    door: Door<N>,
    address: SocketAddr,
    shut: bool,
) -> (Door<N>, io::Result<()>) {
    let moved = match (door, shut) {
        (door @ Door::Open(_), false) | (door @ Door::Shut(_), true) => Ok(door),
        (Door::Shut(place), false) => network.listen(place).await.map(|(listener, _)| Door::Open(listener)),
        (Door::Lost, false) => open(network, address).await,
        (door @ (Door::Open(_) | Door::Lost), true) => {
            drop(door);
            network.reserve(address).await.map(Door::Shut)
        }
    };
    match moved {
        Ok(door) => (door, Ok(())),
        // Without the port held, a shut door is still shut.
        Err(error) => (Door::Lost, if shut { Ok(()) } else { Err(error) }),
    }
}

async fn open<N: Network>(network: &N, address: SocketAddr) -> io::Result<Door<N>> {
    let place = network.reserve(address).await?;
    let (listener, _) = network.listen(place).await?;
    Ok(Door::Open(listener))
}

/// Resets every open connection.
async fn turn_out(guests: &mut JoinSet<()>, shared: &Shared) {
    shared.tally.set_cut(true);
    guests.abort_all();
    while guests.join_next().await.is_some() {}
    shared.tally.set_cut(false);
}

async fn welcome<N: Network>(network: Arc<N>, io: N::Io, shared: Arc<Shared>) {
    // Whoever cannot greet is no client.
    if let Ok(io) = network.greet(io).await {
        attend(Connection::new(io, Arc::clone(&shared.tally)), shared).await;
    }
}

async fn attend<I: Io>(mut connection: Connection<I>, shared: Arc<Shared>) {
    let resets = lock(&shared.script).resets_at_accept();
    if resets {
        lock(&shared.books).count_fault("reset");
        return connection.reset().await;
    }
    if shared.bench {
        return bench::serve(&mut connection, &shared.settings()).await;
    }
    loop {
        let settings = shared.settings();
        if !connection.wakes(Duration::from_millis(settings.delivery.idle_ms)).await {
            return;
        }
        match http::read(&mut connection, settings.max_request_bytes).await {
            Ok(Some(request)) => {
                // Not the settings that the connection waited with: they may have changed meanwhile.
                if !visit::answer(&mut connection, &shared, shared.settings(), request).await {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => return turn_away(&mut connection, &error).await,
        }
    }
}

/// Answers what is not a request that can be answered.
async fn turn_away<I: Io>(connection: &mut Connection<I>, error: &ReadError) {
    let status = match error {
        ReadError::Cut => return,
        ReadError::Malformed(_) => "400 Bad Request",
        ReadError::TooLarge { .. } => "413 Payload Too Large",
    };
    let body = format!(
        r#"{{"error":{{"message":"{error}","type":"invalid_request_error","param":null,"code":null}}}}"#
    );
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    if connection.write(reply.as_bytes(), &0.into()).await.is_ok() {
        connection.finish().await;
        connection.drain().await;
    }
}
