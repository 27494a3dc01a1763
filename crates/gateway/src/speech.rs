//! How a request is said to a deployment: as it came, or translated.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use routing::DeploymentIndex;
use wire::conversation::{ClientTranslator, Loss, ReplyContext, Request, Target, TranslateError, Translator};
use wire::translate::{self, StreamTranslation, Undo};
use wire::{AmendTo, Amended, Amendments, Broken, Codec, Edit, Failure};

use crate::call::Call;

/// What Anthropic calls a prompt beyond the window, and its clients know it by.
const TOO_LONG: &str = "prompt is too long";

/// See the module.
#[derive(Debug)]
pub(crate) enum Speech {
    /// In the client's own protocol: its bytes, with the deployment's changes; and what is left out.
    Own { losses: Vec<Loss>, edits: Vec<Edit> },
    /// In another.
    Translated(Box<Translated>),
}

/// A request in another protocol than its client's, and the way back.
#[derive(Debug)]
pub(crate) struct Translated {
    body: Bytes,
    supplier: &'static dyn Translator,
    client: &'static dyn ClientTranslator,
    undo: Arc<Undo>,
    about: ReplyContext,
    losses: Vec<Loss>,
}

/// The client's request in no dialect, read when it is wanted, until somebody has been told.
pub(crate) type Neutral = RefCell<Option<Result<Arc<Request>, TranslateError>>>;

impl Speech {
    /// Says the request of `call` to `deployment`.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] where the client's request is at fault; any other where this deployment cannot be
    /// told.
    pub(crate) fn new(call: &Call, deployment: DeploymentIndex) -> Result<Self, TranslateError> {
        let betas = &call.snapshot.provider_of(deployment).betas;
        let lost_betas = call.client_headers.lost_betas(call.is_translated(deployment), betas);
        let amendments = &call.snapshot.deployment(deployment).amendments;
        if !call.is_translated(deployment) {
            if !call.keeps_threads(deployment) {
                call.asked.codec.check_is_whole(&call.body.borrow())?;
            }
            let Amended { edits, mut losses } = amended(call, deployment, amendments);
            if call.leaves_reasoning_out(deployment) {
                losses.insert(0, Loss::new("reasoning.proof", "another supplier's"));
            }
            losses.extend(lost_betas);
            return Ok(Self::Own { losses, edits });
        }
        let supplier = call.codec_of(deployment).translator().expect("who cannot be told is no candidate");
        let client = call.asked.codec.translator().and_then(Translator::client);
        let client = client.expect("who cannot be told is no candidate");
        let request = request(call, client)?;
        let asked_for = call.client_headers.betas_of_claude(betas);
        let target = Target { betas: &asked_for, ..target(call, deployment) };
        translate::check_start(&request, client, supplier, &target)?;
        let mut said = translate::request(&amendments.to(&request), supplier, &target)?;
        said.losses.extend(lost_betas);
        // A request waits with its two bodies and what its answer is made of. Whoever is asked next is told anew.
        let request = Arc::new(client.kept_for_reply(&request));
        call.neutral.take();
        Ok(Self::Translated(Box::new(Translated {
            body: said.body,
            supplier,
            client,
            undo: Arc::new(said.undo),
            about: ReplyContext {
                request_id: call.id_text.as_str().into(),
                created_unix_s: u64::try_from(call.arrived_us / 1_000_000).unwrap_or_default(),
                model: Arc::clone(&call.asked.model),
                estimated_input_tokens: call.asked.estimated_input_tokens,
                request,
                previous: call.thread.previous().cloned(),
            },
            losses: said.losses,
        })))
    }

    /// What the deployment's configuration changes in the client's own bytes.
    pub(crate) fn edits(&self) -> &[Edit] {
        match self {
            Self::Own { edits, .. } => edits,
            Self::Translated(_) => &[],
        }
    }

    /// The body, where it is not the client's own.
    pub(crate) fn body(&self) -> Option<&Bytes> {
        match self {
            Self::Own { .. } => None,
            Self::Translated(translated) => Some(&translated.body),
        }
    }

    /// Whether it is in another protocol than the client's.
    pub(crate) const fn is_translated(&self) -> bool {
        matches!(self, Self::Translated(_))
    }

    /// The supplier has it and answers: lets go of what was sent. A stream may go on for long.
    pub(crate) fn sent(&mut self) {
        if let Self::Translated(translated) = self {
            translated.body = Bytes::new();
        }
    }

    /// What is not said, on the way there and, of a whole answer, back.
    pub(crate) fn losses(&self) -> &[Loss] {
        match self {
            Self::Own { losses, .. } => losses,
            Self::Translated(translated) => &translated.losses,
        }
    }

    /// A supplier's whole answer, as the client is to read it.
    pub(crate) fn answer(&mut self, body: Bytes) -> Result<Bytes, TranslateError> {
        let Self::Translated(translated) = self else { return Ok(body) };
        let Translated { supplier, client, undo, about, losses, .. } = &mut **translated;
        let said = translate::answer(&body, *supplier, *client, undo, about)?;
        losses.extend(said.losses);
        Ok(said.body)
    }

