//! P9: what is too large is refused at the door.

use simulator::Supplier;

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, within};

/// By what the client announces, before a byte of it is read or a byte of memory is set aside.
#[tokio::test]
async fn p9_a_request_that_announces_too_much_is_refused_at_once() {
    for dialect in Dialect::BOTH {
        let supplier = Supplier::builder().spawn().await.unwrap();
        let config = Config::new().provider("a", dialect, &supplier).route("r", &["a"], "");
        let house = House::new(&config);
        let gateway = Gateway::start(&house);
        let socket = client::connect(gateway.listen).await.unwrap();
        let announced = [("content-length", "99999999999")];
        let reply = within(client::open_raw(socket, dialect.path(), &announced)).await.unwrap();
        assert_eq!(reply.status, 413);
        assert_eq!(supplier.counters().requests, 0);
    }
}
