use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{KeptTurn, NewTurn, NoTurn, State, StateError, StateKey, StateOptions};
use crate::options::Durability;

const LONG: Duration = Duration::from_hours(1);

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options(folder: &Path) -> StateOptions {
    StateOptions::beside(&folder.join("releve.db"), None, Durability::CrashSafe)
}

fn key(digit: &str) -> StateKey {
    digit.repeat(64).parse().unwrap()
}

fn turn(product: &str, id: &str, previous: Option<&str>) -> NewTurn {
    NewTurn {
        product: product.into(),
        id: id.into(),
        previous: previous.map(Into::into),
        owner: "openai".into(),
        keep_for: LONG,
        items: vec![format!("msg_{id}")],
        input: format!("canary input of {id}").into_bytes(),
        response: format!("canary response of {id}").into_bytes(),
    }
}

fn ids(turns: &[KeptTurn]) -> Vec<&str> {
    turns.iter().map(|turn| turn.id.as_str()).collect()
}

/// Every byte that lies in the folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.collect::<Vec<_>>().concat()
}

fn holds(folder: &Path, text: &str) -> bool {
    let bytes = bytes_in(folder);
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn g22_a_conversation_comes_back_in_its_order_after_a_restart() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    state.keep(turn("a", "2", Some("1"))).await.unwrap();
    state.keep(turn("a", "3", Some("2"))).await.unwrap();
    drop(state);
    let state = State::open(&options(folder.path())).unwrap();
    let turns = state.conversation("a", "3", usize::MAX).await.unwrap();
    assert_eq!(ids(&turns), ["1", "2", "3"]);
    assert_eq!(turns[1].input, b"canary input of 2");
    assert_eq!(turns[1].response, b"canary response of 2");
    assert_eq!(&*turns[1].owner, "openai");
    assert_eq!(state.turn("a", "2").await.unwrap(), turns[1]);
}

#[tokio::test]
async fn only_the_product_that_kept_it_finds_it() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    state.keep(turn("b", "2", Some("1"))).await.unwrap();
    let missing =
        |found: Result<Vec<KeptTurn>, NoTurn>| matches!(found, Err(NoTurn::Missing { id }) if id == "1");
    assert!(missing(state.conversation("b", "1", usize::MAX).await));
    assert!(missing(state.conversation("b", "2", usize::MAX).await));
    assert!(!state.delete("b", "1").await.unwrap());
    assert!(state.turns_with("b", &["msg_1".into()], usize::MAX).await.is_err());
    let found = state.turns_with("a", &["msg_1".into(), "msg_1".into()], usize::MAX).await.unwrap();
    assert_eq!(ids(&found), ["1"]);
}

/// Suppliers number their responses and begin again (Ollama: `resp_` and up to six digits): nobody is given another's words.
#[tokio::test]
async fn g22_an_id_that_is_given_out_twice_stands_for_neither() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    state.keep(turn("a", "2", Some("1"))).await.unwrap();
    let theirs = || NewTurn { input: b"another's".into(), ..turn("a", "1", None) };
    for _ in 0..2 {
        assert!(matches!(state.keep(theirs()).await, Err(StateError::Taken { id }) if id == "1"));
        assert!(matches!(state.turn("a", "1").await, Err(NoTurn::Missing { .. })));
        assert!(matches!(state.conversation("a", "1", usize::MAX).await, Err(NoTurn::Missing { .. })));
        assert!(!state.delete("a", "1").await.unwrap(), "nobody deletes another's");
    }
    let turns = state.conversation("a", "2", usize::MAX).await.unwrap();
    assert_eq!(turns[0].input, b"canary input of 1", "what was built on it before is told with it");
    state.keep(theirs()).await.unwrap_err();
    state.keep(NewTurn { product: "b".into(), ..theirs() }).await.unwrap();
}

#[tokio::test]
async fn g22_an_item_id_that_is_given_out_twice_stands_for_neither() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    let item = [String::from("msg_1")];
    let twice = NewTurn { items: [&item[..], &item].concat(), ..turn("a", "1", None) };
    state.keep(twice).await.unwrap();
    assert_eq!(ids(&state.turns_with("a", &item, usize::MAX).await.unwrap()), ["1"]);
    for id in ["2", "3"] {
        state.keep(NewTurn { items: item.to_vec(), ..turn("a", id, None) }).await.unwrap();
        let found = state.turns_with("a", &item, usize::MAX).await;
        assert!(matches!(found, Err(NoTurn::Missing { .. })), "{found:?}");
        state.turn("a", id).await.unwrap();
    }
}

#[tokio::test]
async fn state_of_the_first_format_is_taken_over() {
    let folder = folder();
    let options = options(folder.path());
    let state = State::open(&options).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    drop(state);
    let older = "ALTER TABLE turn DROP COLUMN is_ambiguous; ALTER TABLE item DROP COLUMN is_ambiguous;
                 PRAGMA user_version = 1;";
    rusqlite::Connection::open(&options.path).unwrap().execute_batch(older).unwrap();
    let state = State::open(&options).unwrap();
    state.turn("a", "1").await.unwrap();
    state.keep(turn("a", "1", None)).await.unwrap_err();
}

