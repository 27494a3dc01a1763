//! Each fault, in each protocol beyond the first two, streamed and not.

use std::time::{Duration, Instant};

use simulator::{After, CutWith, Ending, Fault, HiddenError, RetryAfter, Rule};

use crate::{
    client::{Reply, hangs, scripted},
    tongues::{Tongue, all},
};

/// Each protocol's replies to a plain request and to one for a stream, with this fault on.
async fn each(fault: Fault) -> Vec<(Tongue, Reply, bool)> {
    let mut replies = Vec::new();
    for stream in [false, true] {
        for tongue in all() {
            let supplier = scripted(Rule::always(fault.clone())).await;
            let reply = tongue.greet(&supplier, stream).await;
            assert_eq!(supplier.counters().faults[fault.name()], 1);
            replies.push((tongue, reply, stream));
        }
    }
    replies
}

fn contents(tongue: &Tongue, reply: &Reply) -> usize {
    (tongue.events)(reply)
        .iter()
        .filter(|event| (tongue.delta)(event).is_some_and(|text| !text.is_empty()))
        .count()
}

#[tokio::test]
async fn refusals_have_their_status_and_an_object_of_json() {
    let cases = [
        (Fault::Unauthorized, vec![401, 403, 400]),
        (Fault::Forbidden, vec![403]),
        (Fault::RateLimited { retry_after: Some(RetryAfter::Seconds(7)) }, vec![429]),
        (Fault::ServerError { status: 500 }, vec![500]),
        (Fault::ServerError { status: 502 }, vec![502]),
        (Fault::Overloaded { retry_after: None }, vec![503, 529]),
        (Fault::ModelMissing, vec![404, 400]),
        (Fault::Quota, vec![429, 402, 400]),
        (Fault::PaymentRequired, vec![402, 403, 400]),
        (Fault::ContextExceeded, vec![400]),
        (Fault::BadRequest, vec![400]),
        (Fault::TooLarge, vec![413, 400]),
    ];
    for (fault, statuses) in cases {
        for (tongue, reply, _) in each(fault.clone()).await {
            let status = reply.status.as_u16();
            assert!(statuses.contains(&status), "{} {fault:?}: {status}", tongue.name);
            let json = reply.json();
            let body = json.get(0).unwrap_or(&json);
            assert!(body.is_object(), "{} {fault:?}: {body}", tongue.name);
            assert!(reply.header("content-type").starts_with("application/json"));
            if status == 429 && matches!(fault, Fault::RateLimited { .. }) {
                assert_eq!(reply.header("retry-after"), "7", "{}", tongue.name);
            }
        }
    }
}

#[tokio::test]
async fn silence_and_resets() {
    for tongue in all() {
        let supplier = scripted(Rule::always(Fault::Hang)).await;
        assert!(hangs(tongue.greet(&supplier, true)).await, "{}", tongue.name);
        let supplier = scripted(Rule::always(Fault::Reset { at: simulator::ResetAt::Request })).await;
        assert!(tongue.try_ask(&supplier, false, &(tongue.hello)(false)).await.is_err(), "{}", tongue.name);
        let stall = Fault::Stall { after: After::Tokens(3), pings_ms: 20 };
        let supplier = scripted(Rule::always(stall)).await;
        assert!(hangs(tongue.greet(&supplier, true)).await, "{}", tongue.name);
        supplier.idle().await;
        assert_eq!(supplier.recorded()[0].contents, 3, "{}", tongue.name);
        supplier.set_script([Rule::always(Fault::SlowTokens { gap_ms: 10 })]).await.unwrap();
        let start = Instant::now();
        tongue.greet(&supplier, true).await;
        assert!(start.elapsed() >= Duration::from_millis(110), "{}", tongue.name);
    }
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    for (tongue, reply, stream) in each(Fault::EmptyBody).await {
        assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0), "{}", tongue.name);
        let sound = tongue.greet(&crate::client::supplier().await, stream).await;
        assert_eq!(reply.header("content-type"), sound.header("content-type"), "{}", tongue.name);
    }
    for (tongue, reply, _) in each(Fault::Html).await {
        assert!(reply.text().starts_with("<!DOCTYPE html>"), "{}", tongue.name);
    }
    for (tongue, reply, stream) in
        each(Fault::WrongContentType { content_type: "image/png".to_owned() }).await
    {
        assert_eq!(reply.header("content-type"), "image/png", "{}", tongue.name);
        let said = if stream { tongue.streamed(&reply) } else { (tongue.said)(&reply.json()) };
        assert!(said.len() > 20, "{}", tongue.name);
    }
    for (tongue, reply, stream) in each(Fault::InvalidJson { after: After::Tokens(2) }).await {
        assert!(reply.broken.is_none(), "{}", tongue.name);
        assert!(
            stream || serde_json::from_slice::<serde_json::Value>(&reply.body).is_err(),
            "{}",
            tongue.name
        );
        let ended = String::from_utf8_lossy(&reply.body).contains('}');
        assert!(ended || !stream, "{}", tongue.name);
    }
    for (tongue, reply, _) in each(Fault::Garbage { bytes: 300, after: Some(After::Tokens(2)) }).await {
        assert!(String::from_utf8(reply.body.to_vec()).is_err(), "{}", tongue.name);
    }
}

