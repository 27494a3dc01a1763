//! Requests, read and written.

mod read;
mod written;

use proptest::prelude::*;

use super::super::tests::{OWNER, any, target};
use crate::conversation::{ClientTranslator, Request, Target, Translator};
use crate::openai_chat::OpenaiChat;

proptest! {
    /// What Chat Completions can say comes back as it was, and as the same bytes.
    #[test]
    fn a_request_says_the_same_there_and_back(request in any::request()) {
        let ours = any::owned(request.clone(), OWNER);
        let encoded = OpenaiChat.encode_request(&ours, &target()).unwrap();
        prop_assert_eq!(&encoded.losses, &[]);
        let again = OpenaiChat.decode_request(&encoded.body).unwrap();
        prop_assert_eq!(&again, &any::joined(request));
        prop_assert_eq!(OpenaiChat.encode_request(&again, &target()).unwrap().body, encoded.body);
    }

    /// To a target that takes no marks and made none of the proofs, the same request is said with less, and that is named.
    #[test]
    fn g10_what_is_not_said_is_named(request in any::request()) {
        let lesser = Target { capabilities: catalogue::Capabilities::default(), ..target() };
        let theirs = any::owned(request.clone(), "other");
        let encoded = OpenaiChat.encode_request(&theirs, &lesser).unwrap();
        let again = OpenaiChat.decode_request(&encoded.body).unwrap();
        prop_assert_eq!(again == any::joined(request), encoded.losses.is_empty(), "{:?}", encoded.losses);
    }
}

fn everything() -> Request {
    OpenaiChat.decode_request(include_bytes!("tests/everything.json")).unwrap()
}
