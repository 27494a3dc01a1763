//! The list of models, in the client's protocol.

use serde_json::{Value, json};

use crate::{
    dates,
    http::{Request, decoded},
    protocol::{Label, Reason, Refusal},
    settings::{Model, Settings},
};

/// The reply to `GET .../models` and `GET .../models/{id}`.
pub(crate) fn read(request: &Request, settings: &Settings, label: &Label) -> Result<String, Refusal> {
    let path = request.path();
    let is_gemini = path.contains("/v1beta/");
    let show = match request.header("anthropic-version") {
        Some(_) => anthropic,
        None if is_gemini => gemini,
        None => openai,
    };
    let Some((_, id)) = path.split_once("/models/") else {
        let list: Vec<Value> = settings.models.iter().map(|model| show(model, label)).collect();
        if is_gemini {
            return Ok(json!({ "models": list }).to_string());
        }
        return Ok(json!({
            "object": "list", "first_id": list.first().map(|model| &model["id"]),
            "last_id": list.last().map(|model| &model["id"]), "has_more": false, "data": list,
        })
        .to_string());
    };
    let id = decoded(id);
    let missing = || Refusal::new(Reason::ModelMissing, format!("The model '{id}' does not exist"));
    settings.model(&id).map(|model| show(&model, label).to_string()).ok_or_else(missing)
}

fn openai(model: &Model, label: &Label) -> Value {
    json!({ "id": model.id, "object": "model", "created": label.now_unix_s, "owned_by": "simulated" })
}

fn anthropic(model: &Model, label: &Label) -> Value {
    json!({
        "type": "model", "id": model.id, "display_name": model.id, "created_at": dates::rfc3339(label.now_unix_s),
        "lifecycle": "active", "max_input_tokens": model.context_window, "max_tokens": model.max_output,
    })
}

fn gemini(model: &Model, _label: &Label) -> Value {
    json!({
        "name": format!("models/{}", model.id), "version": "001", "displayName": model.id,
        "inputTokenLimit": model.context_window, "outputTokenLimit": model.max_output,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}