#[tokio::test]
async fn errors_inside_a_200() {
    let fault = Fault::ErrorIn200 { after: After::Headers, error: HiddenError::Server };
    for (tongue, reply, stream) in each(fault).await {
        assert_eq!(reply.status, 200, "{}", tongue.name);
        let error = if stream { (tongue.events)(&reply).remove(0) } else { reply.json() };
        let text = error.to_string().to_lowercase();
        assert!(text.contains("error") || text.contains("exception"), "{}: {text}", tongue.name);
    }
    let fault = Fault::ErrorIn200 { after: After::Tokens(3), error: HiddenError::Overloaded };
    for (tongue, reply, stream) in each(fault).await {
        if stream {
            assert_eq!(contents(&tongue, &reply), 3, "{}", tongue.name);
            let last = (tongue.events)(&reply).pop().unwrap();
            assert!(!(tongue.ends)(&last), "{}: {last}", tongue.name);
        }
    }
}

#[tokio::test]
async fn cuts_with_fin_and_rst() {
    for with in [CutWith::Fin, CutWith::Rst] {
        for (after, count) in [(After::Headers, 0), (After::Preamble, 0), (After::Tokens(4), 4)] {
            for (tongue, reply, stream) in each(Fault::Cut { after, with }).await {
                assert!(reply.broken.is_some(), "{}", tongue.name);
                if stream {
                    assert_eq!(contents(&tongue, &reply), count, "{} {after:?}", tongue.name);
                    assert!(!(tongue.events)(&reply).iter().any(tongue.ends), "{}", tongue.name);
                }
            }
        }
    }
}

#[tokio::test]
async fn clean_ends_that_are_none() {
    for says in [Ending::Nothing, Ending::Terminal, Ending::Finish] {
        let fault = Fault::CleanEnd { after: After::Tokens(2), says };
        for (tongue, reply, _) in each(fault).await.into_iter().filter(|(.., stream)| *stream) {
            assert!(reply.broken.is_none(), "{}", tongue.name);
            assert_eq!(contents(&tongue, &reply), 2, "{}", tongue.name);
            let ends = (tongue.events)(&reply).iter().any(tongue.ends);
            assert!(!ends || says == Ending::Finish, "{} {says:?}", tongue.name);
        }
    }
}

#[tokio::test]
async fn sizes_and_lengths() {
    for (tongue, reply, stream) in each(Fault::HugeLine { bytes: 1 << 20 }).await {
        let said = if stream { tongue.streamed(&reply) } else { (tongue.said)(&reply.json()) };
        assert!(said.len() > 1 << 20, "{}", tongue.name);
    }
    for (tongue, reply, stream) in each(Fault::Big { bytes: 200_001, event_bytes: 10_000 }).await {
        let said = if stream { tongue.streamed(&reply) } else { (tongue.said)(&reply.json()) };
        assert_eq!(said.len(), 200_001, "{}", tongue.name);
        assert!(!stream || (tongue.events)(&reply).iter().any(tongue.ends), "{}", tongue.name);
    }
    for (tongue, reply, _) in each(Fault::LyingLength { by: 10 }).await {
        assert!(reply.broken.is_some(), "{}", tongue.name);
    }
    for (tongue, reply, _) in each(Fault::LyingLength { by: -10 }).await {
        assert!(reply.broken.is_none(), "{}", tongue.name);
    }
}
