//! P4, G9: same protocol in and out, the bytes are the client's and the supplier's, save the listed edits.

use bytes::Bytes;
use proptest::prelude::*;
use simulator::{Fault, Handle, Raw, RawFraming, Rule, Supplier};

use crate::client::{Dialect, Reply, post};
use crate::harness::{Config, Gateway, House};

/// A gateway in front of one supplier, for many cases.
struct Bench {
    runtime: tokio::runtime::Runtime,
    supplier: Handle,
    gateway: Gateway,
    _house: House,
}

impl Bench {
    fn new(dialect: Dialect, more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let supplier = runtime.block_on(Supplier::builder().spawn()).unwrap();
        let config = Config::new().provider_with("a", dialect, &supplier, more);
        let house = House::new(&config.route("r", &["a"], ""));
        let gateway = Gateway::start(&house);
        Self { runtime, supplier, gateway, _house: house }
    }

    /// What a client gets for `request` while the supplier says `raw`, and what the supplier got.
    fn exchange(&self, dialect: Dialect, request: &str, raw: Raw) -> (Reply, Bytes) {
        self.runtime.block_on(async {
            self.supplier.forget();
            self.supplier.set_script([Rule::always(Fault::Raw(raw))]).await.unwrap();
            let headers = [("anthropic-version", "2023-06-01")];
            let reply = post(self.gateway.listen, dialect.path(), &headers, request.as_bytes()).await;
            (reply, self.supplier.recorded().pop().unwrap().body)
        })
    }
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, max_shrink_iters: 200, ..Default::default() }
}

fn raw(content_type: &str, body: String, pieces: Vec<usize>, framing: RawFraming) -> Raw {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Raw { headers, body: body.into(), pieces, framing, ..Raw::default() }
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        1 => Just(Vec::new()),
        1 => Just(vec![1]),
        3 => prop::collection::vec(1_usize..40, 1..12),
    ]
}

/// White space that JSON allows.
fn blank() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r\n]{0,3}"]
}

/// A JSON string as somebody might write it: escapes of every kind, raw Unicode, lone surrogates as escapes.
fn string() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zA-Z0-9 .,:{}\\[\\]]{0,12}",
        1 => Just("\\n\\t\\\"\\\\\\/\\b\\f\\r".to_owned()),
        1 => Just("\\u00e9\\uD83D\\uDE00".to_owned()),
        1 => Just("é 語 \u{1F600} \u{2028}".to_owned()),
        1 => Just("data: [DONE]".to_owned()),
        1 => Just("\\\"usage\\\":{}".to_owned()),
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

