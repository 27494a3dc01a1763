//! Kept responses as their product asks for them: `GET` and `DELETE /v1/responses/{id}`, and its `/input_items`.

use std::borrow::Cow;

use http::request::Parts;
use http::{Response, StatusCode};
use store::{KeptTurn, NoTurn, State};
use wire::state::{Page, Turn};

use crate::door::{Stored, percent_decoded};
use crate::outlet::ReplyBody;
use crate::refusal::Refusal;
use crate::reply::text;
use crate::room::Room;
use crate::{admit, state};

/// The most items of a page.
const MOST_ITEMS: usize = 100;

/// Answers for one response of the product that asks.
pub(crate) async fn answer(
    room: &Room,
    stored: &Stored,
    parts: &Parts,
) -> Result<Response<ReplyBody>, Refusal> {
    let shared = &room.shared;
    let snapshot = shared.snapshot.load_full();
    let admitted = admit::admit(&snapshot, &shared.keys.load(), &parts.headers, &parts.uri)?;
    let product = &snapshot.products[admitted.product].name;
    let id = stored.id();
    let kept = shared.state.as_ref().ok_or_else(|| Refusal::NoResponse(id.to_owned()))?;
    let body = match stored {
        Stored::Response(id) => {
            if asked(parts, "stream").is_some_and(|value| value != "false") {
                let what = "a response that is kept is not streamed again: ask for it without stream";
                return Err(Refusal::NotKept { param: "stream", what });
            }
            turn(kept, product, id).await?.response
        }
        Stored::Deleted(id) => {
            let deleted = kept.delete(product, id).await.map_err(|error| state::unread(error.into()))?;
            if !deleted {
                return Err(Refusal::NoResponse(id.clone()));
            }
            let answer = serde_json::json!({ "id": id, "object": "response", "deleted": true });
            answer.to_string().into_bytes()
        }
        Stored::InputItems(id) => {
            let page = page(parts)?;
            let most = snapshot.limits.max_request_body;
            let turns = match kept.conversation(product, id, most).await {
                Ok(turns) => turns,
                // Where a turn before it is gone, its own input is still there.
                Err(NoTurn::Missing { .. }) => vec![turn(kept, product, id).await?],
                Err(other) => return Err(state::unread(other)),
            };
            let turns: Vec<Turn<'_>> = turns.iter().map(state::as_turn).collect();
            wire::state::list(&turns, &page)
                .map_err(|error| Refusal::BadQuery { param: "after", what: error.to_string() })?
        }
        Stored::Cancelled(id) => {
            turn(kept, product, id).await?;
            let what = "only a response in the background can be cancelled, and none is made here";
            return Err(Refusal::NotKept { param: "background", what });
        }
    };
    Ok(text(StatusCode::OK, "application/json", body))
}

async fn turn(kept: &State, product: &str, id: &str) -> Result<KeptTurn, Refusal> {
    kept.turn(product, id).await.map_err(state::unread)
}

/// The value of a parameter in the query.
fn asked<'a>(parts: &'a Parts, name: &str) -> Option<Cow<'a, str>> {
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    let mut values = pairs.filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name);
    values.next().map(|(_, value)| Cow::Owned(percent_decoded(value)))
}

fn page(parts: &Parts) -> Result<Page, Refusal> {
    let mut page = Page::default();
    let wrong = |param, what: &str| Refusal::BadQuery { param, what: what.to_owned() };
    if let Some(limit) = asked(parts, "limit") {
        let limit = limit.parse().ok().filter(|limit| (1..=MOST_ITEMS).contains(limit));
        page.limit = limit.ok_or_else(|| wrong("limit", "limit is a number from 1 to 100"))?;
    }
    if let Some(order) = asked(parts, "order") {
        page.is_ascending = match &*order {
            "asc" => true,
            "desc" => false,
            _ => return Err(wrong("order", "order is asc or desc")),
        };
    }
    page.after = asked(parts, "after").map(Cow::into_owned).filter(|after| !after.is_empty());
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(query: &str) -> Result<Page, Refusal> {
        let request =
            http::Request::get(format!("/v1/responses/resp_1/input_items?{query}")).body(()).unwrap();
        page(&request.into_parts().0)
    }

    #[test]
    fn a_page_is_as_asked_for_or_as_usual() {
        assert_eq!(page_of("x=1").unwrap(), Page { limit: 20, is_ascending: false, after: None });
        let all = page_of("limit=100&order=asc&after=msg%5F1&limit=5").unwrap();
        assert_eq!(all, Page { limit: 100, is_ascending: true, after: Some("msg_1".into()) });
        for wrong in ["limit=0", "limit=101", "limit=x", "order=up"] {
            assert!(page_of(wrong).is_err(), "{wrong}");
        }
    }
}
