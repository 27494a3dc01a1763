//! Changes to a JSON object as splices: members set, taken out, and text put in front of instructions.

use std::ops::Range;

use memchr::memchr;

use crate::conversation::Loss;
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};
use crate::seals::{Part, cut};
use crate::splice::Edit;

/// A member and what is wanted of it. Of several names, in whichever the client wrote it, the first is ours.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) names: &'static [&'static str],
    pub(crate) wanted: Wanted,
}

/// What is wanted of a member.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// This JSON, whatever stood there.
    Value(Vec<u8>),
    /// An object: these members of it, beside those that are there.
    Object(Vec<Member>),
    /// Words in front of those that are there.
    Front(Instructions),
    /// A conversation in which instructions are its first message.
    Conversation { message: Vec<u8>, front: Instructions },
    /// Nothing. Why what stood there is lost, if that is to be told.
    Gone(Option<&'static str>),
}

/// Words in front of instructions, in each form that these may have.
#[derive(Debug)]
pub(crate) struct Instructions {
    /// What stands there where the client says nothing: JSON.
    pub(crate) alone: Vec<u8>,
    /// One element of a list of blocks: JSON. `None` where the instructions are never a list.
    pub(crate) block: Option<Vec<u8>>,
    /// The words themselves.
    pub(crate) text: String,
}

/// What is between our words and the client's, where both are one text.
const BETWEEN: &str = "\n\n";

/// Members in the making.
#[derive(Debug, Default)]
pub(crate) struct Members(Vec<Member>);

impl Members {
    /// Sets a member, if there is something to set it to.
    pub(crate) fn set(
        &mut self,
        names: &'static [&'static str],
        json: Option<impl Into<Vec<u8>>>,
    ) -> &mut Self {
        self.want(names, json.map(|json| Wanted::Value(json.into())))
    }

    /// Wants something of a member.
    pub(crate) fn want(&mut self, names: &'static [&'static str], wanted: Option<Wanted>) -> &mut Self {
        self.0.extend(wanted.map(|wanted| Member { names, wanted }));
        self
    }

    /// An object of these members; `None` where there are none.
    pub(crate) fn object(self) -> Option<Wanted> {
        (!self.0.is_empty()).then_some(Wanted::Object(self.0))
    }

    /// The members.
    pub(crate) fn list(self) -> Vec<Member> {
        self.0
    }
}

impl Instructions {
    /// `text` in front, alone as `alone` makes JSON of it, and as a block as `block` does.
    pub(crate) fn new(
        text: &str,
        alone: impl Fn(&str) -> Vec<u8>,
        block: Option<fn(&str) -> Vec<u8>>,
    ) -> Self {
        Self { alone: alone(text), block: block.map(|block| block(text)), text: text.to_owned() }
    }
}

/// The value of a member of the object `body`.
pub(crate) fn member<'a>(body: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    let mut scan = Scanner::new(body).ok()?;
    let mut found = None;
    let walked = scan.object(|scan, name| {
        let range = scan.range()?;
        if name == wanted.as_bytes() {
            found = Some(range);
        }
        Ok::<_, ScanError>(())
    });
    walked.ok().and(found).map(|range| &body[range])
}

/// The last element of the list `json`.
pub(crate) fn last(json: &[u8]) -> Option<&[u8]> {
    let mut scan = Scanner::new(json).ok()?;
    let mut last = None;
    let walked = scan.array(|scan| {
        last = Some(scan.range()?);
        Ok::<_, ScanError>(())
    });
    walked.ok().and(last).map(|range| &json[range])
}

/// Whether an element of the list `json` is one that `wanted` wants; false for what is no list.
pub(crate) fn any_element(json: &[u8], mut wanted: impl FnMut(&[u8]) -> bool) -> bool {
    let Ok(mut scan) = Scanner::new(json) else { return false };
    let mut found = false;
    let walked = scan.array(|scan| {
        let range = scan.range()?;
        found |= wanted(&json[range]);
        Ok::<_, ScanError>(())
    });
    walked.is_ok() && found
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> Vec<u8> {
    let mut json = Json::new();
    json.text(text);
    json.finish()
}

/// The splices that give the object `body` these members; what had to go is named in `losses`.
pub(crate) fn splices(body: &[u8], members: &[Member], losses: &mut Vec<Loss>) -> Vec<Edit> {
    let mut walk = Walk { edits: Vec::new(), losses };
    let walked = Scanner::new(body).and_then(|mut scan| walk.object(&mut scan, members));
    // What is no JSON object is refused elsewhere.
    if walked.is_ok() { walk.edits } else { Vec::new() }
}

struct Walk<'a> {
    edits: Vec<Edit>,
    losses: &'a mut Vec<Loss>,
}

