//! What several dialects say alike of a search of the web: where the user is, and lists of names.
//!
//! Source: `web_search_tool_param.py` and `completion_create_params.py` in openai 3.54.0, `user_location_param.py` in
//! anthropic 2.12.0, read 2026-11-28.

use catalogue::Needs;

use crate::conversation::{Place, Target, TranslateError, WebSearch};
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};

/// Why a place is left out.
pub(crate) const NO_PLACE: &str = "where the user is cannot be told there";

/// Why a limit is left out.
pub(crate) const NO_LIMIT: &str = "how often it searches is left to the model there";

/// Why `search_context_size` is left out.
pub(crate) const NO_DEPTH: &str = "how much of a page the model is shown is left to the supplier there";

/// Reads a place: its members, which Chat Completions has one level deeper, in `approximate`.
pub(crate) fn place(scan: &mut Scanner<'_>) -> Result<Option<Place>, ScanError> {
    if scan.kind()? != Kind::Object {
        return scan.skip().map(|()| None);
    }
    let mut place = Place::default();
    scan.object(|scan, name| members(scan, name, &mut place))?;
    Ok(Some(place).filter(|place| *place != Place::default()))
}

fn members(scan: &mut Scanner<'_>, name: &[u8], place: &mut Place) -> Result<(), ScanError> {
    if name == b"approximate" && scan.kind()? == Kind::Object {
        return scan.object(|scan, name| member(scan, name, place));
    }
    member(scan, name, place)
}

fn member(scan: &mut Scanner<'_>, name: &[u8], place: &mut Place) -> Result<(), ScanError> {
    let member = match name {
        b"city" => &mut place.city,
        b"region" => &mut place.region,
        b"country" => &mut place.country,
        b"timezone" => &mut place.timezone,
        _ => return scan.skip(),
    };
    *member = scan.text()?.map(|text| text.unescape().into_owned());
    Ok(())
}

/// Reads a list of strings; what is none is passed over.
pub(crate) fn strings(scan: &mut Scanner<'_>) -> Result<Vec<String>, ScanError> {
    let mut all = Vec::new();
    if scan.kind()? != Kind::Array {
        return scan.skip().map(|()| all);
    }
    scan.array(|scan| {
        all.extend(scan.text()?.map(|text| text.unescape().into_owned()));
        Ok::<_, ScanError>(())
    })?;
    Ok(all)
}

/// Writes the members of a place.
pub(crate) fn write_place(json: &mut Json, place: &Place) {
    json.optional("city", place.city.as_ref()).optional("region", place.region.as_ref());
    json.optional("country", place.country.as_ref()).optional("timezone", place.timezone.as_ref());
}

/// Writes a list of strings.
pub(crate) fn write_strings(json: &mut Json, strings: &[String]) {
    json.array();
    for text in strings {
        json.text(text);
    }
    json.end_array();
}

/// Refuses a search that a model does not make, or for which the target has no words.
///
/// # Errors
/// [`TranslateError::Unsayable`].
pub(crate) fn check(search: &WebSearch, target: &Target<'_>, limits: Limits) -> Result<(), TranslateError> {
    if target.capabilities.no.contains(Needs::WEB_SEARCH) {
        return Err(TranslateError::unsayable(search.path(), "the model does not search the web"));
    }
    if search.stays_off {
        let what = format!("{}.external_web_access", search.path());
        let why = "a search that stays off the web is only its own supplier's";
        return Err(TranslateError::unsayable(what, why));
    }
    if !search.only.is_empty() && !limits.only {
        let what = format!("{}.allowed_domains", search.path());
        return Err(TranslateError::unsayable(what, "a search cannot be kept to some domains there"));
    }
    if !search.never.is_empty() && !limits.never {
        let what = format!("{}.blocked_domains", search.path());
        return Err(TranslateError::unsayable(what, "a search cannot be kept from domains there"));
    }
    Ok(())
}

/// Which limits of a search a dialect has words for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) only: bool,
    pub(crate) never: bool,
}

/// None of them.
pub(crate) const NO_LIMITS: Limits = Limits { only: false, never: false };

/// Why a search failed, where that is not told, in Anthropic's word.
pub(crate) const FAILED: &str = "unavailable";

/// What a client wishes of a search and few dialects have words for: what losses call it, why it is left out, and whether
/// it is said.
pub(crate) fn wishes(search: &WebSearch) -> [(&'static str, &'static str, bool); 3] {
    [
        ("user_location", NO_PLACE, search.near.is_some()),
        ("max_uses", NO_LIMIT, search.most.is_some()),
        ("search_context_size", NO_DEPTH, search.depth.is_some()),
    ]
}
