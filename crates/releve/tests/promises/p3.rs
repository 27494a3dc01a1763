//! P3, G14: no retry storm, and never a failover without budget.

use ledger::AttemptOutcome;
use simulator::{After, CutWith, Fault, ResetAt, Rule, Supplier};

use crate::client::Dialect;
use crate::harness::{Config, Gateway, House};
use crate::load;

const DIALECT: Dialect = Dialect::OpenAi;

#[tokio::test]
async fn p3_when_everything_is_dead_attempts_stay_below_six_fifths_of_the_requests() {
    const REQUESTS: u32 = 400;
    for fault in [
        Fault::ServerError { status: 500 },
        Fault::Reset { at: ResetAt::Request },
        Fault::Unauthorized,
        Fault::Overloaded { retry_after: None },
        Fault::Cut { after: After::Headers, with: CutWith::Fin },
        Fault::Refuse,
        Fault::Hang,
    ] {
        let (mut suppliers, mut config) = (Vec::new(), Config::new());
        for name in ["a", "b", "c"] {
            let script = [Rule::always(fault.clone())];
            let supplier = Supplier::builder().script(script).spawn().await.unwrap();
            config = config.provider(name, DIALECT, &supplier);
            suppliers.push(supplier);
        }
        // Only time tells who hangs.
        let policy = if fault == Fault::Hang { "total_timeout = \"1s\"" } else { "" };
        let house = House::new(&config.route("r", &["a", "b", "c"], policy));
        let gateway = Gateway::start(&house);
        let replies = load::steadily(gateway.listen, "r", REQUESTS, 400).await;
        for reply in &replies {
            assert!(reply.status >= 408, "{fault:?}: {}", reply.lossy());
            assert!(reply.json()["error"]["message"].is_string());
            // SDKs must not multiply what we hold down.
            let told =
                reply.header("x-should-retry") == Some("false") || reply.header("retry-after").is_some();
            assert!(told, "{fault:?}: {:?}", reply.headers);
        }
        let dialled = |entry: &ledger::Entry| {
            let refused = |outcome| matches!(outcome, AttemptOutcome::Refused(_));
            entry.attempts.iter().filter(|attempt| !refused(attempt.outcome)).count() as u64
        };
        let entries = house.all_entries(REQUESTS as usize).await;
        assert_eq!(entries.len(), REQUESTS as usize);
        let attempts: u64 = entries.iter().map(dialled).sum();
        let ratio = attempts as f64 / f64::from(REQUESTS);
        assert!(ratio <= 1.2, "{fault:?}: {attempts} attempts for {REQUESTS} requests");
        if fault != Fault::Refuse {
            let seen: u64 = suppliers.iter().map(|supplier| supplier.counters().requests).sum();
            assert_eq!(seen, attempts, "{fault:?}: the ledger knows each");
        }
    }
}

#[tokio::test]
async fn p3_one_of_two_dies_at_500_requests_a_second_and_no_client_sees_it() {
    let (first, second) =
        (Supplier::builder().spawn().await.unwrap(), Supplier::builder().spawn().await.unwrap());
    let config = Config::new().provider("a", DIALECT, &first).provider("b", DIALECT, &second);
    let house = House::new(&config.route("r", &["a", "b"], ""));
    let gateway = Gateway::start(&house);
    let load = tokio::spawn(load::steadily(gateway.listen, "r", 2000, 500));
    let served = |supplier: &simulator::Handle, count| (supplier.counters().ended > count).then_some(());
    // Dead off the network, back, then dead in its answers, back again: always in the middle of the load.
    crate::harness::eventually("load at the first", || served(&first, 200)).await;
    first.cut().await;
    crate::harness::eventually("load at the second", || served(&second, 300)).await;
    first.heal().await.unwrap();
    let before = first.counters().ended;
    crate::harness::eventually("the first's return", || served(&first, before + 100)).await;
    first.set_script([Rule::always(Fault::ServerError { status: 503 })]).await.unwrap();
    let replies = crate::harness::within(load).await.unwrap();
    assert_eq!(replies.len(), 2000);
    for reply in &replies {
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        assert!(reply.broken.is_none());
    }
    let taken_over = replies.iter().filter(|reply| reply.header("x-releve-takeover").is_some()).count();
    assert!(taken_over > 0, "it died while requests were on their way to it");
}
