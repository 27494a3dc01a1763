//! What is true of every request, whoever it goes to: what nobody could serve is refused here, and what only some take is put
//! in a form that all take.

use std::collections::{HashMap, HashSet, VecDeque};

use super::adapt::Adapted;
use super::note;
use crate::conversation::{Block, Content, Loss, Range, Request, Role, Tool, ToolChoice, TranslateError};

/// Refuses what nobody could serve.
pub(super) fn check(request: &Request) -> Result<(), TranslateError> {
    if !request.turns.iter().flat_map(|turn| &turn.blocks).any(says_something) {
        return Err(TranslateError::unsayable("messages", "nothing is said in them"));
    }
    let is_offered = match &request.tool_choice {
        ToolChoice::Unsaid | ToolChoice::Auto | ToolChoice::None => true,
        ToolChoice::Any => !request.tools.is_empty(),
        ToolChoice::Named(name) => request.tools.iter().any(|tool| match tool {
            Tool::Function(_) | Tool::Custom { .. } => tool.name() == name,
            // Each protocol has several names for these.
            Tool::Search(_) | Tool::Supplied(_) => true,
        }),
    };
    if is_offered {
        Ok(())
    } else {
        Err(TranslateError::unsayable("tool_choice", "no such tool is on offer"))
    }
}

fn says_something(block: &Block) -> bool {
    match &block.content {
        Content::Text(text) => !text.text.is_empty() || text.proof.is_some(),
        Content::Refusal(words) => !words.is_empty(),
        _ => true,
    }
}

impl Adapted<'_> {
    /// Leaves out texts that are to end an answer and are none: some suppliers refuse them, and at others every answer has one.
    pub(super) fn stops_that_say_something(&mut self) {
        if self.request.stop.iter().any(String::is_empty) {
            note(&mut self.losses, Loss::new("stop", "an empty text ends no answer"));
            self.request.to_mut().stop.retain(|text| !text.is_empty());
        }
    }

    /// Puts numbers that steer how tokens are drawn within what the supplier takes.
    pub(super) fn numbers_within(&mut self, ranges: &[Range]) {
        for range in ranges {
            let Range(name, ..) = *range;
            let Some(number) = self.request.sampling.number(name) else { continue };
            let within = range.put_within(number);
            if within != number {
                let within = within.to_owned();
                note(&mut self.losses, Loss::new(name, "put within the range that is taken there"));
                self.request.to_mut().sampling.set(name, &within);
            }
        }
    }

    /// Gives calls whose id was there before ids of their own, and their results. Some suppliers begin anew with each answer,
    /// or call a call like its tool; others refuse what does not tell which result is whose.
    pub(super) fn calls_of_one_id_each(&mut self) {
        let mut taken = HashSet::new();
        let mut calls = self.request.turns.iter().flat_map(|turn| &turn.blocks).filter_map(Block::call);
        if calls.all(|call| taken.insert(call.id.as_str())) {
            return;
        }
        let mut ids = CallIds::new(&self.request);
        for turn in &mut self.request.to_mut().turns {
            ids.turn(turn.role == Role::Assistant);
            for block in &mut turn.blocks {
                match &mut block.content {
                    Content::ToolCall(call) => ids.call(&mut call.id),
                    Content::ToolResult(result) => ids.result(&mut result.call_id),
                    _ => {}
                }
            }
        }
    }
}

/// Ids of calls, as they come up.
struct CallIds {
    /// All that there are.
    taken: HashSet<String>,
    /// Those that came up.
    seen: HashSet<String>,
    /// The ids of the calls of one id that wait for their result.
    waiting: HashMap<String, VecDeque<String>>,
    /// Whether somebody else has spoken since the last call.
    is_answered: bool,
}

impl CallIds {
    fn new(request: &Request) -> Self {
        let calls = request.turns.iter().flat_map(|turn| &turn.blocks).filter_map(Block::call);
        let taken = calls.map(|call| call.id.clone()).collect();
        Self { taken, seen: HashSet::new(), waiting: HashMap::new(), is_answered: false }
    }

    fn turn(&mut self, by_model: bool) {
        if by_model && self.is_answered {
            self.waiting.clear();
        }
        self.is_answered = !by_model;
    }

    fn call(&mut self, id: &mut String) {
        let was = id.clone();
        if !self.seen.insert(was.clone()) {
            let mut others = (2_usize..).map(|number| format!("{was}_{number}"));
            *id = others.find(|other| !self.taken.contains(other)).expect("some number is free");
            self.taken.insert(id.clone());
        }
        self.waiting.entry(was).or_default().push_back(id.clone());
    }

    fn result(&mut self, id: &mut String) {
        if let Some(call) = self.waiting.get_mut(id).and_then(VecDeque::pop_front) {
            *id = call;
        }
    }
}