#[tokio::test]
async fn a_conversation_is_bounded() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    let weight = async |id, items: &[String]| state.weight("a", id, items).await.unwrap();
    let (alone, item) = (weight(Some("1"), &[]).await, [String::from("msg_1")]);
    assert!((40..200).contains(&alone), "{alone}");
    assert_eq!(weight(None, &item).await, alone);
    assert_eq!(weight(Some("1"), &item).await, 2 * alone);
    assert_eq!(weight(Some("2"), &[]).await, 0, "what is missing weighs nothing");
    let two = NewTurn { items: vec!["msg_a".into(), "msg_b".into()], ..turn("a", "4", None) };
    state.keep(two).await.unwrap();
    let both = [String::from("msg_a"), String::from("msg_b")];
    assert_eq!(weight(None, &both).await, weight(Some("4"), &[]).await, "each turn weighs once");
    let missing = state.weight("a", None, &["msg_x".into()]).await;
    assert!(matches!(missing, Err(NoTurn::Missing { id }) if id == "msg_x"));
    let found = state.conversation("a", "1", 10).await;
    assert!(matches!(found, Err(NoTurn::TooLong { limit: 10 })));
    state.keep(turn("a", "2", Some("2"))).await.unwrap();
    let found = state.conversation("a", "2", usize::MAX).await;
    assert!(
        matches!(found, Err(NoTurn::Missing { .. })),
        "a turn builds on earlier ones, so there is no circle"
    );
}

#[tokio::test]
async fn what_expires_is_gone_and_what_is_built_on_stays() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    let soon = Duration::ZERO;
    state.keep(NewTurn { keep_for: soon, ..turn("a", "gone", None) }).await.unwrap();
    let found = state.turn("a", "gone").await;
    assert!(matches!(found, Err(NoTurn::Missing { .. })), "{found:?}");
    assert!(!state.delete("a", "gone").await.unwrap());
    let short = Duration::from_mins(10);
    state.keep(NewTurn { keep_for: short, ..turn("a", "1", None) }).await.unwrap();
    state.keep(NewTurn { keep_for: LONG, ..turn("a", "2", Some("1")) }).await.unwrap();
    let database = rusqlite::Connection::open(options(folder.path()).path).unwrap();
    let expires = |id: &str| -> i64 {
        database.query_row("SELECT expires_us FROM turn WHERE id = ?1", [id], |row| row.get(0)).unwrap()
    };
    assert_eq!(expires("1"), expires("2"), "what a turn builds on is kept as long as it");
}

#[tokio::test]
async fn words_are_encrypted_and_deletion_deletes() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    assert!(!holds(folder.path(), "canary"));
    let database = rusqlite::Connection::open(options(folder.path()).path).unwrap();
    let sealed: Vec<u8> = database.query_row("SELECT response FROM turn", [], |row| row.get(0)).unwrap();
    drop(database);
    let there = |bytes: &[u8]| bytes.windows(sealed.len()).any(|window| window == sealed);
    assert!(there(&bytes_in(folder.path())));
    assert!(state.delete("a", "1").await.unwrap());
    assert!(!there(&bytes_in(folder.path())), "not even sealed, nor in the log of writes");
    assert!(!state.delete("a", "1").await.unwrap());
    assert!(matches!(state.turn("a", "1").await, Err(NoTurn::Missing { .. })));
}

#[tokio::test]
async fn a_large_turn_gives_all_its_pages_back() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    let large = NewTurn { response: vec![b'x'; 1 << 20], ..turn("a", "1", None) };
    state.keep(large).await.unwrap();
    assert!(state.delete("a", "1").await.unwrap());
    let database = rusqlite::Connection::open(options(folder.path()).path).unwrap();
    let free: i64 = database.query_row("PRAGMA freelist_count", [], |row| row.get(0)).unwrap();
    assert_eq!(free, 0);
}