impl Walk<'_> {
    fn object(&mut self, scan: &mut Scanner<'_>, members: &[Member]) -> Result<(), ScanError> {
        scan.kind()?;
        let open = scan.at() + 1;
        let mut parts = Vec::<Part>::new();
        let mut found = vec![false; members.len()];
        scan.object(|scan, name| {
            let behind = parts.last().map_or(open, |last| last.range.end);
            let start = behind + memchr(b'"', scan.slice(behind..scan.at())).unwrap_or_default();
            let wanted =
                members.iter().position(|member| member.names.iter().any(|known| known.as_bytes() == name));
            let is_kept = match wanted {
                None => scan.skip().map(|()| true)?,
                Some(which) => {
                    found[which] = true;
                    self.member(scan, &members[which])?
                }
            };
            parts.push(Part { range: start..scan.at(), is_kept });
            Ok::<_, ScanError>(())
        })?;
        cut(&parts, &mut self.edits);
        let mut missing = Vec::new();
        for (member, _) in members.iter().zip(found).filter(|(_, found)| !found) {
            if let Some(json) = written(&member.wanted) {
                missing.push([&quoted(member.names[0])[..], b":", &json].concat());
            }
        }
        if !missing.is_empty() {
            let mut text = missing.join(&b","[..]);
            if parts.iter().any(|part| part.is_kept) {
                text.push(b',');
            }
            self.edits.push(Edit::insert(open, text));
        }
        Ok(())
    }

    /// Changes the value that starts here; whether its member stays.
    fn member(&mut self, scan: &mut Scanner<'_>, member: &Member) -> Result<bool, ScanError> {
        let kind = scan.kind()?;
        match &member.wanted {
            Wanted::Gone(why) => {
                scan.skip()?;
                self.losses.extend(why.map(|why| Loss::new(member.names[0], why)));
                return Ok(false);
            }
            Wanted::Value(json) => {
                let range = scan.range()?;
                self.edits.push(Edit::replace(range, json.clone()));
            }
            Wanted::Object(members) if kind == Kind::Object => self.object(scan, members)?,
            Wanted::Front(front) if matches!(kind, Kind::String | Kind::Array) => {
                self.front(scan, kind, front, member.names[0])?;
            }
            Wanted::Conversation { message, front } if kind == Kind::Array => {
                self.conversation(scan, message, front)?;
            }
            // Nothing is said there.
            wanted if kind == Kind::Null => {
                let range = scan.range()?;
                self.edits.extend(written(wanted).map(|json| Edit::replace(range, json)));
            }
            // What is of no form that we know is not ours to change: the supplier will say so.
            _ => {
                scan.skip()?;
                self.losses.push(Loss::new(member.names[0], "what the client wrote there cannot be amended"));
            }
        }
        Ok(true)
    }

    fn front(
        &mut self,
        scan: &mut Scanner<'_>,
        kind: Kind,
        front: &Instructions,
        name: &'static str,
    ) -> Result<(), ScanError> {
        let range = scan.range()?;
        if kind == Kind::String {
            let words = quoted(&front.text);
            let between = if range.len() > 2 { &quoted(BETWEEN)[..] } else { b"\"\"" };
            let text = [&words[1..words.len() - 1], &between[1..between.len() - 1]].concat();
            self.edits.push(Edit::insert(range.start + 1, text));
            return Ok(());
        }
        match &front.block {
            Some(block) => self.element(scan, range, block),
            None => self.losses.push(Loss::new(name, "instructions in a list cannot be amended there")),
        }
        Ok(())
    }

    /// Puts an element in front of the others of the list at `range`.
    fn element(&mut self, scan: &Scanner<'_>, range: Range<usize>, element: &[u8]) {
        let inside = range.start + 1..range.end - 1;
        let comma: &[u8] = if scan.slice(inside.clone()).trim_ascii().is_empty() { b"" } else { b"," };
        self.edits.push(Edit::insert(inside.start, [element, comma].concat()));
    }

    fn conversation(
        &mut self,
        scan: &mut Scanner<'_>,
        message: &[u8],
        front: &Instructions,
    ) -> Result<(), ScanError> {
        let range = scan.range()?;
        let mut list = scan.again(range.clone());
        let mut first = None;
        list.array(|scan| {
            let element = scan.range()?;
            first.get_or_insert(element);
            Ok::<_, ScanError>(())
        })?;
        let shift = |part: &Range<usize>| part.start + range.start..part.end + range.start;
        let Some(first) = first.map(|first| shift(&first)) else {
            self.element(scan, range, message);
            return Ok(());
        };
        let Some(content) = instructions(&mut scan.again(first.clone()))? else {
            self.element(scan, range, message);
            return Ok(());
        };
        // The value's own range, in the whole body.
        let content = content.start + first.start..content.end + first.start;
        let kind = scan.again(content.clone()).kind()?;
        let before = self.edits.len();
        if kind == Kind::Null {
            self.edits.push(Edit::replace(content, front.alone.clone()));
            return Ok(());
        }
        self.front(&mut scan.again(content.clone()), kind, front, "messages")?;
        for edit in &mut self.edits[before..] {
            edit.range = edit.range.start + content.start..edit.range.end + content.start;
        }
        Ok(())
    }
}

/// Where the content of the message stands that starts here, if it is one of instructions.
fn instructions(scan: &mut Scanner<'_>) -> Result<Option<Range<usize>>, ScanError> {
    if scan.kind()? != Kind::Object {
        return Ok(None);
    }
    let (mut content, mut is_ours) = (None, false);
    scan.object(|scan, name| {
        match name {
            b"role" => {
                is_ours = scan.text()?.is_some_and(|role| role.is("system") || role.is("developer"));
            }
            b"content" if matches!(scan.kind()?, Kind::String | Kind::Array | Kind::Null) => {
                content = Some(scan.range()?);
            }
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    })?;
    Ok(content.filter(|_| is_ours))
}

/// The value as it stands where nothing stood.
fn written(wanted: &Wanted) -> Option<Vec<u8>> {
    match wanted {
        Wanted::Value(json) => Some(json.clone()),
        Wanted::Front(front) => Some(front.alone.clone()),
        Wanted::Conversation { message, .. } => Some([b"[", &message[..], b"]"].concat()),
        Wanted::Gone(_) => None,
        Wanted::Object(members) => {
            let mut json = Json::new();
            json.object();
            for member in members {
                if let Some(value) = written(&member.wanted) {
                    json.key(member.names[0]).raw(value);
                }
            }
            json.end_object();
            let json = json.finish();
            (json != b"{}").then_some(json)
        }
    }
}
