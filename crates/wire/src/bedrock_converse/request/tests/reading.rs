//! What a client's request says, and what of it goes no further.

use super::*;

fn read(member: &Value) -> Result<Request, TranslateError> {
    let mut body = json!({"messages": [text("a")]});
    body.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
    decode(body.to_string().as_bytes())
}

fn content(block: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": [block]}]})
}

#[test]
fn what_has_no_place_elsewhere_is_named() {
    for (member, lost) in [
        (
            json!({"serviceTier": {"type": "flex"}, "performanceConfig": {"latency": "optimized"}}),
            &["performanceConfig"][..],
        ),
        (
            json!({"serviceTier": {"type": "default"}, "performanceConfig": {"latency": "standard"}, "guardrailConfig": {}}),
            &[],
        ),
        (
            json!({"new": 1, "projectIdentifier": "p", "additionalModelResponseFieldPaths": ["/x"], "nothing": null}),
            &["additionalModelResponseFieldPaths", "new", "projectIdentifier"],
        ),
        (
            json!({"inferenceConfig": {"topK": 3}, "outputConfig": {"x": 1}}),
            &["inferenceConfig.topK", "outputConfig.x"],
        ),
        (
            json!({"additionalModelRequestFields": {"anthropic_beta": ["x"], "top_k": 5}}),
            &["additionalModelRequestFields.anthropic_beta"],
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"cachePoint": {"type": "default"}}, {"guardContent": {"text": {"text": "a"}}}]}]}),
            &["cachePoint", "guardContent"],
        ),
        (
            json!({"toolConfig": {"tools": [{"cachePoint": {"type": "default"}}, {"toolSpec": {"name": "f", "x": 1}}], "y": 1}}),
            &["cachePoint", "toolConfig.y", "toolSpec.x"],
        ),
    ] {
        let mut losses: Vec<String> =
            read(&member).unwrap().losses.into_iter().map(|loss| loss.what).collect();
        losses.sort_unstable();
        assert_eq!(losses, lost, "{member}");
    }
}

#[test]
fn what_must_not_be_left_out_is_refused() {
    for (member, what) in [
        (json!({"guardrailConfig": {"guardrailIdentifier": "g"}}), "guardrailConfig"),
        (json!({"promptVariables": {"x": {"text": "y"}}}), "promptVariables"),
        (content(&json!({"toolAddition": {"tool": {}}})), "toolAddition"),
        (
            content(&json!({"toolResult": {"toolUseId": "1", "content": [{"somethingNew": {}}]}})),
            "toolResult.somethingNew",
        ),
    ] {
        let refused = read(&member);
        assert!(
            matches!(&refused, Err(TranslateError::Unsayable { what: found, .. }) if found == what),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_no_request_is_refused_by_the_place_where_it_is_none() {
    for (member, path) in [
        (json!({"messages": "x"}), "messages"),
        (json!({"messages": [{"role": "owner", "content": []}]}), "messages[0].role"),
        (json!({"messages": [{"content": []}]}), "messages[0]"),
        (content(&json!({"text": 1})), "messages[0].content[0].text"),
        (content(&json!({"toolUse": {"name": "f"}})), "messages[0].content[0].toolUse"),
        (content(&json!({"image": {"format": "png"}})), "messages[0].content[0].image"),
        (json!({"inferenceConfig": {"maxTokens": -1}}), "inferenceConfig.maxTokens"),
        (json!({"toolConfig": {"toolChoice": {"none": {}}}}), "toolConfig.toolChoice.none"),
        (json!({"system": 5}), "system"),
        (
            json!({"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "x"}}}}}),
            "outputConfig.textFormat",
        ),
    ] {
        let refused = read(&member);
        assert!(
            matches!(&refused, Err(TranslateError::Malformed { path: found, .. }) if found == path),
            "{refused:?}"
        );
    }
    assert!(decode(b"[]").is_err() && decode(b"{").is_err() && decode(b"").is_err());
}

#[test]
fn a_tool_that_aws_runs_is_its_own_again() {
    let body = json!({
        "messages": [
            text("a"),
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [], "type": "nova_grounding_result"}}]},
        ],
        "toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]},
    });
    let read = decode(body.to_string().as_bytes()).unwrap();
    assert!(matches!(&read.turns[1].blocks[0].content, Content::Opaque(opaque) if opaque.kind == "toolUse"));
    let (again, losses) = encoded(&read, &target());
    assert_eq!((again, losses.len()), (body, 0));
}

#[test]
fn proofs_that_went_through_a_client_are_known_again() {
    use super::super::super::content::{self, From};
    let blocks = [
        thought("hm", Some(Opaque { owner: Some("aws".into()), ..signature("sig") })),
        thought(
            "",
            Some(Opaque {
                owner: Some("aws".into()),
                ..Opaque::new(Protocol::BedrockConverse, "redacted", "AAEC")
            }),
        ),
        thought("", Some(Opaque::new(Protocol::OpenaiResponses, "encrypted_content", "gA\u{f6}=="))),
        thought("so", Some(Opaque::new(Protocol::OpenaiResponses, "encrypted_content", "x"))),
        thought("signed by nobody", None),
    ]
    .map(Block::from);
    let mut json = crate::json::Json::new();
    json.array();
    content::write(&mut json, &blocks, &mut Vec::new()).unwrap();
    json.end_array();
    let body = json.finish();
    let mut scan = crate::scan::Scanner::new(&body).unwrap();
    assert_eq!(content::read(&mut scan, From::Client, &mut Vec::new()).unwrap(), blocks);
}
