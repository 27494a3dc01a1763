//! Schemas in the form that the supplier takes; and where it takes none that says the same, what is done instead.

use bytes::Bytes;
use catalogue::Needs;

use super::adapt::Adapted;
use super::note;
use crate::conversation::{Function, Loss, OutputFormat, Schemas, Target, Tool, TranslateError, Translator};
use crate::scan::ScanError;
use crate::schema;

/// How losses name the answer's schema.
const ANSWER: &str = "response_format.schema";
/// And those of tools.
const TOOLS: &str = "tools.schema";

/// A strict function without a schema takes nothing.
const NOTHING: &[u8] = br#"{"type":"object","properties":{},"additionalProperties":false}"#;

impl Adapted<'_> {
    /// Brings the schemas that a model is to be held to into the supplier's form, and asks for the answer by a tool where there
    /// is none.
    pub(super) fn schemas(
        &mut self,
        supplier: &dyn Translator,
        target: &Target<'_>,
    ) -> Result<(), TranslateError> {
        let lacks = target.capabilities.no.contains(Needs::JSON_SCHEMA);
        let form = supplier.schemas();
        if lacks {
            self.no_strict_tools();
        } else {
            self.strict_tools(form)?;
        }
        if !matches!(self.request.format, OutputFormat::Schema { .. }) {
            return Ok(());
        }
        if lacks {
            let why = "a tool takes the answer of a model that no schema holds: it is only asked";
            note(&mut self.losses, Loss::new("response_format.strict", why));
            self.wrap_answer()?;
            return self.schema_to_tool(supplier, target);
        }
        match form {
            Schemas::Any => Ok(()),
            Schemas::Objects => self.wrap_answer(),
            Schemas::Strict => {
                self.wrap_answer()?;
                self.strict_answer()
            }
            Schemas::Closed if self.close_answer()? => Ok(()),
            Schemas::Closed => {
                let why =
                    "a schema that holds itself, or lets members be called anything: the model is only asked";
                note(&mut self.losses, Loss::new("response_format.strict", why));
                self.wrap_answer()?;
                self.schema_to_tool(supplier, target)
            }
        }
    }

    /// Makes an answer that is no object the only member of one.
    fn wrap_answer(&mut self) -> Result<(), TranslateError> {
        let OutputFormat::Schema { schema, .. } = &self.request.format else { return Ok(()) };
        if schema::is_object(schema).map_err(|error| no_json(ANSWER, error))? {
            return Ok(());
        }
        if self.request.sampling.logprobs.is_some() {
            let why = "the answer is part of an object there, and its tokens are not the answer's";
            return Err(TranslateError::unsayable("logprobs", why));
        }
        let wrapped = schema::wrapped(schema).map_err(|error| no_json(ANSWER, error))?;
        self.set_answer(|schema, _| *schema = wrapped.into());
        self.undo.is_wrapped = true;
        Ok(())
    }

    /// Leaves `strict` out where the answer's schema is outside the subset.
    fn strict_answer(&mut self) -> Result<(), TranslateError> {
        let OutputFormat::Schema { schema, strict: Some(true), .. } = &self.request.format else {
            return Ok(());
        };
        if !schema::is_strict(schema).map_err(|error| no_json(ANSWER, error))? {
            let why = "a schema with optional or open parts: the model is asked for it, not held to it";
            note(&mut self.losses, Loss::new("response_format.strict", why));
            self.set_answer(|_, strict| *strict = None);
        }
        Ok(())
    }

    /// Closes the answer's schema. Whether that can be done.
    fn close_answer(&mut self) -> Result<bool, TranslateError> {
        let OutputFormat::Schema { schema, .. } = &self.request.format else { return Ok(true) };
        let Some(closed) = schema::closed(schema, ANSWER).map_err(|error| no_json(ANSWER, error))? else {
            return Ok(false);
        };
        closed.losses.into_iter().for_each(|loss| note(&mut self.losses, loss));
        if closed.schema != *schema {
            self.set_answer(|schema, _| *schema = closed.schema.into());
        }
        Ok(true)
    }

    fn set_answer(&mut self, set: impl FnOnce(&mut Bytes, &mut Option<bool>)) {
        if let OutputFormat::Schema { schema, strict, .. } = &mut self.request.to_mut().format {
            set(schema, strict);
        }
    }

    /// Leaves `strict` out of tools for a model that no schema holds.
    fn no_strict_tools(&mut self) {
        let is_strict = |tool: &Tool| matches!(tool, Tool::Function(Function { strict: Some(true), .. }));
        if !self.request.tools.iter().any(is_strict) {
            return;
        }
        note(&mut self.losses, Loss::new("tools.strict", "no schema holds that model's calls"));
        for tool in &mut self.request.to_mut().tools {
            if let Tool::Function(function) = tool {
                function.strict = None;
            }
        }
    }

    /// The same for the tools whose calls are to be held to their schemas.
    fn strict_tools(&mut self, form: Schemas) -> Result<(), TranslateError> {
        if !matches!(form, Schemas::Strict | Schemas::Closed) {
            return Ok(());
        }
        for at in 0..self.request.tools.len() {
            let Tool::Function(function @ Function { strict: Some(true), .. }) = &self.request.tools[at]
            else {
                continue;
            };
            let fitted = fitted(function, form).map_err(|error| no_json(TOOLS, error))?;
            let strict = match fitted {
                Fitted::Already => continue,
                Fitted::To(closed) => {
                    closed.losses.into_iter().for_each(|loss| note(&mut self.losses, loss));
                    Some(Bytes::from(closed.schema))
                }
                Fitted::Not => {
                    let why = "a schema that calls cannot be held to there";
                    note(&mut self.losses, Loss::new("tools.strict", why));
                    None
                }
            };
            if let Tool::Function(function) = &mut self.request.to_mut().tools[at] {
                match strict {
                    Some(schema) => function.schema = Some(schema),
                    None => function.strict = None,
                }
            }
        }
        Ok(())
    }
}

/// Whether a function's schema fits a form.
enum Fitted {
    Already,
    /// As this.
    To(schema::Closed),
    Not,
}

fn fitted(function: &Function, form: Schemas) -> Result<Fitted, ScanError> {
    let known = function.schema.as_deref();
    if form == Schemas::Strict {
        let fits = known.map_or(Ok(true), schema::is_strict)?;
        return Ok(if fits { Fitted::Already } else { Fitted::Not });
    }
    let closed = schema::closed(known.unwrap_or(NOTHING), TOOLS)?;
    Ok(match closed {
        Some(closed) if known == Some(&closed.schema) => Fitted::Already,
        Some(closed) => Fitted::To(closed),
        None => Fitted::Not,
    })
}

fn no_json(what: &'static str, error: ScanError) -> TranslateError {
    TranslateError::malformed(what, error.what.as_str())
}
