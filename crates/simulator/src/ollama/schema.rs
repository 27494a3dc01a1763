//! What an Ollama request may hold (`ChatRequest` and `Options` of ollama 0.6.3, read 2026-11-28).

use crate::shape::{
    Shape::{self, Any, Either, Flag, List, Map, Number, Object, Same, Text, Whole},
    may,
};

const INT: Shape = Whole(i64::MIN, i64::MAX);
const FLOAT: Shape = Number(f64::MIN, f64::MAX);

pub(super) static REQUEST: Shape = Object(&[
    may("model", Text),
    may("messages", List(&MESSAGE)),
    may("tools", List(&TOOL)),
    may("format", Either(&[Text, Map(&Any)])),
    may("options", Same(&OPTIONS)),
    may("stream", Flag),
    may("keep_alive", Either(&[Text, FLOAT])),
    may("think", Either(&[Flag, Text])),
    may("logprobs", Flag),
    may("top_logprobs", Whole(0, 20)),
    may("truncate", Flag),
    may("shift", Flag),
]);

static MESSAGE: Shape = Object(&[
    may("role", Text),
    may("content", Text),
    may("thinking", Text),
    may("images", List(&Text)),
    may("tool_name", Text),
    may("tool_call_id", Text),
    may(
        "tool_calls",
        List(&Object(&[
            may("id", Text),
            may("function", Object(&[may("index", INT), may("name", Text), may("arguments", Map(&Any))])),
        ])),
    ),
]);

static TOOL: Shape = Object(&[
    may("type", Text),
    may("function", Object(&[may("name", Text), may("description", Text), may("parameters", Map(&Any))])),
]);

static OPTIONS: Shape = Object(&[
    may("numa", Flag),
    may("num_ctx", INT),
    may("num_batch", INT),
    may("num_gpu", INT),
    may("main_gpu", INT),
    may("use_mmap", Flag),
    may("num_thread", INT),
    may("num_keep", INT),
    may("seed", INT),
    may("num_predict", INT),
    may("top_k", INT),
    may("top_p", FLOAT),
    may("min_p", FLOAT),
    may("typical_p", FLOAT),
    may("repeat_last_n", INT),
    may("temperature", FLOAT),
    may("repeat_penalty", FLOAT),
    may("presence_penalty", FLOAT),
    may("frequency_penalty", FLOAT),
    may("stop", List(&Text)),
]);
