//! What goes out to the client of one read of the supplier's stream.

use bytes::Bytes;
use wire::conversation::TranslateError;
use wire::framing::Frame;
use wire::translate::StreamTranslation;
use wire::{Failure, OnlyText};

use crate::speech::failure;

/// Room for so many is made at once.
const USUAL_JOINED_BYTES: usize = 4 * 1024;

/// Frames that go out together: one that stands alone is passed on as it is, several are joined.
#[derive(Debug, Default)]
pub(super) struct Run {
    first: Bytes,
    joined: Vec<u8>,
}

impl Run {
    /// Adds a frame as the client gets it.
    pub(super) fn say(
        &mut self,
        translation: &mut Option<Box<StreamTranslation>>,
        frame: Frame,
        text: Option<OnlyText>,
    ) -> Result<(), Failure> {
        let Some(translation) = translation else {
            self.push(frame.raw);
            return Ok(());
        };
        self.add(|out| Some(translation.frame(&frame, text, out))).unwrap_or(Ok(()))
    }

    /// Adds what a translation appends; nothing where it fails.
    pub(super) fn add(
        &mut self,
        say: impl FnOnce(&mut Vec<u8>) -> Option<Result<(), TranslateError>>,
    ) -> Option<Result<(), Failure>> {
        self.join();
        let before = self.joined.len();
        Some(say(&mut self.joined)?.map_err(|error| {
            self.joined.truncate(before);
            failure(&error)
        }))
    }

    pub(super) fn push(&mut self, frame: Bytes) {
        if frame.is_empty() {
            return;
        }
        if self.joined.is_empty() {
            if self.first.is_empty() {
                self.first = frame;
                return;
            }
            self.join();
        }
        self.joined.extend_from_slice(&frame);
    }

    fn join(&mut self) {
        if self.joined.is_empty() {
            self.joined.reserve(USUAL_JOINED_BYTES.max(self.first.len()));
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    pub(super) fn take(&mut self) -> Bytes {
        if self.joined.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.joined).into()
        }
    }
}