#[tokio::test]
async fn what_a_reader_holds_on_to_is_wiped_when_that_is_gone() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    let database = rusqlite::Connection::open(options(folder.path()).path).unwrap();
    database.execute_batch("BEGIN").unwrap();
    let sealed: Vec<u8> = database.query_row("SELECT response FROM turn", [], |row| row.get(0)).unwrap();
    let there = || bytes_in(folder.path()).windows(sealed.len()).any(|window| window == sealed);
    assert!(state.delete("a", "1").await.unwrap());
    assert!(there(), "the reader still sees it");
    drop(database);
    let tried = std::time::Instant::now();
    while there() {
        assert!(tried.elapsed() < Duration::from_secs(20), "still in the log of writes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_row_stands_in_for_no_other() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    state.keep(turn("b", "2", None)).await.unwrap();
    let database = rusqlite::Connection::open(options(folder.path()).path).unwrap();
    let steal = "UPDATE turn SET response = (SELECT response FROM turn WHERE id = '2') WHERE id = '1'";
    database.execute(steal, []).unwrap();
    let found = state.turn("a", "1").await;
    assert!(matches!(found, Err(NoTurn::Failed(StateError::Damaged { .. }))), "{found:?}");
    database.execute("UPDATE turn SET product = 'a' WHERE id = '2'", []).unwrap();
    assert!(state.turn("a", "2").await.is_err());
}

#[test]
fn another_key_opens_nothing() {
    let folder = folder();
    let made = options(folder.path());
    drop(State::open(&made).unwrap());
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(made.key_file()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let given = StateOptions { key: Some(key("a")), ..made.clone() };
    let refused = State::open(&given).unwrap_err();
    assert!(matches!(refused, StateError::WrongKey { key_file: None, .. }), "{refused}");
    std::fs::write(made.key_file(), "b".repeat(64)).unwrap();
    let refused = State::open(&made).unwrap_err();
    assert!(refused.to_string().contains("releve.db.state.key"), "{refused}");
    std::fs::write(made.key_file(), "something").unwrap();
    assert!(matches!(State::open(&made), Err(StateError::BadKey { .. })));
    std::fs::remove_file(made.key_file()).unwrap();
    assert!(matches!(State::open(&made), Err(StateError::KeyGone { .. })), "no new key where there is state");
}

#[test]
fn another_file_is_left_alone() {
    let folder = folder();
    let options = StateOptions { key: Some(key("a")), ..options(folder.path()) };
    std::fs::write(&options.path, "my diary, of some length, which is no database at all").unwrap();
    assert!(matches!(State::open(&options), Err(StateError::Foreign { .. })));
}

#[test]
fn a_key_shows_itself_to_nobody() {
    assert_eq!(format!("{:?}", key("a")), "StateKey");
    assert!("a".repeat(63).parse::<StateKey>().is_err());
    assert!("é".repeat(32).parse::<StateKey>().is_err());
    assert_eq!(format!(" {}\n", "a".repeat(64)).parse(), Ok(key("a")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is kept, deleted and asked for: a conversation is its turns from the first on, or something is missing.
    #[test]
    fn a_conversation_is_whole_or_missing(steps in prop::collection::vec((0_usize..6, prop::option::of(0_usize..6), any::<bool>()), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = folder();
        let state = State::open(&options(folder.path())).unwrap();
        runtime.block_on(async {
            // What should be there: each turn with all before it, as it was when it was kept.
            let mut model: Vec<Option<(usize, Option<usize>)>> = vec![None; 6];
            // Ids that were given out twice.
            let mut ambiguous = [false; 6];
            for (step, (id, previous, deletes)) in steps.into_iter().enumerate() {
                if deletes {
                    let deleted = state.delete("a", &id.to_string()).await.unwrap();
                    assert_eq!(deleted, model[id].is_some() && !ambiguous[id]);
                    model[id] = model[id].filter(|_| ambiguous[id]);
                } else {
                    let before = previous.map(|previous| previous.to_string());
                    let kept = state.keep(turn("a", &id.to_string(), before.as_deref())).await;
                    assert_eq!(kept.is_ok(), model[id].is_none());
                    ambiguous[id] = model[id].is_some();
                    model[id] = model[id].or(Some((step, previous)));
                }
                for id in 0..6 {
                    let mut expected = Vec::new();
                    let (mut next, mut limit) = (Some(id).filter(|id| !ambiguous[*id]), usize::MAX);
                    while let Some(at) = next {
                        match model[at] {
                            Some((kept, previous)) if kept < limit => {
                                expected.insert(0, at.to_string());
                                (next, limit) = (previous, kept);
                            }
                            _ => { expected.clear(); break; }
                        }
                    }
                    let found = state.conversation("a", &id.to_string(), usize::MAX).await;
                    let found: Vec<_> = found.into_iter().flatten().map(|turn| turn.id).collect();
                    assert_eq!(expected, found);
                }
            }
        });
    }
}

/// Many at once are all kept, each told so.
#[tokio::test]
async fn many_are_kept_at_once() {
    let folder = folder();
    let state = Arc::new(State::open(&options(folder.path())).unwrap());
    let keeping: Vec<_> = (0..500)
        .map(|id| {
            let state = Arc::clone(&state);
            tokio::spawn(async move { state.keep(turn("a", &id.to_string(), None)).await })
        })
        .collect();
    for kept in keeping {
        kept.await.unwrap().unwrap();
    }
    for id in 0..500 {
        state.turn("a", &id.to_string()).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_said_and_the_next_is_written() {
    let folder = folder();
    let state = State::open(&options(folder.path())).unwrap();
    let database = rusqlite::Connection::open(options(folder.path()).path).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON turn BEGIN SELECT RAISE(ABORT, 'full'); END";
    database.execute_batch(full).unwrap();
    assert!(matches!(state.keep(turn("a", "1", None)).await, Err(StateError::Unwritten)));
    assert!(matches!(state.turn("a", "1").await, Err(NoTurn::Missing { .. })));
    database.execute_batch("DROP TRIGGER full").unwrap();
    state.keep(turn("a", "1", None)).await.unwrap();
    state.turn("a", "1").await.unwrap();
}
