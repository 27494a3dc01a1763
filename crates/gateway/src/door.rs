//! Which endpoint a request is for, read from its method and path alone.

use catalogue::Protocol;
use http::{HeaderMap, Method, header};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A conversation.
    Converse(Conversation),
    /// How many tokens the prompt of one has.
    CountTokens(Conversation),
    /// A response that may be kept.
    Stored(Stored),
    /// `GET /v1/models`.
    Models,
    /// `GET /v1/models/{id}`; the id percent-decoded.
    Model(String),
    /// `/livez`: the process runs.
    Live,
    /// `/readyz`: requests are served.
    Ready,
    /// `/`: some clients look whether anybody is there.
    Root,
}

/// What is wanted of a response that may be kept; its id percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    /// `GET /v1/responses/{id}`.
    Response(String),
    /// `DELETE` of the same.
    Deleted(String),
    /// `GET /v1/responses/{id}/input_items`.
    InputItems(String),
    /// `POST /v1/responses/{id}/cancel`.
    Cancelled(String),
}

impl Stored {
    /// Whose.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Response(id) | Self::Deleted(id) | Self::InputItems(id) | Self::Cancelled(id) => id,
        }
    }
}

/// A conversation, as far as the path says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conversation {
    /// What is spoken.
    pub(crate) protocol: Protocol,
    /// The model, in dialects that name it in the path; percent-decoded.
    pub(crate) model: Option<String>,
    /// Whether the answer is to be streamed, in dialects that say so in the path.
    pub(crate) stream: Option<bool>,
}

/// Why a request leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoEndpoint {
    /// The path is unknown.
    Path,
    /// The path is known, the method is not; these are, as `Allow` says it.
    Method(&'static str),
}

/// Finds the endpoint of `method` and `path`.
pub(crate) fn find(method: &Method, path: &str) -> Result<Endpoint, NoEndpoint> {
    if let Some(stored) = stored(method, path) {
        return stored.map(Endpoint::Stored);
    }
    let (expected, endpoint) = match path {
        "/v1/models" | "/v1beta/models" | "/v1alpha/models" | "/openai/v1/models" => {
            (Method::GET, Endpoint::Models)
        }
        "/livez" => (Method::GET, Endpoint::Live),
        "/readyz" => (Method::GET, Endpoint::Ready),
        "/" => (Method::GET, Endpoint::Root),
        _ => {
            let conversing = conversation(path).map(Endpoint::Converse);
            if let Some(endpoint) = conversing.or_else(|| counted(path).map(Endpoint::CountTokens)) {
                (Method::POST, endpoint)
            } else if *method == Method::POST && gemini_model(path).is_some() {
                // What else Gemini's clients want of a model.
                return Err(NoEndpoint::Path);
            } else {
                (Method::GET, Endpoint::Model(model(path).ok_or(NoEndpoint::Path)?))
            }
        }
    };
    let readable = expected == Method::GET;
    if *method == expected || (readable && method == Method::HEAD) {
        Ok(endpoint)
    } else {
        Err(NoEndpoint::Method(if readable { "GET, HEAD" } else { "POST" }))
    }
}

/// What a path is for that is not offered, where its protocol has it.
pub(crate) fn not_offered(path: &str) -> Option<&'static str> {
    if let Some((_, action)) = gemini_model(path) {
        return matches!(action, "embedContent" | "batchEmbedContents").then_some("embeddings");
    }
    let path = path.trim_start_matches("/openai");
    let of_azure = path.strip_prefix("/deployments/").and_then(|rest| rest.split_once('/'));
    let path = of_azure.map_or(path, |(_, rest)| rest).trim_start_matches("/v1/");
    match path.split('/').next()? {
        "embeddings" => Some("embeddings"),
        "completions" => Some("completions of bare text"),
        "moderations" => Some("moderations"),
        "images" => Some("images"),
        "audio" => Some("audio"),
        "files" => Some("files"),
        "batches" => Some("batches"),
        "rerank" => Some("ranking"),
        _ => None,
    }
}

/// The conversation that `path` is for.
fn conversation(path: &str) -> Option<Conversation> {
    let said_in_body = |protocol| Some(Conversation { protocol, model: None, stream: None });
    match path {
        "/v1/chat/completions" | "/openai/v1/chat/completions" => return said_in_body(Protocol::OpenaiChat),
        "/v1/responses" | "/openai/v1/responses" => return said_in_body(Protocol::OpenaiResponses),
        "/v1/messages" => return said_in_body(Protocol::AnthropicMessages),
        _ => {}
    }
    azure(path).or_else(|| gemini(path)).or_else(|| converse(path))
}

