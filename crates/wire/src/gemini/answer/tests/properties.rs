//! What holds for every answer.

use proptest::prelude::*;

use super::{
    Answer, Choice, Citation, ClientTranslator, Content, FinishReason, Reasoning, Text, Translator, about,
    call,
};
use crate::conversation::{Logprob, Loss, TokenLogprob};
use crate::gemini::signature;
use crate::gemini::translator::GeminiTranslator;

fn proof() -> impl Strategy<Value = Option<crate::conversation::Opaque>> {
    proptest::option::of("[A-Za-z0-9]{4}").prop_map(|data| data.map(signature::made))
}

prop_compose! {
    fn text()(
        text in ".{1,9}", proof in proof(), cited in proptest::collection::vec((0_u64..9, 0_u64..9, any::<[bool; 3]>()), 0..3),
    ) -> Content {
        let length = text.chars().count() as u64;
        let citations = cited.into_iter().map(|(start, size, has)| Citation {
            url: has[0].then(|| "https://a".to_owned()),
            title: Some(format!("page {size}")),
            quote: has[1].then(|| "q".to_owned()),
            range: has[2].then(|| (start.min(length), (start + size).min(length))), place: None });
        Content::Text(Text { text, proof, citations: citations.collect(), ..Text::default() })
    }
}

prop_compose! {
    fn choices()(
        contents in proptest::collection::vec(prop_oneof![
            3 => text(),
            1 => (".{1,5}", proof()).prop_map(|(text, proof)| Content::Reasoning(Reasoning { text, proof, is_summary: true })),
            2 => ("[0-9]{9}", proof()).prop_map(|(id, proof)| call(&id, "f", r#"{"a":0.70}"#, proof)),
        ], 0..5),
        finish in proptest::option::of(0_usize..4),
        logprob in proptest::option::of(-9_i32..0),
    ) -> Choice {
        let mut contents = contents;
        let last = contents.iter_mut().rev().find_map(|content| if let Content::Text(text) = content { Some(text) } else { None });
        if let (Some(text), Some(logprob)) = (last, logprob) {
            let token = Logprob { token: "t".into(), logprob: format!("{logprob}.50"), bytes: None };
            text.logprobs = vec![TokenLogprob { top: vec![token.clone()], chosen: token }];
        }
        let reasons = [FinishReason::Stop, FinishReason::Length, FinishReason::Filtered, FinishReason::Other("OTHER".into())];
        Choice { blocks: contents.into_iter().map(Into::into).collect(), finish: finish.map(|at| reasons[at].clone()) }
    }
}

prop_compose! {
    pub(in crate::gemini) fn answers()(
        choices in proptest::collection::vec(choices(), 1..3),
        counts in proptest::option::of(any::<[u16; 8]>()),
        (id, model) in (proptest::option::of("[a-z]{1,5}"), proptest::option::of("[a-z]{1,5}")),
    ) -> Answer {
        let usage = counts.map(|counts| {
            let [input_uncached, cache_read, audio_in, image_in, output_text, reasoning, audio_out, image_out] = counts.map(u64::from);
            catalogue::Usage { input_uncached, cache_read, audio_in, image_in, output_text, reasoning, audio_out, image_out, ..Default::default() }
        });
        Answer { id, model, choices, usage, ..Answer::default() }
    }
}

/// Its names where the supplier gave none.
pub(in crate::gemini) fn named(answer: Answer) -> Answer {
    let about = about();
    let id = answer.id.unwrap_or_else(|| about.request_id.to_string());
    let model = answer.model.unwrap_or_else(|| about.model.to_string());
    Answer { id: Some(id), model: Some(model), ..answer }
}

/// Citations of one page by one passage are told in any order.
fn sorted(mut answer: Answer) -> Answer {
    for block in answer.choices.iter_mut().flat_map(|choice| &mut choice.blocks) {
        if let Content::Text(text) = &mut block.content {
            text.citations.sort_by_key(|citation| format!("{citation:?}"));
        }
    }
    answer
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(answer in answers()) {
        let encoded = GeminiTranslator.encode_answer(&answer, &about()).unwrap();
        prop_assert_eq!(&encoded.losses, &Vec::<Loss>::new());
        let decoded = GeminiTranslator.decode_answer(&encoded.body).unwrap();
        prop_assert_eq!(sorted(decoded), sorted(named(answer)));
    }

    #[test]
    fn the_codec_sees_the_same(answer in answers()) {
        use crate::codec::Codec as _;
        let body = GeminiTranslator.encode_answer(&answer, &about()).unwrap().body;
        let ended = answer.choices.iter().any(|choice| choice.finish.is_some());
        let spoke = answer.choices.iter().any(|choice| !choice.blocks.is_empty());
        match crate::gemini::Gemini.reply(&body) {
            Ok(reply) => {
                prop_assert_eq!(reply.usage, answer.usage);
                prop_assert_eq!((reply.has_content, reply.finish.is_some()), (spoke, ended));
            }
            Err(_) => prop_assert!(!ended && !spoke),
        }
    }

    #[test]
    fn no_body_is_too_odd(answer in answers(), bytes in proptest::collection::vec(any::<u8>(), 0..6), at in any::<prop::sample::Index>()) {
        let mut body = GeminiTranslator.encode_answer(&answer, &about()).unwrap().body.to_vec();
        let at = at.index(body.len());
        body.splice(at..(at + bytes.len()).min(body.len()), bytes);
        if let Ok(answer) = GeminiTranslator.decode_answer(&body) {
            let encoded = GeminiTranslator.encode_answer(&answer, &about()).unwrap();
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&encoded.body).is_ok());
        }
    }
}
