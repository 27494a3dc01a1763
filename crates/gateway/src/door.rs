//! Which endpoint a request is for, read from its method and path alone.

use catalogue::Protocol;
use http::{HeaderMap, Method, header};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A conversation, in the protocol that the path belongs to.
    Converse(Protocol),
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
    let (expected, endpoint) = match path {
        "/v1/chat/completions" => (Method::POST, Endpoint::Converse(Protocol::OpenaiChat)),
        "/v1/messages" => (Method::POST, Endpoint::Converse(Protocol::AnthropicMessages)),
        "/v1/models" => (Method::GET, Endpoint::Models),
        "/livez" => (Method::GET, Endpoint::Live),
        "/readyz" => (Method::GET, Endpoint::Ready),
        "/" => (Method::GET, Endpoint::Root),
        _ => match path.strip_prefix("/v1/models/") {
            Some(id) if !id.is_empty() => (Method::GET, Endpoint::Model(percent_decoded(id))),
            _ => return Err(NoEndpoint::Path),
        },
    };
    let readable = expected == Method::GET;
    if *method == expected || (readable && method == Method::HEAD) {
        Ok(endpoint)
    } else {
        Err(NoEndpoint::Method(if readable { "GET, HEAD" } else { "POST" }))
    }
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
    if path.starts_with("/v1/messages") || headers.contains_key("anthropic-version") {
        Protocol::AnthropicMessages
    } else {
        Protocol::OpenaiChat
    }
}

fn percent_decoded(text: &str) -> String {
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

    #[test]
    fn paths_lead_to_endpoints() {
        let post = |path| find(&Method::POST, path);
        let get = |path| find(&Method::GET, path);
        assert_eq!(post("/v1/chat/completions"), Ok(Endpoint::Converse(Protocol::OpenaiChat)));
        assert_eq!(post("/v1/messages"), Ok(Endpoint::Converse(Protocol::AnthropicMessages)));
        assert_eq!(get("/v1/messages"), Err(NoEndpoint::Method("POST")));
        assert_eq!(post("/livez"), Err(NoEndpoint::Method("GET, HEAD")));
        assert_eq!(get("/v1/models/openai%2Fgpt-5"), Ok(Endpoint::Model("openai/gpt-5".into())));
        assert_eq!(get("/v1/models/openai/gpt-5"), Ok(Endpoint::Model("openai/gpt-5".into())));
        assert_eq!(get("/v1/models/50%"), Ok(Endpoint::Model("50%".into())));
        assert_eq!(find(&Method::HEAD, "/"), Ok(Endpoint::Root));
        assert_eq!(get("/v1/elsewhere"), Err(NoEndpoint::Path));
        assert_eq!(get("/v1/models/"), Err(NoEndpoint::Path));
    }
}