/// What is wanted of a kept response; `None` where the path is for none.
fn stored(method: &Method, path: &str) -> Option<Result<Stored, NoEndpoint>> {
    let rest = path.strip_prefix("/v1/responses/").or_else(|| path.strip_prefix("/openai/v1/responses/"))?;
    let (id, part) = rest.split_once('/').map_or((rest, None), |(id, part)| (id, Some(part)));
    // Ways to ask that are not offered here.
    let id = named(id).filter(|id| !matches!(id.as_str(), "compact" | "input_tokens"))?;
    let reads = method == Method::GET || method == Method::HEAD;
    Some(match part {
        None if reads => Ok(Stored::Response(id)),
        None if method == Method::DELETE => Ok(Stored::Deleted(id)),
        None => Err(NoEndpoint::Method("GET, HEAD, DELETE")),
        Some("input_items") if reads => Ok(Stored::InputItems(id)),
        Some("input_items") => Err(NoEndpoint::Method("GET, HEAD")),
        Some("cancel") if method == Method::POST => Ok(Stored::Cancelled(id)),
        Some("cancel") => Err(NoEndpoint::Method("POST")),
        Some(_) => return None,
    })
}

/// The conversation whose tokens `path` asks for.
fn counted(path: &str) -> Option<Conversation> {
    let said_in_body = |protocol| Some(Conversation { protocol, model: None, stream: None });
    match path {
        "/v1/messages/count_tokens" => return said_in_body(Protocol::AnthropicMessages),
        "/v1/responses/input_tokens" | "/openai/v1/responses/input_tokens" => {
            return said_in_body(Protocol::OpenaiResponses);
        }
        _ => {}
    }
    let (model, action) = gemini_model(path)?;
    let model = named(model).filter(|_| action == "countTokens")?;
    Some(Conversation { protocol: Protocol::Gemini, model: Some(model), stream: Some(false) })
}

/// `/openai/deployments/{name}/chat/completions`: the name stands in the path, whatever the body says.
fn azure(path: &str) -> Option<Conversation> {
    let name = path.strip_prefix("/openai/deployments/")?.strip_suffix("/chat/completions")?;
    Some(Conversation { protocol: Protocol::OpenaiChat, model: Some(named(name)?), stream: None })
}

/// `/v1beta/models/{model}:generateContent` and its like, under `/v1` and `/v1alpha` too.
fn gemini(path: &str) -> Option<Conversation> {
    let (model, action) = gemini_model(path)?;
    let stream = match action {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return None,
    };
    Some(Conversation { protocol: Protocol::Gemini, model: Some(named(model)?), stream: Some(stream) })
}

/// The model in a path of Gemini's, and what is wanted of it.
fn gemini_model(path: &str) -> Option<(&str, &str)> {
    let versions = ["/v1beta/models/", "/v1alpha/models/", "/v1/models/"];
    versions.iter().find_map(|version| path.strip_prefix(version))?.rsplit_once(':')
}

/// `/model/{id}/converse` and `/converse-stream`.
fn converse(path: &str) -> Option<Conversation> {
    let (model, action) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let stream = match action {
        "converse" => false,
        "converse-stream" => true,
        _ => return None,
    };
    Some(Conversation {
        protocol: Protocol::BedrockConverse,
        model: Some(named(model)?),
        stream: Some(stream),
    })
}

/// A name in a path, which is never empty.
fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| percent_decoded(name))
}

fn model(path: &str) -> Option<String> {
    let prefixes = ["/v1/models/", "/v1beta/models/", "/v1alpha/models/", "/openai/v1/models/"];
    let id = prefixes.iter().find_map(|prefix| path.strip_prefix(prefix))?;
    (!id.is_empty()).then(|| percent_decoded(id))
}