/// Any JSON value, as text, with odd spaces and numbers that no machine type holds.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        string(),
        Just("0.70".to_owned()),
        Just("-0".to_owned()),
        Just("1E+2".to_owned()),
        Just("123456789012345678901234567890.00".to_owned()),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("{ }".to_owned()),
        Just("[ ]".to_owned()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec((blank(), inner.clone(), blank()), 1..4).prop_map(|items| {
                let items: Vec<_> =
                    items.into_iter().map(|(before, item, after)| before + &item + &after).collect();
                format!("[{}]", items.join(","))
            }),
            prop::collection::vec((blank(), string(), blank(), inner), 1..4).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(before, name, after, item)| format!("{before}{name}{after}:{item}{after}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Members that steer nothing, in any number.
fn others() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((blank(), "x_[a-z]{1,6}", blank(), value(), blank()), 0..4).prop_map(|members| {
        let member =
            |(place, (before, name, between, value, after)): (usize, (_, String, String, String, _))| {
                let (before, after): (String, String) = (before, after);
                format!("{before}\"{name}{place}\"{between}:{between}{value}{after}")
            };
        members.into_iter().enumerate().map(member).collect()
    })
}

/// A request in two halves, around the value of `model`; the name written plainly or with escapes.
fn request(stream: bool) -> impl Strategy<Value = (String, String, String)> {
    let model = prop_oneof![Just("\"r\"".to_owned()), Just("\"\\u0072\"".to_owned())];
    let key = prop_oneof![Just("\"model\""), Just("\"mod\\u0065l\"")];
    let head = (blank(), others(), others(), others(), string(), blank());
    (head, model, key).prop_map(move |((space, before, between, after, text, end), model, key)| {
        let comma =
            |members: &[String]| members.iter().map(|member| member.clone() + ",").collect::<String>();
        let first = format!("{space}{{{}{key}{space}:{space}", comma(&before));
        let messages = format!("\"messages\":{space}[{{\"role\":\"user\",{space}\"content\":{text}}}]");
        let streams = if stream { ",\"stream\":true" } else { "" };
        let rest: String = after.iter().map(|member| format!(",{member}")).collect();
        let second = format!(
            "{space},{}\"max_tokens\":7{space},\"temperature\":0.70,{messages}{streams}{rest}}}{end}",
            comma(&between)
        );
        // The key names of three lists may meet: each gets its own ending.
        (renamed(&first, "_a"), model, renamed(&second, "_b"))
    })
}

fn renamed(half: &str, ending: &str) -> String {
    half.replace("\"x_", &format!("\"x{ending}_"))
}

const PLAIN_OPENAI: &str = "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}]";
const PLAIN_ANTHROPIC: &str = "{\"id\":\"c\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],\"stop_reason\":\"end_turn\"";

fn plain(dialect: Dialect) {
    let bench = Bench::new(dialect, "");
    let framing = prop_oneof![Just(RawFraming::Chunked), Just(RawFraming::Length), Just(RawFraming::Close)];
    let strategy = (request(false), others(), blank(), pieces(), framing);
    proptest!(cases(120), |(((first, model, second), more, end, pieces, framing) in strategy)| {
        let sound = if dialect == Dialect::OpenAi { PLAIN_OPENAI } else { PLAIN_ANTHROPIC };
        let more: String = more.iter().map(|member| format!(",{member}")).collect();
        let answer = format!("{end}{sound}{more}}}{end}");
        let said = raw("application/json", answer.clone(), pieces, framing);
        let request = format!("{first}{model}{second}");
        let (reply, got) = bench.exchange(dialect, &request, said);
        prop_assert_eq!(reply.status, 200, "{}", reply.lossy());
        prop_assert!(reply.broken.is_none());
        prop_assert_eq!(String::from_utf8_lossy(&reply.body), answer);
        prop_assert_eq!(String::from_utf8_lossy(&got), format!("{first}\"m\"{second}"));
        prop_assert_eq!(reply.header("x-releve-edits"), Some("model"));
    });
}

#[test]
fn p4_a13_plain_openai_bytes_go_through_unchanged() {
    plain(Dialect::OpenAi);
}

#[test]
fn p4_plain_anthropic_bytes_go_through_unchanged() {
    plain(Dialect::Anthropic);
}

/// One event, framed in any way that the format allows.
fn event(name: &'static str, data: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n")];
    let comment = prop_oneof![4 => Just(String::new()), 1 => Just(": a comment, é".to_owned())];
    let fields = prop_oneof![3 => Just(false), 1 => Just(true)];
    (end, comment, fields, prop::bool::ANY, data).prop_map(move |(end, comment, more, tight, data)| {
        let space = if tight { "" } else { " " };
        let mut lines = Vec::new();
        if !comment.is_empty() {
            lines.push(comment);
        }
        if !name.is_empty() {
            lines.push(format!("event:{space}{name}"));
        }
        if more {
            lines.push("id: 7".to_owned());
            lines.push("retry: 3000".to_owned());
        }
        lines.push(format!("data:{space}{data}"));
        lines.into_iter().map(|line| line + end).collect::<String>() + end
    })
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn openai_stream() -> impl Strategy<Value = (String, String, String)> {
    let chunk = |choice: &'static str| {
        let data = (string(), others()).prop_map(move |(text, more)| {
            let more: String = more.iter().map(|member| format!(",{member}")).collect();
            one_line(&format!("{{\"id\":\"c\",\"choices\":[{}]{more}}}", choice.replace("TEXT", &text)))
        });
        event("", data)
    };
    let role =
        chunk("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}");
    let content = chunk("{\"index\":0,\"delta\":{\"content\":TEXT},\"finish_reason\":null}");
    let sure = chunk("{\"index\":0,\"delta\":{\"content\":\"sure\"},\"finish_reason\":null}");
    let finish = chunk("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}");
    let usage = event(
        "",
        others().prop_map(|more| {
            let more: String = more.iter().map(|member| format!(",{member}")).collect();
            one_line(&format!(
                "{{\"id\":\"c\",\"choices\":[],\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}{more}}}"
            ))
        }),
    );
    let done = event("", Just("[DONE]".to_owned()));
    (role, sure, prop::collection::vec(content, 0..6), finish, usage, done).prop_map(
        |(role, sure, contents, finish, usage, done)| {
            (format!("{role}{sure}{}{finish}", contents.concat()), usage, done)
        },
    )
}

#[test]
fn p4_openai_streams_go_through_unchanged_but_for_the_usage_nobody_asked_for() {
    let bench = Bench::new(Dialect::OpenAi, "");
    let framing = prop_oneof![Just(RawFraming::Chunked), Just(RawFraming::Length)];
    let strategy = (request(true), openai_stream(), pieces(), framing, prop::bool::ANY);
    proptest!(cases(120), |(((first, model, second), (body, usage, done), pieces, framing, asks) in strategy)| {
        let asking = ",\"stream_options\": {\"include_usage\" :true}}";
        let end = second.rfind('}').unwrap();
        let second = if asks { format!("{}{asking}{}", &second[..end], &second[end + 1..]) } else { second };
        let said = raw("text/event-stream", format!("{body}{usage}{done}"), pieces, framing);
        let (reply, got) = bench.exchange(Dialect::OpenAi, &format!("{first}{model}{second}"), said);
        prop_assert_eq!(reply.status, 200, "{}", reply.lossy());
        prop_assert!(reply.broken.is_none());
        let got = String::from_utf8(got.to_vec()).unwrap();
        let expected = format!("{first}\"m\"{second}");
        if asks {
            prop_assert_eq!(String::from_utf8_lossy(&reply.body), format!("{body}{usage}{done}"));
            prop_assert_eq!(got, expected);
        } else {
            prop_assert_eq!(String::from_utf8_lossy(&reply.body), format!("{body}{done}"));
            assert_one_insertion(&expected, &got);
        }
    });
}

/// `got` is `expected` with one member more, which asks for usage.
fn assert_one_insertion(expected: &str, got: &str) {
    let added = got.len().checked_sub(expected.len()).expect("something was added");
    let at = expected.bytes().zip(got.bytes()).take_while(|(one, other)| one == other).count();
    // What was put in may begin like what follows it.
    let spliced = (0..=at).rev().find(|at| expected[*at..] == got[at + added..]).expect("one insertion");
    let inserted = got[spliced..spliced + added].replace([' ', ','], "");
    let rotated = format!("{inserted}{inserted}");
    assert!(rotated.contains("\"stream_options\":{\"include_usage\":true}"), "{inserted}");
    serde_json::from_str::<serde_json::Value>(got).expect("still JSON");
}

fn anthropic_stream() -> impl Strategy<Value = String> {
    let of = |name: &'static str, data: &'static str| {
        let data = (string(), others()).prop_map(move |(text, more)| {
            let more: String = more.iter().map(|member| format!(",{member}")).collect();
            one_line(&format!("{{\"type\":\"{name}\"{}{more}}}", data.replace("TEXT", &text)))
        });
        event(name, data)
    };
    let start = of(
        "message_start",
        ",\"message\":{\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}",
    );
    let block = of("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    let ping = of("ping", "");
    let sure =
        of("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"sure\"}");
    let delta = of("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":TEXT}");
    let end = of("content_block_stop", ",\"index\":0");
    let last = of(
        "message_delta",
        ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":9}",
    );
    let stop = of("message_stop", "");
    (start, ping, block, sure, prop::collection::vec(delta, 0..6), end, last, stop).prop_map(
        |(start, ping, block, sure, deltas, end, last, stop)| {
            [start, ping, block, sure, deltas.concat(), end, last, stop].concat()
        },
    )
}

#[test]
fn p4_anthropic_streams_go_through_unchanged() {
    let bench = Bench::new(Dialect::Anthropic, "");
    let framing = prop_oneof![Just(RawFraming::Chunked), Just(RawFraming::Length)];
    let strategy = (request(true), anthropic_stream(), pieces(), framing);
    proptest!(cases(120), |(((first, model, second), body, pieces, framing) in strategy)| {
        let said = raw("text/event-stream", body.clone(), pieces, framing);
        let (reply, got) = bench.exchange(Dialect::Anthropic, &format!("{first}{model}{second}"), said);
        prop_assert_eq!(reply.status, 200, "{}", reply.lossy());
        prop_assert!(reply.broken.is_none());
        prop_assert_eq!(String::from_utf8_lossy(&reply.body), body);
        prop_assert_eq!(String::from_utf8_lossy(&got), format!("{first}\"m\"{second}"));
    });
}

/// A name that the deployment shares with the route is not touched at all.
#[test]
fn p4_a_request_that_needs_no_edit_is_not_edited() {
    let bench = Bench::new(Dialect::OpenAi, "");
    let answer = format!("{PLAIN_OPENAI}}}");
    let request =
        "{ \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}], \"model\" : \"a/m\"  , \"seed\": 1.00 }\n";
    let said = raw("application/json", answer, Vec::new(), RawFraming::Length);
    let (reply, got) = bench.exchange(Dialect::OpenAi, request, said.clone());
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert_eq!(got, request.replace("a/m", "m"));
    let plain = request.replace("a/m", "m");
    let (reply, got) = bench.exchange(Dialect::OpenAi, &plain, said);
    assert_eq!(reply.status, 200, "{}", reply.lossy());
    assert_eq!((got, reply.header("x-releve-edits")), (plain.into(), None));
}