    /// A translation of the streamed answer; `None` where it goes through as it comes.
    pub(crate) fn stream(&self) -> Option<Box<StreamTranslation>> {
        let Self::Translated(translated) = self else { return None };
        let Translated { supplier, client, undo, about, .. } = &**translated;
        Some(Box::new(StreamTranslation::new(*supplier, *client, Arc::clone(undo), about)))
    }

    /// The headers of the answer, as far as they describe its body.
    pub(crate) fn headers(&self, supplier: HeaderMap, call: &Call) -> HeaderMap {
        if matches!(self, Self::Own { .. }) {
            return supplier;
        }
        let media_type =
            if call.asked.stream { call.asked.codec.framing().media_type() } else { "application/json" };
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if call.asked.stream {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        headers
    }
}

/// What a supplier's answer that cannot be translated comes to.
pub(crate) fn failure(error: &TranslateError) -> Failure {
    tracing::debug!(%error, "an answer cannot be translated");
    match error {
        TranslateError::Failed(failure) => *failure,
        TranslateError::Malformed { .. } => Failure::Broken(Broken::Malformed),
        TranslateError::Unsayable { .. } => Failure::AnswerUnsayable,
    }
}

/// The deployment's changes in the client's own bytes.
fn amended(call: &Call, deployment: DeploymentIndex, amendments: &Amendments) -> Amended {
    let keeps_threads = call.keeps_threads(deployment);
    // Without members there is nothing to change: whoever is asked refuses it.
    if (amendments.is_empty() && keeps_threads) || call.asked.is_empty {
        return Amended::default();
    }
    let to = AmendTo {
        model: call.model_name(deployment),
        quirks: call.snapshot.deployment(deployment).quirks,
        max_tokens: call.asked.max_tokens,
        keeps_threads,
    };
    call.asked.codec.amend(&call.body.borrow(), amendments, &to)
}

/// The request in no dialect.
fn request(call: &Call, client: &dyn ClientTranslator) -> Result<Arc<Request>, TranslateError> {
    if let Some(Ok(inlined)) = &*call.fetched.borrow() {
        return Ok(Arc::clone(&inlined.request));
    }
    let read = || {
        let mut request = client.decode_request(&call.body.borrow())?;
        request.stream = call.asked.stream;
        Ok(Arc::new(request))
    };
    call.neutral.borrow_mut().get_or_insert_with(read).clone()
}

fn target(call: &Call, deployment: DeploymentIndex) -> Target<'_> {
    let (known, here) = (call.snapshot.routing_of(deployment), call.snapshot.deployment(deployment));
    let provider = call.snapshot.provider_of(deployment);
    Target {
        model: call.model_name(deployment),
        owner: &provider.name,
        max_output: known.max_output,
        capabilities: known.capabilities,
        quirks: here.quirks,
        refuses: &here.refuses,
        stream_usage: provider.stream_usage,
        betas: &[],
        may_drop: &call.route().may_drop,
    }
}

/// A supplier's error in the words of the client's protocol: whatever the supplier says of itself stays there. A prompt
/// that is too long is called what clients look for before they shorten it: OpenAI's code, Anthropic's phrase.
pub(crate) fn error_in(
    codec: &dyn Codec,
    status: u16,
    failure: &Failure,
    body: &[u8],
    request_id: &str,
) -> Bytes {
    let mut message = wire::error_message(body).unwrap_or_else(|| format!("the supplier answered {status}"));
    let is_too_long = matches!(failure, Failure::ContextExceeded) && !wire::is_of_the_answer(body);
    if is_too_long && !message.to_ascii_lowercase().contains(TOO_LONG) {
        message = format!("{TOO_LONG}: {message}");
    }
    codec.error_reply(&wire::ErrorReply {
        status,
        kind: wire::ErrorKind::of_status(status),
        message: &message,
        request_id,
        code: is_too_long.then_some("context_length_exceeded"),
        param: None,
    })
}

#[cfg(test)]
mod tests {
    use catalogue::Protocol;

    use super::*;

    #[test]
    fn i02_only_of_a_prompt_that_is_too_long_it_is_said() {
        let messages = wire::codec(Protocol::AnthropicMessages).expect("it is a protocol that clients speak");
        let said = |message: &str| {
            let body = format!(r#"{{"error":{{"message":"{message}"}}}}"#);
            let error = error_in(messages, 400, &Failure::ContextExceeded, body.as_bytes(), "req_1");
            String::from_utf8_lossy(&error).into_owned()
        };
        assert!(said("This model's maximum context length is 8192 tokens.").contains(TOO_LONG));
        for answer in [
            "max_tokens is too large: 9000. This model supports at most 4096 completion tokens.",
            "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens",
            "too many tokens: max tokens must be less than or equal to 4096",
        ] {
            assert!(said(answer).contains(answer) && !said(answer).contains(TOO_LONG), "{answer}");
        }
    }
}