/// Whether a client wants to go on in WebSocket. It must hear that this is not offered, or it waits; any other upgrade
/// (Java's client offers h2c with each first request) may be passed over, and the request is served.
pub(crate) fn wants_web_socket(headers: &HeaderMap) -> bool {
    let offered = headers
        .get_all(header::UPGRADE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    offered
        .map(|protocol| protocol.split(|byte| *byte == b'/').next().unwrap_or_default().trim_ascii())
        .any(|name| name.eq_ignore_ascii_case(b"websocket"))
}

/// The protocol in whose shape a request is refused before its endpoint is known to have one.
pub(crate) fn dialect(path: &str, headers: &HeaderMap) -> Protocol {
    if let Some(Conversation { protocol, .. }) = conversation(path).or_else(|| counted(path)) {
        protocol
    } else if path.starts_with("/v1beta/")
        || path.starts_with("/v1alpha/")
        || headers.contains_key("x-goog-api-key")
    {
        Protocol::Gemini
    } else if path.starts_with("/v1/messages") || headers.contains_key("anthropic-version") {
        Protocol::AnthropicMessages
    } else {
        Protocol::OpenaiChat
    }
}

/// Text of a path or a query, without its escapes.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let pair = bytes.get(position + 1..position + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[position] == b'%' => {
                decoded.push(byte);
                position += 3;
            }
            _ => {
                decoded.push(bytes[position]);
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_in_body(protocol: Protocol) -> Endpoint {
        Endpoint::Converse(Conversation { protocol, model: None, stream: None })
    }

    fn said_in_path(protocol: Protocol, model: &str, stream: impl Into<Option<bool>>) -> Endpoint {
        let (model, stream) = (Some(model.into()), stream.into());
        Endpoint::Converse(Conversation { protocol, model, stream })
    }

    #[test]
    fn paths_lead_to_endpoints() {
        let post = |path| find(&Method::POST, path);
        let get = |path| find(&Method::GET, path);
        assert_eq!(post("/v1/chat/completions"), Ok(said_in_body(Protocol::OpenaiChat)));
        assert_eq!(post("/v1/messages"), Ok(said_in_body(Protocol::AnthropicMessages)));
        let counted = Conversation { protocol: Protocol::AnthropicMessages, model: None, stream: None };
        assert_eq!(post("/v1/messages/count_tokens"), Ok(Endpoint::CountTokens(counted)));
        assert_eq!(post("/v1/responses"), Ok(said_in_body(Protocol::OpenaiResponses)));
        assert_eq!(get("/v1/messages"), Err(NoEndpoint::Method("POST")));
        assert_eq!(post("/livez"), Err(NoEndpoint::Method("GET, HEAD")));
        assert_eq!(get("/v1/models/openai%2Fgpt-5"), Ok(Endpoint::Model("openai/gpt-5".into())));
        assert_eq!(get("/v1/models/openai/gpt-5"), Ok(Endpoint::Model("openai/gpt-5".into())));
        assert_eq!(get("/v1/models/50%"), Ok(Endpoint::Model("50%".into())));
        assert_eq!(get("/v1beta/models/a"), Ok(Endpoint::Model("a".into())));
        assert_eq!(find(&Method::HEAD, "/"), Ok(Endpoint::Root));
        assert_eq!(get("/v1/elsewhere"), Err(NoEndpoint::Path));
        assert_eq!(get("/v1/models/"), Err(NoEndpoint::Path));
    }

    #[test]
    fn what_is_not_offered_is_called_by_its_name() {
        for (path, what) in [
            ("/v1/embeddings", Some("embeddings")),
            ("/openai/v1/embeddings", Some("embeddings")),
            ("/openai/deployments/a/embeddings", Some("embeddings")),
            ("/v1beta/models/a:batchEmbedContents", Some("embeddings")),
            ("/v1/audio/speech", Some("audio")),
            ("/v1/batches/b_1/cancel", Some("batches")),
            ("/v1/elsewhere", None),
            ("/v1beta/models/a:elsewhere", None),
        ] {
            assert_eq!(not_offered(path), what, "{path}");
        }
    }

    #[test]
    fn a_kept_response_has_its_ways() {
        let id = || "resp_1/2".to_owned();
        let at = "/v1/responses/resp_1%2F2";
        let find = |method: Method, part: &str| find(&method, &format!("{at}{part}"));
        assert_eq!(find(Method::GET, ""), Ok(Endpoint::Stored(Stored::Response(id()))));
        assert_eq!(find(Method::DELETE, ""), Ok(Endpoint::Stored(Stored::Deleted(id()))));
        assert_eq!(find(Method::GET, "/input_items"), Ok(Endpoint::Stored(Stored::InputItems(id()))));
        assert_eq!(find(Method::POST, "/cancel"), Ok(Endpoint::Stored(Stored::Cancelled(id()))));
        assert_eq!(find(Method::POST, ""), Err(NoEndpoint::Method("GET, HEAD, DELETE")));
        assert_eq!(find(Method::DELETE, "/input_items"), Err(NoEndpoint::Method("GET, HEAD")));
        assert_eq!(find(Method::GET, "/elsewhere"), Err(NoEndpoint::Path));
        assert_eq!(super::find(&Method::POST, "/v1/responses/compact"), Err(NoEndpoint::Path));
        assert_eq!(super::find(&Method::GET, "/v1/responses/"), Err(NoEndpoint::Path));
    }

    #[test]
    fn a_model_in_the_path_is_found_with_its_slashes() {
        let post = |path| find(&Method::POST, path);
        let (gemini, converse) = (Protocol::Gemini, Protocol::BedrockConverse);
        assert_eq!(post("/v1beta/models/a/b:generateContent"), Ok(said_in_path(gemini, "a/b", false)));
        assert_eq!(post("/v1alpha/models/a:generateContent"), Ok(said_in_path(gemini, "a", false)));
        assert_eq!(post("/v1/models/a%2Fb:streamGenerateContent"), Ok(said_in_path(gemini, "a/b", true)));
        assert_eq!(post("/v1beta/models/:generateContent"), Err(NoEndpoint::Path));
        assert_eq!(post("/v1beta/models/a:embedContent"), Err(NoEndpoint::Path));
        assert_eq!(
            post("/model/arn%3Aaws%3Ax%2Fy/converse"),
            Ok(said_in_path(converse, "arn:aws:x/y", false))
        );
        assert_eq!(post("/model/a:0/converse-stream"), Ok(said_in_path(converse, "a:0", true)));
        assert_eq!(post("/model//converse"), Err(NoEndpoint::Path));
        let azure = post("/openai/deployments/prod/chat/completions");
        assert_eq!(azure, Ok(said_in_path(Protocol::OpenaiChat, "prod", None)));
    }
}
