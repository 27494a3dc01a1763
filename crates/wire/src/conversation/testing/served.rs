//! Answers that say which class of service made them.

use catalogue::Service;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{any_answer, any_event_stream};
use crate::conversation::{Answer, Event};

fn any_service() -> impl Strategy<Value = Option<Service>> {
    let classes = &[Service::Standard, Service::Batch, Service::Flex, Service::Priority, Service::Other][..];
    prop::option::of(prop::sample::select(classes))
}

/// See [`any_answer`].
pub(crate) fn any_served_answer() -> impl Strategy<Value = Answer> {
    (any_answer(), any_service()).prop_map(|(answer, service)| Answer { service, ..answer })
}

/// See [`any_event_stream`]: the class is told before the start, or amid the answer.
pub(crate) fn any_served_stream() -> impl Strategy<Value = (Answer, Vec<Event>)> {
    (any_event_stream(), any_service(), prop::option::of(any::<Index>())).prop_map(
        |((answer, mut events), service, late)| {
            let at = late.map_or(0, |late| late.index(events.len()));
            events.splice(at..at, service.map(Event::Service));
            (Answer { service, ..answer }, events)
        },
    )
}
