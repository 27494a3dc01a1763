//! The keys that steer: each may stand there once, or two readers could understand two things.

macro_rules! keys {
    ($($key:ident = $name:literal, $text:literal;)*) => {
        /// A key that steers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Key {
            $($key,)*
            /// `include_usage` inside `stream_options`.
            IncludeUsage,
        }

        impl Key {
            /// The top-level ones.
            #[cfg(test)]
            pub(super) const NAMES: &'static [&'static str] = &[$($text),*];

            /// The top-level key of that name.
            #[inline]
            pub(super) const fn of(name: &[u8]) -> Option<Self> {
                match name {
                    $($name => Some(Self::$key),)*
                    _ => None,
                }
            }

            pub(super) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$key => $text,)*
                    Self::IncludeUsage => "stream_options.include_usage",
                }
            }

            pub(super) const fn bit(self) -> u32 {
                1 << self as u32
            }
        }
    };
}

keys! {
    Model = b"model", "model";
    Stream = b"stream", "stream";
    StreamOptions = b"stream_options", "stream_options";
    MaxTokens = b"max_tokens", "max_tokens";
    MaxCompletionTokens = b"max_completion_tokens", "max_completion_tokens";
    MaxOutputTokens = b"max_output_tokens", "max_output_tokens";
    N = b"n", "n";
    Tools = b"tools", "tools";
    ToolChoice = b"tool_choice", "tool_choice";
    Messages = b"messages", "messages";
    System = b"system", "system";
    Input = b"input", "input";
    ResponseFormat = b"response_format", "response_format";
    ReasoningEffort = b"reasoning_effort", "reasoning_effort";
    Thinking = b"thinking", "thinking";
    Metadata = b"metadata", "metadata";
    User = b"user", "user";
    Text = b"text", "text";
    OutputConfig = b"output_config", "output_config";
    OutputFormat = b"output_format", "output_format";
    Reasoning = b"reasoning", "reasoning";
    McpServers = b"mcp_servers", "mcp_servers";
    Container = b"container", "container";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same() {
        for name in Key::NAMES {
            assert_eq!(Key::of(name.as_bytes()).unwrap().as_str(), *name);
        }
    }
}
