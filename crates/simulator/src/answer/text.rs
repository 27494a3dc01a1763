//! Prose that reads like an assistant's, in tokens.

use crate::dice::Dice;

const SUBJECTS: [&str; 12] = [
    "The draft",
    "Your summary",
    "The second option",
    "This function",
    "The quarterly report",
    "A short answer",
    "The meeting",
    "The plan for next week",
    "The customer's question",
    "The search",
    "Each record",
    "The test",
];
const VERBS: [&str; 10] = [
    "covers",
    "explains",
    "leaves out",
    "depends on",
    "improves",
    "replaces",
    "confirms",
    "simplifies",
    "postpones",
    "points to",
];
const OBJECTS: [&str; 12] = [
    "the open questions",
    "the figures from last month",
    "what the team agreed on",
    "the error in line 12",
    "three of the five points",
    "the new deadline",
    "the usual steps",
    "the documents that you attached",
    "the cause of the delay",
    "a shorter version",
    "the main risk",
    "the rest of the table",
];
const ENDINGS: [&str; 8] = [
    ".",
    ".",
    ".",
    ", and it is ready to send.",
    ", so nothing else has to change.",
    "; see below.",
    ", as far as I can tell.",
    ", which takes about ten minutes.",
];
/// Sentences with accents, CJK, right-to-left text and emoji, joined ones and flags among them.
const FOREIGN: [&str; 12] = [
    "Voilà l'essentiel : le relevé a été vérifié, et la relève est prête.",
    "Größere Änderungen müssen noch geprüft werden – bis Freitag reicht das.",
    "¡Mañana enviaré el resumen añadiendo los números que faltan!",
    "会議の要点は次のとおりです。",
    "資料を更新しました。ご確認ください。",
    "这份报告的重点在第二页。",
    "다음 주 계획을 정리했습니다.",
    "Это можно сделать проще и быстрее.",
    "النص جاهز للمراجعة.",
    "All done ✅ and shipped 🚀!",
    "The family 👨‍👩‍👧‍👦 flies from 🇫🇷 to 🇯🇵 on Monday ✈️.",
    "Naïve café prices rose 3 % — about 2 € a cup ☕.",
];

/// Whole sentences of at least `length` tokens; none where `length` is 0.
pub(super) fn prose(dice: &mut Dice, length: u64, multibyte: f64) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    while (tokens.len() as u64) < length {
        let mut next = sentence(dice, multibyte);
        if !tokens.is_empty() {
            next.insert_str(0, if dice.chance(0.15) { "\n\n" } else { " " });
        }
        tokens.extend(tokens_of(&next));
    }
    tokens
}

fn sentence(dice: &mut Dice, multibyte: f64) -> String {
    if dice.chance(multibyte) {
        return dice.pick(&FOREIGN).to_owned();
    }
    let (subject, verb) = (dice.pick(&SUBJECTS), dice.pick(&VERBS));
    format!("{subject} {verb} {}{}", dice.pick(&OBJECTS), dice.pick(&ENDINGS))
}

/// Cuts a text as models' tokenisers roughly do: a space goes with the word after it, words of more than
/// eight characters are two tokens or more, other scripts take two characters. Joined again it is the same.
pub(crate) fn tokens_of(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    for letter in text.chars() {
        let limit = if token.is_ascii() && letter.is_ascii() { 8 } else { 2 };
        let is_break = letter == ' ' || (letter == '\n') != token.ends_with('\n');
        if !token.is_empty() && (is_break || token.chars().count() >= limit) {
            tokens.push(std::mem::take(&mut token));
        }
        token.push(letter);
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tokens_join_to_the_text(text in "\\PC*|[a-z \n]*") {
            let tokens = tokens_of(&text);
            prop_assert!(tokens.iter().all(|token| !token.is_empty()));
            prop_assert_eq!(tokens.concat(), text);
        }
    }

    #[test]
    fn prose_reaches_its_length_and_mixes_scripts() {
        let tokens = prose(&mut Dice::new(3), 400, 0.3);
        assert!(tokens.len() >= 400);
        let text = tokens.concat();
        assert!(text.chars().any(|letter| letter.len_utf8() == 4), "{text}");
        assert!(text.contains("The "), "{text}");
        assert!(prose(&mut Dice::new(3), 400, 0.0).concat().is_ascii());
        assert!(prose(&mut Dice::new(3), 0, 0.5).is_empty());
    }
}
