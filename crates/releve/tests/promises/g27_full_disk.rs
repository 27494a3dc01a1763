//! G27: the ledger's disk is full; requests are still served, readiness says so, and nothing is lost when there is room
//! again.

use std::collections::HashSet;
use std::process::Command;

use simulator::Supplier;

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, eventually, within};
use crate::load::Caller;

/// The binary, none of whose files may grow beyond this; past it writes fail, as on a full disk.
fn confined(bytes: u64) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("PATH", "/usr/bin:/bin");
    // In units of 512 bytes, as POSIX says. Without the trap the kernel would end the process instead.
    let script = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"", bytes / 512);
    command.args(["-c", &script, env!("CARGO_BIN_EXE_releve")]);
    command
}

#[tokio::test]
async fn g27_a_full_disk_stops_no_request_and_loses_nothing() {
    let dialect = Dialect::OpenAi;
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&Config::new().provider("a", dialect, &supplier).route("r", &["a"], ""));
    let gateway = Gateway::start_as(&house, confined(400 * 1024));
    let ready = || async { client::get(gateway.listen, "/readyz", &[]).await };
    assert_eq!(ready().await.status, 200);
    let mut caller = Caller::new(gateway.listen);
    let mut ids = HashSet::new();
    let mut ask = async |ids: &mut HashSet<String>| {
        let reply = within(caller.ask(dialect, "r", false)).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        ids.insert(reply.header("x-request-id").unwrap().to_owned());
    };
    let mut full = false;
    for round in 0..10_000 {
        ask(&mut ids).await;
        if round % 20 == 0 && ready().await.status != 200 {
            full = true;
            break;
        }
    }
    assert!(full, "the disk was never full after {} requests", ids.len());
    assert!(ready().await.lossy().contains("ledger"), "readiness says why");
    assert_eq!(client::get(gateway.listen, "/livez", &[]).await.status, 200);
    for _ in 0..50 {
        ask(&mut ids).await;
    }
    let room =
        Command::new("prlimit").args(["--fsize=unlimited", "--pid", &gateway.id().to_string()]).status();
    assert!(room.unwrap().success());
    within(async {
        while ready().await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    eventually("the entries", || (house.entries().len() == ids.len()).then_some(())).await;
    let kept: HashSet<String> = house.entries().iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(kept, ids, "each answered request once");
    house.verify();
}
